PANEL = "servicevm_breakers"
PANEL_DASHBOARD = "admin"
PANEL_GROUP = "servicevm"
ADD_PANEL = "servicevm_dashboard.panels.admin_breakers.panel.Breakers"
