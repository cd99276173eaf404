"""Create Service: type, device, details, configuration, review.

The configuration's fields are those of the service type's schema: nothing
here knows one.
"""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from horizon import messages

from servicevm_dashboard import described, words
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.panels.services.steps import (
    ConfigStep,
    DetailsStep,
    DeviceStep,
    ReviewStep,
    TypeStep,
)
from servicevm_dashboard.wizard import Wizard

INDEX = "horizon:project:servicevm_services:index"

_TITLES = {"loadbalancer": gettext_lazy("Create Load Balancer")}


class CreateView(Wizard):
    """The wizard; its title follows from the type that was chosen."""

    steps = (TypeStep, DeviceStep, DetailsStep, ConfigStep, ReviewStep)
    index = INDEX
    rule = "service:create"

    @property
    def title(self) -> Any:
        """ "Create Load Balancer"; "Service" as long as that is open."""
        name = self.data.get("type/id")
        if not name:
            return _("Create Service")
        if name in _TITLES:
            return _TITLES[name]
        word = words.of_plugin(words.SERVICE_TYPE, name)
        return _("Create %(service)s") % {"service": word}

    @property
    def submit(self) -> Any:
        return self.title

    def start(self) -> str:
        """Nobody is asked for what is clear already."""
        kind: TypeStep = self["type"]
        if len(kind.types) == 1:
            self.data["type/id"] = kind.types[0].name
        if not kind.settled:
            return "type"
        return "details" if self["device"].settled else "device"

    def begin(self) -> Mapping[str, str]:
        """``?device=ID`` and ``?type=NAME`` have them chosen already."""
        asked = self.request.GET
        return {
            "type/id": asked.get("type", ""),
            "device/id": asked.get("device", ""),
        }

    def attributes(self) -> dict[str, Any]:
        """What the service is sent."""
        return {
            **described.given(self["details"].form.document),
            "device_id": self["device"].value("id"),
            "service_type": self["type"].value("id"),
            "config": self["config"].form.document,
        }

    def create(self) -> HttpResponse:
        made = servicevm.call(
            self.request, Client.create_service, **self.attributes()
        )
        messages.success(
            self.request,
            _("Creating %(name)s.") % {"name": made.name},
        )
        return redirect(
            reverse(
                "horizon:project:servicevm_services:detail", args=[made.id]
            )
        )
