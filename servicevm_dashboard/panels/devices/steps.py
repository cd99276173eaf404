"""The steps to a new device."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from servicevm_dashboard import described, takes, terminal, words
from servicevm_dashboard.api import networks, servicevm
from servicevm_dashboard.api.servicevm import DeviceTemplate
from servicevm_dashboard.panels.devices import addresses
from servicevm_dashboard.panels.devices.offers import (
    Offer,
    dead_end,
    templates,
)
from servicevm_dashboard.schema_form import paths
from servicevm_dashboard.wizard import Choice, FormStep, Step


class TemplateStep(Choice):
    """What it is made of."""

    slug = "template"
    title = gettext_lazy("Template")
    template_name = "servicevm/devices/_choose_template.html"
    field = "$.device.template_id"
    # Another one may have another network.
    about: ClassVar[Mapping[str, str]] = {"no_free_address": field}

    @cached_property
    def offers(self) -> Sequence[Offer]:
        """Each template, with what a device of it takes."""
        return templates(self.request)

    @property
    def chosen(self) -> Offer | None:
        """None: none of those that there are."""
        ref = self.value("id")
        return next((one for one in self.offers if one.ref == ref), None)

    @property
    def template(self) -> DeviceTemplate:
        """Of the steps that come after this one."""
        return next(
            one.template for one in self.offers if one.ref == self.value("id")
        )

    @property
    def name(self) -> str:
        """What the command line calls it."""
        names = [one.template.name for one in self.offers]
        own = self.template
        return own.name if names.count(own.name) == 1 else own.id

    @property
    def options(self) -> Mapping[str, str]:
        return {one.ref: one.refused for one in self.offers}

    @property
    def answer(self) -> str:
        return self.template.name

    def context(self) -> dict[str, Any]:
        # What no device fits into is said once, and not on each card.
        least = takes.least([one.takes for one in self.offers])
        offers = [(one, one.refused_beside(least)) for one in self.offers]
        return {
            **super().context(),
            "offers": offers,
            **dead_end(self.offers, least),
        }


class DetailsStep(FormStep):
    """What it is called."""

    slug = "details"
    title = gettext_lazy("Details")
    at = ("device",)

    def schema(self) -> Mapping[str, Any]:
        return described.schema(
            name=_("What you call the device; it need not be unique.")
        )

    def refuse(self, fields: Mapping[str, str]) -> Mapping[str, str]:
        return described.refuse(self.form, fields, "device")


class AddressesStep(FormStep):
    """Which addresses it has, if that matters."""

    slug = "addresses"
    title = gettext_lazy("Addresses")
    template_name = "servicevm/devices/_addresses.html"
    at = ("device", "interfaces")
    about: ClassVar[Mapping[str, str]] = {
        "address_taken": "$.device.interfaces"
    }

    @property
    def specs(self) -> Sequence[Mapping[str, Any]]:
        """The template's interfaces."""
        return list(self.wizard["template"].template.interfaces)

    def schema(self) -> Mapping[str, Any]:
        open_ = any(not spec.get("network") for spec in self.specs)
        return addresses.schema(
            self.specs, networks.choices(self.request) if open_ else ()
        )

    @property
    def asked(self) -> list[dict[str, str]]:
        """As the service is sent it."""
        return addresses.asked(self.specs, self.form.document)

    def is_valid(self) -> bool:
        if not super().is_valid():
            return False
        found = dict(addresses.problems(self.specs, self.form.document))
        self.form.mark(found)
        return not found

    def refuse(self, fields: Mapping[str, str]) -> Mapping[str, str]:
        # The service counts those that were asked for.
        known = [
            index
            for index in range(len(self.specs))
            if self.form.document.get(str(index))
        ]
        moved = {}
        for path, sentence in fields.items():
            at = paths.below(paths.parse(path), self.at)
            if at and isinstance(at[0], int) and at[0] < len(known):
                path = f"$.device.interfaces.{known[at[0]]}"
                if not self.specs[known[at[0]]].get("network"):
                    # It has fields of its own.
                    path = ".".join([path, *map(str, at[1:])])
            elif at == () and len(known) == 1:
                path = f"$.device.interfaces.{known[0]}"
            moved[path] = sentence
        return super().refuse(moved)

    def context(self) -> dict[str, Any]:
        return {
            **super().context(),
            "interfaces": [
                {**spec, "word": words.of(words.ROLE, spec["role"])}
                for spec in self.specs
            ],
            "free": any(spec.get("cidr") for spec in self.specs),
            "open": any(not spec.get("network") for spec in self.specs),
        }


class ReviewStep(Step):
    """All of it, what it takes, and how the command line is told."""

    slug = "review"
    title = gettext_lazy("Review")
    template_name = "servicevm/devices/_review.html"
    sums_up = True

    def context(self) -> dict[str, Any]:
        wizard = self.wizard
        chosen = wizard["template"].chosen
        wanted = wizard.attributes()
        found = takes.takes(
            servicevm.quota(self.request),
            {} if chosen is None else chosen.wanted,
        )
        return {
            "template": wizard["template"].template,
            "attributes": wanted,
            "asked": [
                (words.of(words.ROLE, one["role"]), self._shown(one))
                for one in wanted.get("interfaces", ())
            ],
            "takes": found,
            **takes.dead_end(found),
            "command": terminal.create_device(wizard["template"].name, wanted),
        }

    def _shown(self, wishes: Mapping[str, str]) -> str:
        """Network and address of an interface, as far as they were asked."""
        network = wishes.get("network", "")
        if network:
            known = dict(networks.choices(self.request))
            network = known.get(network, network)
        return ", ".join(filter(None, (network, wishes.get("address"))))
