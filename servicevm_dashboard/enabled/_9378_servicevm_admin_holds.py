PANEL = "servicevm_holds"
PANEL_DASHBOARD = "admin"
PANEL_GROUP = "servicevm"
ADD_PANEL = "servicevm_dashboard.panels.admin_holds.panel.Holds"
