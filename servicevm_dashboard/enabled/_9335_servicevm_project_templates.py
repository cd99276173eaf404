PANEL = "servicevm_templates"
PANEL_DASHBOARD = "project"
PANEL_GROUP = "servicevm"
ADD_PANEL = "servicevm_dashboard.panels.templates.panel.Templates"
