"""Create and edit a device, and create a service on it: links to forms."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
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
        return takes.reason(takes.takes(quota, {"devices": 1}))


class CreateServiceOn(LinkAction):
    """Begin the wizard of services, with this device chosen."""

    name = "create_service"
    verbose_name = gettext_lazy("Create Service")
    url = "horizon:project:servicevm_services:create"
    icon = "plus"
    rule = "service:create"

    def get_link_url(self, datum: Any = None) -> str:
        return f"{reverse(self.url)}?{urlencode({'device': datum.ref})}"

    def reason(self, request: Any, datum: Any) -> Any:
        if datum.provisioning_status == "PENDING_DELETE":
            return _("It is being deleted.")
        if datum.provisioning_status == "ERROR":
            return _("It failed: repair or delete it first.")
        if datum.slots["used"] >= datum.slots["total"]:
            return _("All of its slots are taken.")
        return ""


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
