"""What there is to choose from when a device is made."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from servicevm_dashboard import takes, words
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client, DeviceTemplate
from servicevm_dashboard.exceptions import ServicevmError

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Offer:
    """A template, as a card shows it.

    :param takes: quota to what a device of it takes
    :param refused: why there can be no device of it now; may be empty
    """

    template: DeviceTemplate
    takes: Mapping[str, int]
    refused: str

    @property
    def ref(self) -> str:
        return self.template.id

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
    found = list(found)
    schemas = _schemas(request, found)
    quota = servicevm.quota(request)
    offers = []
    for template in found:
        schema = schemas.get(template.infra_driver, {})
        taken = takes.footprint(template.infra_options, schema)
        refused = takes.refusal(takes.takes(quota, taken))
        offers.append(Offer(template, taken, refused))
    return offers


def _schemas(
    request: Any, found: Sequence[DeviceTemplate]
) -> Mapping[str, Mapping[str, Any]]:
    """Of the drivers' options; asked for only where a template needs it."""
    if all(
        key in one.infra_options
        for one in found
        for key in ("vcpus", "memory_mib")
    ):
        return {}
    try:
        drivers = servicevm.call(request, Client.drivers, kind="infra")
    except ServicevmError as error:
        # What is refused is the service's affair in the end.
        LOG.warning("The drivers could not be read: %s", error)
        return {}
    return {one.name: one.options_schema for one in drivers}


def addresses_schema(specs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """An optional address for each interface that can be given one.

    The keys are the interfaces' indices.
    """
    properties = {}
    for index, spec in enumerate(specs):
        if not spec.get("cidr"):
            continue
        properties[str(index)] = {
            "type": "string",
            "title": words.of(words.ROLE, spec["role"]),
            "description": _range(spec),
            "minLength": 2,
            "maxLength": 45,
            "pattern": "^[0-9A-Fa-f.:]+$",
            "x-sentence": _("It is no IPv4 or IPv6 address."),
        }
    return {"type": "object", "properties": properties}


def _range(spec: Mapping[str, Any]) -> str:
    values = {
        "network": spec["network"],
        "cidr": spec["cidr"],
        "first": spec.get("pool_start") or "",
        "last": spec.get("pool_end") or "",
    }
    if spec.get("pool_start") and spec.get("pool_end"):
        return (
            _(
                "Network %(network)s, %(cidr)s. A free one of %(first)s to "
                "%(last)s if it is left empty."
            )
            % values
        )
    return (
        _("Network %(network)s, %(cidr)s. A free one if it is left empty.")
        % values
    )
