PANEL = "servicevm_processes"
PANEL_DASHBOARD = "admin"
PANEL_GROUP = "servicevm"
ADD_PANEL = "servicevm_dashboard.panels.admin_processes.panel.Processes"
