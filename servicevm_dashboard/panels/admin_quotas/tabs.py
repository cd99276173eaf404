"""Admin > System > Defaults: the tab of Service VMs."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from horizon import tabs
from openstack_dashboard import policy
from openstack_dashboard.api import base

from servicevm_dashboard import links, words
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.exceptions import ServicevmError


class DefaultQuotasTab(tabs.Tab):
    """They come from the service's configuration: there is no edit."""

    name = _("Service VM Quotas")
    slug = "servicevm_quotas"
    template_name = "servicevm/quotas/_defaults.html"
    preload = False

    def allowed(self, request: Any) -> bool:
        rules = (("servicevm", "servicevm:quota:show"),)
        return base.is_service_enabled(
            request, servicevm.SERVICE_TYPE
        ) and policy.check(rules, request)

    def get_context_data(self, request: Any) -> dict[str, Any]:
        context: dict[str, Any] = {
            "quotas": links.link("admin", "quotas"),
            "error": None,
            "limits": [],
        }
        try:
            found = servicevm.call(request, Client.get_quota_defaults)
        except ServicevmError as error:
            return context | {"error": error}
        return context | {
            "limits": [
                (words.QUOTA.get(name, name), limit)
                for name, limit in found.items()
            ]
        }
