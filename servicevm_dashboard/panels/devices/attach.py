"""Attach Interface: one more, while the device runs."""

from typing import Any, ClassVar

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from horizon import exceptions, messages
from horizon.utils import memoized

from servicevm_dashboard import links
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.exceptions import ServicevmError
from servicevm_dashboard.panels.devices.attach_steps import (
    InterfaceStep,
    ReviewStep,
)
from servicevm_dashboard.wizard import Wizard

__all__ = ["AttachView", "interfaces_url", "read"]


def interfaces_url(dashboard: str, ref: Any) -> str:
    """Where the interfaces of a device are shown.

    :param dashboard: as for `links.link`
    :param ref: id of the device
    """
    url = links.link(dashboard, "devices", "detail", str(ref))
    return f"{url}?tab=device__interfaces"


def read(request: Any, dashboard: str, ref: Any) -> Any:
    """The device of a page; where it can not be read, the list says so."""
    try:
        return servicevm.call(request, Client.get_device, str(ref))
    except ServicevmError:
        exceptions.handle(
            request,
            _("The device could not be read."),
            redirect=links.link(dashboard, "devices"),
        )


class AttachView(Wizard):
    """The wizard."""

    steps: ClassVar[Any] = (InterfaceStep, ReviewStep)
    title = gettext_lazy("Attach Interface")
    submit = gettext_lazy("Attach Interface")
    index = "horizon:project:servicevm_devices:index"
    rule = "device:attach_interface"
    dashboard: ClassVar[str] = "project"

    @memoized.memoized_method
    def datum(self) -> Any:
        """The device."""
        return read(self.request, self.dashboard, self.kwargs["ref"])

    @property
    def home(self) -> str:
        return interfaces_url(self.dashboard, self.kwargs["ref"])

    def create(self) -> HttpResponse:
        device = servicevm.call(
            self.request,
            Client.attach_device_interface,
            str(self.kwargs["ref"]),
            **self["interface"].wishes,
        )
        messages.success(
            self.request,
            _("Attaching an interface to %(name)s.") % {"name": device.name},
        )
        return redirect(self.home)
