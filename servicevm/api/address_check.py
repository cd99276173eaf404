"""Whether the addresses that a new device is to have can be its own."""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from servicevm.api import template_check, validation
from servicevm.db.addresses import Asked

_AT = "$.device.interfaces"


def check(
    asked: Sequence[Mapping[str, str]], specs: Sequence[Mapping[str, Any]]
) -> dict[int, Asked]:
    """What is asked for, by the index of the interface.

    :param asked: role and address of some of the interfaces
    :param specs: the template's ``interfaces``
    :returns: addresses in their usual form
    :raises PermanentError: INVALID_FIELD
    """
    found: dict[int, Asked] = {}
    bad: dict[str, str] = {}
    for number, one in enumerate(asked):
        path = f"{_AT}[{number}]"
        fits = [
            index
            for index, spec in enumerate(specs)
            if spec["role"] == one["role"] and index not in found
        ]
        if not fits:
            roles = ", ".join(str(spec["role"]) for spec in specs)
            bad[f"{path}.role"] = (
                f"The template has no (further) interface {one['role']}; it "
                f"has: {roles}."
            )
            continue
        sentence = _refused(one["address"], specs[fits[0]])
        if sentence:
            bad[f"{path}.address"] = sentence
        else:
            address = ipaddress.ip_address(one["address"])
            found[fits[0]] = Asked(str(address), f"{path}.address")
    if bad:
        validation.refuse(bad, "The body")
    return found


def _refused(text: str, spec: Mapping[str, Any]) -> str:
    if "cidr" not in spec:
        return f"The network {spec['network']} hands out no addresses."
    sentence = template_check.within(text, ipaddress.ip_network(spec["cidr"]))
    if sentence:
        return sentence
    gateway = spec.get("gateway")
    if gateway and ipaddress.ip_address(text) == ipaddress.ip_address(gateway):
        return f"{text} is the gateway's."
    return ""
