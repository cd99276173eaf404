PANEL = "servicevm_quotas"
PANEL_DASHBOARD = "admin"
PANEL_GROUP = "servicevm"
ADD_PANEL = "servicevm_dashboard.panels.admin_quotas.panel.Quotas"

# Horizon's own pages have them, too.
EXTRA_TABS = {
    "openstack_dashboard.dashboards.admin.defaults.tabs.DefaultsTabs": (
        "servicevm_dashboard.panels.admin_quotas.tabs.DefaultQuotasTab",
    ),
}
_PROJECTS = "openstack_dashboard.dashboards.identity.projects.workflows"
EXTRA_STEPS = {
    f"{_PROJECTS}.UpdateQuota": (
        "servicevm_dashboard.panels.admin_quotas.steps.QuotaStep",
    ),
}
