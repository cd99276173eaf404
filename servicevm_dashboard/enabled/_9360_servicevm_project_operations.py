PANEL = "servicevm_operations"
PANEL_DASHBOARD = "project"
PANEL_GROUP = "servicevm"
ADD_PANEL = "servicevm_dashboard.panels.operations.panel.Operations"
