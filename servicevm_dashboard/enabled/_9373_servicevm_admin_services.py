PANEL = "servicevm_services"
PANEL_DASHBOARD = "admin"
PANEL_GROUP = "servicevm"
ADD_PANEL = "servicevm_dashboard.panels.admin_services.panel.Services"
