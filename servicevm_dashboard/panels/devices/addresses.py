"""Addresses that a new device is to have: what is asked, and what fits. Pure.

The service itself has the last word; who has an address is known to it alone.
"""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from servicevm_dashboard import words

__all__ = [
    "REFERENCE",
    "address_field",
    "asked",
    "network_field",
    "problems",
    "schema",
]

#: Of the id of a network, a subnet or a port.
REFERENCE = "^[A-Za-z0-9][A-Za-z0-9_.:\\-]*$"


def schema(
    specs: Sequence[Mapping[str, Any]],
    networks: Sequence[tuple[str, str]] = (),
) -> dict[str, Any]:
    """What can be chosen of each interface: an address, or the network.

    The keys are the interfaces' indices.

    :param specs: the template's interfaces
    :param networks: id and name of those that there are, if that is known
    """
    properties: dict[str, Any] = {}
    required = []
    for index, spec in enumerate(specs):
        if not spec.get("network"):
            required.append(str(index))
            properties[str(index)] = _open(spec, networks)
        elif spec.get("cidr"):
            properties[str(index)] = _within(spec)
    return {
        "type": "object",
        "properties": properties,
        "required": required,
    }


def _within(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Of an interface whose network gives addresses out of a range."""
    return {
        "type": "string",
        "title": words.of(words.ROLE, spec["role"]),
        "description": _range(spec),
        "format": f"ipv{ipaddress.ip_network(spec['cidr']).version}",
    }


def _open(
    spec: Mapping[str, Any], networks: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """Of an interface whose network the template leaves open."""
    return {
        "type": "object",
        "title": words.of(words.ROLE, spec["role"]),
        "required": ["network"],
        "properties": {
            "network": network_field(networks),
            "address": address_field(),
        },
    }


def network_field(networks: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The network that an interface is to be on.

    :param networks: id and name of those that there are, if that is known
    """
    title = {"type": "string", "title": _("Network")}
    if networks:
        return {
            **title,
            "enum": [ref for ref, _name in networks],
            "x-enum-titles": dict(networks),
        }
    return {
        **title,
        "minLength": 1,
        "maxLength": 255,
        "pattern": REFERENCE,
        "x-sentence": _("It must be the id of a network."),
        "description": _("Id of the network that it is to be on."),
    }


def address_field() -> dict[str, Any]:
    """The address that it is to have there, of either kind."""
    return {
        "type": "string",
        "title": _("Address"),
        "description": _("If it is left empty, a free one is taken."),
        "anyOf": [
            {"type": "string", "format": "ipv4"},
            {"type": "string", "format": "ipv6"},
        ],
        "x-basic": True,
    }


def asked(
    specs: Sequence[Mapping[str, Any]], document: Mapping[str, Any]
) -> list[dict[str, str]]:
    """What the service is sent."""
    found = []
    for index, spec in enumerate(specs):
        value = document.get(str(index))
        if isinstance(value, Mapping):
            wishes = {key: one for key, one in value.items() if one}
            found.append({"role": spec["role"], **wishes})
        elif value:
            found.append({"role": spec["role"], "address": value})
    return found


def problems(
    specs: Sequence[Mapping[str, Any]], document: Mapping[str, Any]
) -> Iterator[tuple[tuple[str], str]]:
    """Path of each field that can not be, with a sentence.

    :param document: fits the schema
    """
    # The service gives addresses of a role to its interfaces in turn.
    empty: set[str] = set()
    seen: set[tuple[str, Any]] = set()
    for index, spec in enumerate(specs):
        text, key = document.get(str(index)), (str(index),)
        if not text:
            empty.add(spec["role"])
            continue
        if not isinstance(text, str):
            # Its network is not known here.
            continue
        address = ipaddress.ip_address(text)
        sentence = _unfit(address, spec)
        if sentence:
            yield key, sentence
        elif (spec.get("network"), address) in seen:
            yield key, _("Another interface of this device has it.")
        elif spec["role"] in empty:
            yield key, _("Choose one for the first of this role as well.")
        seen.add((spec.get("network"), address))


def _unfit(address: Any, spec: Mapping[str, Any]) -> str:
    network = ipaddress.ip_network(spec["cidr"])
    values = {"address": address, "cidr": network}
    if address not in network:
        return _("It must be an address in %(cidr)s.") % values
    ends = (network[0], network[-1]) if network.version == 4 else ()
    if network.num_addresses > 2 and address in ends:
        return _("The first and the last of %(cidr)s are no host's.") % values
    gateway = spec.get("gateway")
    if gateway and address == ipaddress.ip_address(gateway):
        return _("The gateway has this address.")
    return ""


def _range(spec: Mapping[str, Any]) -> str:
    values = {
        "network": spec.get("network") or "",
        "cidr": spec["cidr"],
        "first": spec.get("pool_start") or "",
        "last": spec.get("pool_end") or "",
    }
    if spec.get("pool_start") and spec.get("pool_end"):
        return (
            _(
                "An address in %(cidr)s of the network %(network)s. If it "
                "is left empty, a free one from %(first)s to %(last)s is "
                "taken."
            )
            % values
        )
    return (
        _(
            "An address in %(cidr)s of the network %(network)s. If it is "
            "left empty, a free one is taken."
        )
        % values
    )
