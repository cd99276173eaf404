"""Create Service and Edit Service, as actions of the table."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from servicevm_dashboard import takes
from servicevm_dashboard.actions import LinkAction
from servicevm_dashboard.api import servicevm


class CreateService(LinkAction):
    """Begin the wizard."""

    name = "create"
    verbose_name = gettext_lazy("Create Service")
    url = "horizon:project:servicevm_services:create"
    icon = "plus"
    action_type = "primary"
    rule = "service:create"

    def reason(self, request: Any, datum: Any) -> Any:
        quota = servicevm.quota(request)
        # Any type takes one slot at least.
        return takes.reason(takes.takes(quota, {"services": 1, "slots": 1}))


class EditService(LinkAction):
    """What it is called, and its configuration."""

    name = "edit"
    verbose_name = gettext_lazy("Edit Service")
    url = "horizon:project:servicevm_services:edit"
    icon = "pencil"
    rule = "service:update"

    def reason(self, request: Any, datum: Any) -> Any:
        if datum.provisioning_status == "PENDING_DELETE":
            return _("It is being deleted.")
        return ""
