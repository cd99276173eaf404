PANEL = "servicevm_topology"
PANEL_DASHBOARD = "project"
PANEL_GROUP = "servicevm"
ADD_PANEL = "servicevm_dashboard.panels.topology.panel.Topology"
