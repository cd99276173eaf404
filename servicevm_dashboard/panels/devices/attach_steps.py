"""The steps to one more interface of a device."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy

from servicevm_dashboard import terminal, words
from servicevm_dashboard.api import networks
from servicevm_dashboard.panels.devices import interfaces, naming
from servicevm_dashboard.panels.devices.made_of import made_of
from servicevm_dashboard.wizard import FormStep, Step


class InterfaceStep(FormStep):
    """What it is for, and where it is."""

    slug = "interface"
    title = gettext_lazy("Interface")
    template_name = "servicevm/devices/_attach.html"
    at = ("interface",)
    about: ClassVar[Mapping[str, str]] = {
        "address_taken": "$.interface.address",
        "no_free_address": "$.interface.network",
    }

    @cached_property
    def refused(self) -> str:
        """Why there can be none now; empty if there can."""
        device = self.wizard.datum()
        return interfaces.cannot_attach(device, made_of(self.request, device))

    def schema(self) -> Mapping[str, Any]:
        device = self.wizard.datum()
        return interfaces.schema(
            device, networks.choices(self.request, device.project_id)
        )

    @property
    def wishes(self) -> dict[str, str]:
        """As the service is sent them."""
        return {key: one for key, one in self.form.document.items() if one}

    def is_valid(self) -> bool:
        if self.refused or not super().is_valid():
            return False
        found = dict(interfaces.problems(self.form.document))
        self.form.mark(found)
        return not found

    def context(self) -> dict[str, Any]:
        return {
            **super().context(),
            "device": self.wizard.datum(),
            "refused": self.refused,
        }


class ReviewStep(Step):
    """All of it, and how the command line is told."""

    slug = "review"
    title = gettext_lazy("Review")
    template_name = "servicevm/devices/_review_attach.html"
    sums_up = True

    def context(self) -> dict[str, Any]:
        device = self.wizard.datum()
        wishes = self.wizard["interface"].wishes
        known = dict(networks.choices(self.request, device.project_id))
        return {
            "device": device,
            "wishes": wishes,
            "role": words.of(words.ROLE, wishes["role"]),
            "network": known.get(
                wishes.get("network", ""), wishes.get("network")
            ),
            "command": terminal.attach_interface(
                naming.of_device(self.request, device), wishes
            ),
        }
