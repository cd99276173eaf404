"""What there is to choose from when a device is made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from servicevm_dashboard import takes, words
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client, DeviceTemplate
from servicevm_dashboard.takes import Take


@dataclass(frozen=True)
class Offer:
    """A template, as a card shows it.

    :param wanted: quota to what a device of it takes
    :param takes: the same beside what there is
    """

    template: DeviceTemplate
    wanted: Mapping[str, int]
    takes: Sequence[Take]

    @property
    def ref(self) -> str:
        return self.template.id

    @property
    def refused(self) -> str:
        """Why there can be no device of it now; may be empty."""
        return takes.refusal(self.takes)

    def refused_beside(self, known: Sequence[Take]) -> str:
        """The same, without the quotas that something was said about."""
        names = {take.name for take in known}
        return takes.refusal(
            [take for take in self.takes if take.name not in names]
        )

    @property
    def input_id(self) -> str:
        return f"template-{self.ref}"

    @property
    def hosts(self) -> Sequence[Any]:
        """Words of the service types that it is for."""
        return [
            words.of_plugin(words.SERVICE_TYPE, one)
            for one in self.template.service_types
        ]

    @property
    def networks(self) -> Sequence[Mapping[str, Any]]:
        return [
            {"word": words.of(words.ROLE, one["role"]), **one}
            for one in self.template.interfaces
        ]


def templates(request: Any) -> Sequence[Offer]:
    """Those that the project sees, by name.

    :raises ServicevmError: they could not be read
    """
    found: Iterable[DeviceTemplate] = servicevm.call(
        request, Client.device_templates, sort="name:asc"
    )
    quota = servicevm.quota(request)
    offers = []
    for template in found:
        wanted = takes.footprint(template)
        offers.append(Offer(template, wanted, takes.takes(quota, wanted)))
    return offers


def dead_end(
    offers: Sequence[Offer], least: Sequence[Take]
) -> Mapping[str, Any]:
    """Why there can be no device at all, and what to do; empty if there can.

    :param least: quotas that are too small for any device
    """
    if not offers:
        return {
            "refused": _(
                "There are no templates yet. An administrator makes them: "
                "ask for one."
            )
        }
    if not all(one.refused for one in offers):
        return {}
    return {
        "refused": _("The quota leaves no room for another device."),
        "reasons": [take.refusal for take in least],
        "advice": takes.advice([one for each in offers for one in each.takes]),
    }
