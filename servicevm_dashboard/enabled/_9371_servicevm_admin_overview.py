PANEL = "servicevm_overview"
PANEL_DASHBOARD = "admin"
PANEL_GROUP = "servicevm"
ADD_PANEL = "servicevm_dashboard.panels.admin_overview.panel.Overview"
