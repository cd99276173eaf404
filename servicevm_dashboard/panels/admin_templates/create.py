"""Create Template: details, drivers, their options, what is hosted."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from horizon import messages

from servicevm_dashboard import described, links
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.panels.admin_templates import spec
from servicevm_dashboard.panels.templates import reading
from servicevm_dashboard.wizard import FormStep, Wizard


class DetailsStep(FormStep):
    """What it is called."""

    slug = "details"
    title = gettext_lazy("Details")
    at = ("device_template",)

    def schema(self) -> Mapping[str, Any]:
        return described.schema(
            name=_("What everybody chooses it by; it need not be unique.")
        )

    def refuse(self, fields: Mapping[str, str]) -> Mapping[str, str]:
        return described.refuse(self.form, fields, "device_template")


class DriversStep(FormStep):
    """What makes its devices, and what tends them."""

    slug = "drivers"
    title = gettext_lazy("Drivers")
    at = ("device_template",)

    def schema(self) -> Mapping[str, Any]:
        return spec.drivers_schema(reading.drivers(self.request))


class OptionsStep(FormStep):
    """What the drivers are told."""

    slug = "options"
    title = gettext_lazy("Options")
    at = ("device_template",)

    def schema(self) -> Mapping[str, Any]:
        chosen = self.wizard["drivers"].form.document
        return spec.options_schema(
            reading.drivers(self.request),
            {
                "infra": chosen.get("infra_driver", ""),
                "mgmt": chosen.get("mgmt_driver", ""),
            },
        )

    def context(self) -> dict[str, Any]:
        intro = ""
        if not self.form.schema["properties"]:
            intro = _("These drivers have no options.")
        return {**super().context(), "intro": intro}


class HostingStep(FormStep):
    """Networks and services."""

    slug = "hosting"
    title = gettext_lazy("Networks and Services")
    at = ("device_template",)

    def schema(self) -> Mapping[str, Any]:
        return spec.hosting_schema(reading.service_types(self.request))


class CreateView(Wizard):
    """The wizard."""

    steps = (DetailsStep, DriversStep, OptionsStep, HostingStep)
    title = gettext_lazy("Create Template")
    submit = gettext_lazy("Create Template")
    index = "horizon:admin:servicevm_templates:index"
    rule = "device_template:create"

    def create(self) -> HttpResponse:
        made = servicevm.call(
            self.request,
            Client.create_device_template,
            **described.given(self["details"].form.document),
            **self["drivers"].form.document,
            **spec.options(self["options"].form.document),
            **spec.hosting(self["hosting"].form.document),
        )
        messages.success(
            self.request,
            _("Template %(name)s was created.") % {"name": made.name},
        )
        return redirect(links.link("admin", "templates", "detail", made.id))
