"""The steps to a new service."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from servicevm_dashboard import described, takes, terminal, words
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client, ServiceType
from servicevm_dashboard.panels.services import ports
from servicevm_dashboard.panels.services.hosts import Host, Hosts, find
from servicevm_dashboard.wizard import Choice, FormStep, Step


class TypeStep(Choice):
    """What kind of service."""

    slug = "type"
    title = gettext_lazy("Type")
    template_name = "servicevm/services/_choose_type.html"
    field = "$.service.service_type"

    @cached_property
    def types(self) -> Sequence[ServiceType]:
        return list(servicevm.call(self.request, Client.service_types))

    @property
    def options(self) -> Mapping[str, str]:
        return {one.name: "" for one in self.types}

    @property
    def kind(self) -> ServiceType:
        """Of the steps that come after this one."""
        name = self.value("id")
        return next(one for one in self.types if one.name == name)

    @property
    def answer(self) -> str:
        return str(words.of_plugin(words.SERVICE_TYPE, self.kind.name))

    def context(self) -> dict[str, Any]:
        return {
            **super().context(),
            "types": [
                {
                    "type": one,
                    "word": words.of_plugin(words.SERVICE_TYPE, one.name),
                }
                for one in self.types
            ],
        }


class DeviceStep(Choice):
    """What it runs on."""

    slug = "device"
    title = gettext_lazy("Device")
    template_name = "servicevm/services/_choose_device.html"
    field = "$.service.device_id"
    about: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("device_failed", "no_free_slot", "type_not_offered"), field
    )

    @cached_property
    def hosts(self) -> Hosts:
        return find(
            self.request,
            self.wizard["type"].kind,
            self.value("prefix").strip(),
            self.value("id"),
        )

    @property
    def options(self) -> Mapping[str, str]:
        return {one.ref: one.refused for one in self.hosts.hosts}

    @property
    def chosen(self) -> Host:
        """Of the steps that come after this one."""
        ref = self.value("id")
        return next(one for one in self.hosts.hosts if one.ref == ref)

    @property
    def name(self) -> str:
        """What the command line calls it."""
        own = self.chosen.device
        same = servicevm.call(
            self.request, Client.page, type(own), limit=2, name=own.name
        )
        return own.name if len(same.items) == 1 else own.id

    @property
    def answer(self) -> str:
        return self.chosen.device.name

    def context(self) -> dict[str, Any]:
        found = self.hosts
        return {
            **super().context(),
            "hosts": found.hosts,
            "more": found.more,
            "prefix": self.value("prefix"),
            "possible": any(not one.refused for one in found.hosts),
            "create_device": reverse(
                "horizon:project:servicevm_devices:create"
            ),
        }


class DetailsStep(FormStep):
    """What it is called."""

    slug = "details"
    title = gettext_lazy("Details")
    at = ("service",)

    def schema(self) -> Mapping[str, Any]:
        return described.schema(
            name=_("What you call the service; it need not be unique.")
        )

    def refuse(self, fields: Mapping[str, str]) -> Mapping[str, str]:
        return described.refuse(self.form, fields, "service")


class ConfigStep(FormStep):
    """What it does."""

    slug = "config"
    title = gettext_lazy("Configuration")
    at = ("service", "config")

    def schema(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.wizard["type"].kind.config_schema
        return found

    def is_valid(self) -> bool:
        if not super().is_valid():
            return False
        taken = ports.taken(
            self.request,
            self.wizard["device"].value("id"),
            self.form.document,
            self.schema(),
            {one.name: one.config_schema for one in self.wizard["type"].types},
        )
        self.form.mark(taken)
        return not taken


class ReviewStep(Step):
    """All of it, what it takes, and how the command line is told."""

    slug = "review"
    title = gettext_lazy("Review")
    template_name = "servicevm/services/_review.html"
    sums_up = True

    def context(self) -> dict[str, Any]:
        wizard = self.wizard
        kind = wizard["type"].kind
        wanted = wizard.attributes()
        found = takes.takes(
            servicevm.quota(self.request),
            {"services": 1, "slots": kind.slots},
        )
        device = wizard["device"]
        return {
            "type": words.of_plugin(words.SERVICE_TYPE, kind.name),
            "host": device.chosen,
            "attributes": wanted,
            "settings": wizard["config"].form.settings,
            "takes": found,
            **takes.dead_end(found),
            "command": terminal.create_service(device.name, wanted),
        }
