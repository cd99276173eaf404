PANEL = "servicevm_services"
PANEL_DASHBOARD = "project"
PANEL_GROUP = "servicevm"
ADD_PANEL = "servicevm_dashboard.panels.services.panel.Services"
