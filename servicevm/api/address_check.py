"""Whether the interfaces of a device can be as they are asked for."""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from servicevm.api import template_check, validation
from servicevm.db.addresses import Asked

_AT = "$.device.interfaces"

Found = Iterator[tuple[str, str]]


def check(
    asked: Sequence[Mapping[str, str]],
    specs: Sequence[Mapping[str, Any]],
    *,
    networks: bool,
) -> dict[int, Asked]:
    """What is asked for, by the index of the interface.

    :param asked: role and wishes of some of the interfaces
    :param specs: the template's ``interfaces``
    :param networks: the infra driver takes networks and ports as wishes
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
        spec = specs[fits[0]]
        problems = dict(
            _open(path, one, networks=networks)
            if "network" not in spec
            else _fixed(path, one, spec)
        )
        bad |= problems
        found[fits[0]] = wish(path, {} if problems else one)
    for index, spec in enumerate(specs):
        if "network" not in spec and index not in found:
            bad.setdefault(
                _AT,
                f"The template leaves the network of the interface "
                f"{spec['role']} open: say network or port.",
            )
    if bad:
        validation.refuse(bad, "The body")
    return found


def check_one(path: str, one: Mapping[str, str]) -> Asked:
    """What is asked of one more interface of a device.

    :param path: of it in the body
    :raises PermanentError: INVALID_FIELD
    """
    bad = dict(_open(path, one, networks=True))
    if bad:
        validation.refuse(bad, "The body")
    return wish(path, one)


def wish(path: str, one: Mapping[str, str]) -> Asked:
    """What is asked for, as it is kept; checked before."""
    address = one.get("address")
    return Asked(
        None if address is None else str(ipaddress.ip_address(address)),
        f"{path}.address",
        one.get("network"),
        one.get("subnet"),
        one.get("port"),
    )


def _open(path: str, one: Mapping[str, str], *, networks: bool) -> Found:
    """What is wrong with the wishes for an interface of any network."""
    if not networks:
        yield path, "The infra driver takes no networks of devices."
        return
    if "port" in one:
        for key in ("network", "subnet", "address"):
            if key in one:
                yield f"{path}.{key}", "The port says it."
    elif "network" not in one:
        yield path, "It needs a network or a port."
    if "address" in one:
        try:
            ipaddress.ip_address(one["address"])
        except ValueError:
            yield f"{path}.address", f"{one['address']} is not an address."


def _fixed(
    path: str, one: Mapping[str, str], spec: Mapping[str, Any]
) -> Found:
    """What is wrong with the wishes for an interface of a given network."""
    for key in ("network", "subnet", "port"):
        if key in one:
            yield (
                f"{path}.{key}",
                "The template says that it is on the network "
                f"{spec['network']}.",
            )
    if "address" in one:
        sentence = _refused(one["address"], spec)
        if sentence:
            yield f"{path}.address", sentence


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
