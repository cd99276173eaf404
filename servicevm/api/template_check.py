"""Whether the spec of a device template can work."""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from servicevm import healing
from servicevm.api import validation
from servicevm.api.runtime import Runtime, mgmt_class
from servicevm.db import addresses
from servicevm.drivers.infra import user_network
from servicevm.drivers.infra.base import InfraDriver
from servicevm.drivers.mgmt.base import MgmtDriver
from servicevm.errors import TEMPLATE_INVALID, PermanentError
from servicevm.service_types import registry

_ROOT = "$.device_template"


def check(runtime: Runtime, spec: Mapping[str, Any]) -> None:
    """Refuse a spec that fits the API's schema and can not work.

    :raises PermanentError: TEMPLATE_INVALID with the fields, or what the
        infra driver itself says
    """
    found = dict(_problems(spec))
    infra = _driver(found, "infra_driver", runtime.infra_driver, spec)
    mgmt = _driver(found, "mgmt_driver", mgmt_class, spec)
    if infra is not None:
        found |= _options("infra_options", infra.options_schema, spec)
    if mgmt is not None:
        found |= _options("mgmt_options", mgmt.options_schema, spec)
    if found:
        validation.refuse(found, "The template", TEMPLATE_INVALID)
    if infra is not None and mgmt is not None:
        _refuse_open(infra, spec)
        _refuse_rungs(infra, mgmt, spec)
        infra.validate_template(spec["infra_options"], spec["interfaces"])


def _refuse_open(infra: InfraDriver, spec: Mapping[str, Any]) -> None:
    """Refuse interfaces without a network where no device can name one.

    :raises PermanentError: TEMPLATE_INVALID
    """
    if infra.capabilities.networks:
        return
    missing = {
        f"{_ROOT}.interfaces[{index}].network": "The infra driver "
        f"{spec['infra_driver']} needs it."
        for index, interface in enumerate(spec["interfaces"])
        if "network" not in interface
    }
    if missing:
        validation.refuse(missing, "The template", TEMPLATE_INVALID)


def _refuse_rungs(
    infra: InfraDriver, mgmt: type[MgmtDriver], spec: Mapping[str, Any]
) -> None:
    """Refuse to be told to heal in a way that a driver does not know.

    :raises PermanentError: TEMPLATE_INVALID
    """
    missing = healing.missing(infra.capabilities, restarts=mgmt.restarts)
    whose = {
        rung: f"The {kind} driver {spec[f'{kind}_driver']}"
        for kind, trouble in (
            ("infra", healing.Trouble.LOST),
            ("mgmt", healing.Trouble.SICK),
        )
        for rung in healing.RUNGS_OF[trouble]
    }
    bad = {
        f"{_ROOT}.healing.ladder[{index}]": f"{whose[rung]} cannot do that."
        for index, rung in enumerate(
            (spec.get("healing") or {}).get("ladder", ())
        )
        if rung in missing
    }
    if bad:
        validation.refuse(bad, "The template", TEMPLATE_INVALID)


def _driver(
    found: dict[str, str], field: str, load: Any, spec: Mapping[str, Any]
) -> Any:
    try:
        return load(spec[field])
    except PermanentError as error:
        found[f"{_ROOT}.{field}"] = error.detail
        return None


def _options(
    field: str, schema: Mapping[str, Any], spec: Mapping[str, Any]
) -> dict[str, str]:
    found, _ = validation.problems(
        validation.kept(schema), spec[field], f"{_ROOT}.{field}"
    )
    return found


def _problems(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for index, interface in enumerate(spec["interfaces"]):
        yield from _interface(f"{_ROOT}.interfaces[{index}]", interface)
    known = registry.service_types()
    for index, name in enumerate(spec["service_types"]):
        if name not in known:
            yield (
                f"{_ROOT}.service_types[{index}]",
                f"There is no service type {name}; there are: "
                f"{', '.join(known)}.",
            )


def _interface(
    path: str, interface: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    if "network" not in interface:
        for key in ("cidr", "gateway", "pool_start", "pool_end"):
            if key in interface:
                yield f"{path}.{key}", "It needs a network to be of."
        return
    if "cidr" not in interface:
        for key in ("gateway", "pool_start", "pool_end"):
            if key in interface:
                yield f"{path}.{key}", "It needs a cidr to be within."
        return
    if interface["network"] == user_network.NETWORK:
        yield f"{path}.cidr", "The network user has addresses of its own."
        return
    try:
        network = ipaddress.ip_network(interface["cidr"])
    except ValueError as error:
        yield f"{path}.cidr", f"It is not a network: {error}."
        return
    bad = False
    for key in ("gateway", "pool_start", "pool_end"):
        if key not in interface:
            continue
        sentence = within(interface[key], network)
        if sentence:
            bad = True
            yield f"{path}.{key}", sentence
    if bad:
        return
    try:
        addresses.pool(interface)
    except ValueError as error:
        yield f"{path}.pool_start", f"{error}."


def within(
    text: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network
) -> str:
    """Why a host of the network can not have the address; "" if it can."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return f"{text} is not an address."
    # One of another version is in no network of this one.
    if address not in network:
        return f"{text} is not within {network}."
    if getattr(address, "scope_id", None):
        return f"{text} names a link of one machine; leave out the zone."
    ends = (network[0], network[-1]) if network.version == 4 else ()
    if network.num_addresses > 2 and address in ends:
        return f"{text} is no host's: it is the first or last of {network}."
    return ""
