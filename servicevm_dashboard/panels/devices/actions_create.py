"""Create Device and Edit Device, as actions of the table."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from servicevm_dashboard import takes
from servicevm_dashboard.actions import LinkAction
from servicevm_dashboard.api import servicevm


class CreateDevice(LinkAction):
    """Begin the wizard."""

    name = "create"
    verbose_name = gettext_lazy("Create Device")
    url = "horizon:project:servicevm_devices:create"
    icon = "plus"
    action_type = "primary"
    rule = "device:create"

    def reason(self, request: Any, datum: Any) -> Any:
        quota = servicevm.quota(request)
        return takes.refusal(takes.takes(quota, {"devices": 1}))


class EditDevice(LinkAction):
    """Name, description, tags and properties."""

    name = "edit"
    verbose_name = gettext_lazy("Edit Device")
    url = "horizon:project:servicevm_devices:edit"
    icon = "pencil"
    rule = "device:update"

    def reason(self, request: Any, datum: Any) -> Any:
        if datum.provisioning_status == "PENDING_DELETE":
            return _("It is being deleted.")
        return ""
