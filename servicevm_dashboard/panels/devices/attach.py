"""Attach Interface: one more, while the device runs."""

from typing import Any, ClassVar

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from horizon import exceptions, messages
from horizon.utils import memoized

from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.exceptions import ServicevmError
from servicevm_dashboard.panels.devices.attach_steps import (
    InterfaceStep,
    ReviewStep,
)
from servicevm_dashboard.wizard import Wizard

__all__ = ["AttachView", "interfaces_url", "read"]

INDEX = "horizon:project:servicevm_devices:index"


def interfaces_url(ref: Any) -> str:
    """Where the interfaces of a device are shown.

    :param ref: id of the device
    """
    url = reverse("horizon:project:servicevm_devices:detail", args=[ref])
    return f"{url}?tab=device__interfaces"


def read(request: Any, ref: Any) -> Any:
    """The device of a page; where it can not be read, the list says so."""
    try:
        return servicevm.call(request, Client.get_device, str(ref))
    except ServicevmError:
        exceptions.handle(
            request,
            _("The device could not be read."),
            redirect=reverse(INDEX),
        )


class AttachView(Wizard):
    """The wizard."""

    steps: ClassVar[Any] = (InterfaceStep, ReviewStep)
    title = gettext_lazy("Attach Interface")
    submit = gettext_lazy("Attach Interface")
    index = INDEX
    rule = "device:attach_interface"

    @memoized.memoized_method
    def datum(self) -> Any:
        """The device."""
        return read(self.request, self.kwargs["ref"])

    @property
    def home(self) -> str:
        return interfaces_url(self.kwargs["ref"])

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
