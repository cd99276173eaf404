"""Create Device: template, details, addresses, review."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from horizon import messages

from servicevm_dashboard import described
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.panels.devices.steps import (
    AddressesStep,
    DetailsStep,
    ReviewStep,
    TemplateStep,
)
from servicevm_dashboard.wizard import Wizard

INDEX = "horizon:project:servicevm_devices:index"


class CreateView(Wizard):
    """The wizard."""

    steps = (TemplateStep, DetailsStep, AddressesStep, ReviewStep)
    title = gettext_lazy("Create Device")
    submit = gettext_lazy("Create Device")
    index = INDEX
    rule = "device:create"

    def begin(self) -> Mapping[str, str]:
        """``?template_id=ID`` has it chosen already."""
        return {"template/id": self.request.GET.get("template_id", "")}

    def attributes(self) -> dict[str, Any]:
        """What the service is sent."""
        found = {
            **described.given(self["details"].form.document),
            "template_id": self["template"].template.id,
        }
        asked = self["addresses"].asked
        return {**found, "interfaces": asked} if asked else found

    def create(self) -> HttpResponse:
        made = servicevm.call(
            self.request, Client.create_device, **self.attributes()
        )
        messages.success(
            self.request, _("Creating device %(name)s.") % {"name": made.name}
        )
        return redirect(
            reverse("horizon:project:servicevm_devices:detail", args=[made.id])
        )
