PANEL = "servicevm_templates"
PANEL_DASHBOARD = "admin"
PANEL_GROUP = "servicevm"
ADD_PANEL = "servicevm_dashboard.panels.admin_templates.panel.Templates"
