"""Identity > Projects > Modify Quotas: the step of Service VMs."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from horizon import exceptions, workflows
from openstack_dashboard import policy
from openstack_dashboard.api import base

from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.exceptions import ServicevmError
from servicevm_dashboard.panels.admin_quotas.forms import limit

#: Before the names of the fields: all steps share them.
_OURS = "servicevm_"
_QUOTAS = ("devices", "services", "vcpus", "ram", "slots")


class QuotaAction(workflows.Action):
    """The fields; only what was changed is sent."""

    servicevm_devices = limit("devices")
    servicevm_services = limit("services")
    servicevm_vcpus = limit("vcpus")
    servicevm_ram = limit("ram")
    servicevm_slots = limit("slots")

    class Meta:
        name = gettext_lazy("Service VMs")
        slug = "update_servicevm_quotas"
        help_text = gettext_lazy(
            "The most that the project may have of each; -1 is no limit."
        )
        permissions = ("openstack.services.servicevm",)

    def __init__(self, request: Any, context: Any, *args: Any, **kwargs: Any):
        super().__init__(request, context, *args, **kwargs)
        for name in _QUOTAS:
            field = self.fields[_OURS + name]
            if context.get(_OURS + name) is None:
                # It could not be read: nothing of it is changed.
                field.required, field.disabled = False, True

    def handle(self, request: Any, context: Mapping[str, Any]) -> bool:
        before = self.initial
        changed = {
            name: context[_OURS + name]
            for name in _QUOTAS
            if context[_OURS + name] is not None
            and context[_OURS + name] != before.get(_OURS + name)
        }
        try:
            if changed:
                servicevm.call(
                    request,
                    Client.update_quota,
                    context["project_id"],
                    **changed,
                )
        except ServicevmError:
            exceptions.handle(
                request, _("The limits of Service VMs could not be changed.")
            )
            return False
        return True


class QuotaStep(workflows.Step):
    """Where the service is, and who may change quotas."""

    action_class = QuotaAction
    template_name = "identity/projects/_common_horizontal_form.html"
    depends_on = ("project_id",)
    contributes = tuple(_OURS + name for name in _QUOTAS)

    def allowed(self, request: Any) -> bool:
        rules = (("servicevm", "servicevm:quota:update"),)
        return base.is_service_enabled(
            request, servicevm.SERVICE_TYPE
        ) and policy.check(rules, request)

    def prepare_action_context(
        self, request: Any, context: dict[str, Any]
    ) -> dict[str, Any]:
        try:
            quota = servicevm.call(
                request, Client.get_quota, context["project_id"]
            )
        except ServicevmError:
            exceptions.handle(
                request, _("The limits of Service VMs could not be read.")
            )
            return context
        for name in _QUOTAS:
            entry = quota.to_dict_view().get(name)
            if entry is not None:
                context[_OURS + name] = entry["limit"]
        return context
