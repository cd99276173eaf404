"""The service type ``loadbalancer``: TCP and HTTP load balancing.

The schema says what fits a field; `check` says what fits together. Both
report a field by its JSONPath, ``$.listeners[0].port``. Times are in
milliseconds.
"""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from servicevm.drivers.infra.base import Listener, Peer
from servicevm.service_types.base import Config, Occupied, ServiceType
from servicevm.service_types.loadbalancer_schema import (
    CONFIG_SCHEMA,
    no_arguments,
)

__all__ = [
    "CONFIG_SCHEMA",
    "LOADBALANCER",
    "check",
    "listeners",
    "occupies",
    "peers",
]

_HTTP_ONLY = ("path", "method", "expected_codes", "host")


def check(config: Config) -> Mapping[str, str]:
    """What does not fit together in a config that fits the schema.

    :returns: JSONPath of the field to a sentence; empty if all is well
    """
    return dict(
        [
            *_doubles("$.listeners", config["listeners"], "name", "listener"),
            *_doubles("$.listeners", config["listeners"], "port", "listener"),
            *_doubles("$.pools", config["pools"], "name", "pool"),
            *_listeners(config),
            *_pools(config),
        ]
    )


def _doubles(
    path: str, items: Sequence[Config], key: str, noun: str
) -> Iterator[tuple[str, str]]:
    seen: dict[Any, int] = {}
    for index, item in enumerate(items):
        first = seen.setdefault(item[key], index)
        if first != index:
            yield (
                f"{path}[{index}].{key}",
                f"{item[key]} is the {key} of another {noun} ({path}"
                f"[{first}]) already.",
            )


def _listeners(config: Config) -> Iterator[tuple[str, str]]:
    pools = {pool["name"]: pool for pool in config["pools"]}
    protocols: dict[str, str] = {}
    for index, listener in enumerate(config["listeners"]):
        path = f"$.listeners[{index}]"
        protocol, name = listener["protocol"], listener["default_pool"]
        if protocol != "http" and listener.get("x_forwarded_for"):
            yield (
                f"{path}.x_forwarded_for",
                "A tcp listener can not add a header; use protocol http.",
            )
        if name not in pools:
            known = ", ".join(sorted(pools))
            yield (
                f"{path}.default_pool",
                f"There is no pool {name}; the pools are: {known}.",
            )
            continue
        if protocols.setdefault(name, protocol) != protocol:
            yield (
                f"{path}.default_pool",
                f"Pool {name} serves a {protocols[name]} listener already; "
                f"a {protocol} listener needs a pool of its own.",
            )
        persistence = pools[name].get("persistence", {})
        if protocol == "tcp" and persistence.get("type") == "cookie":
            yield (
                f"{path}.default_pool",
                f"Pool {name} keeps clients by a cookie, which a tcp "
                "listener can not see; use source_ip.",
            )


def _pools(config: Config) -> Iterator[tuple[str, str]]:
    for index, pool in enumerate(config["pools"]):
        path = f"$.pools[{index}]"
        members = pool["members"]
        yield from _doubles(f"{path}.members", members, "name", "member")
        for position, member in enumerate(members):
            sentence = _address(member["address"])
            if sentence:
                yield f"{path}.members[{position}].address", sentence
        yield from _places(f"{path}.members", members)
        yield from _monitor(
            f"{path}.health_monitor", pool.get("health_monitor", {})
        )
        persistence = pool.get("persistence", {})
        if "cookie_name" in persistence and persistence["type"] != "cookie":
            yield (
                f"{path}.persistence.cookie_name",
                "Only the type cookie has a cookie_name.",
            )


def _places(path: str, members: Sequence[Config]) -> Iterator[tuple[str, str]]:
    """Two members of a pool are not one and the same server."""
    seen: dict[tuple[str, int], int] = {}
    for index, member in enumerate(members):
        try:
            address = str(ipaddress.ip_address(member["address"]))
        except ValueError:
            continue  # that is told of already
        first = seen.setdefault((address, member["port"]), index)
        if first != index:
            yield (
                f"{path}[{index}].address",
                f"{address} port {member['port']} is another member "
                f"({path}[{first}]) already.",
            )


def _address(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return f"{text} is not an IPv4 or IPv6 address."
    for kind in ("unspecified", "multicast", "link_local"):
        if getattr(address, f"is_{kind}"):
            word = kind.replace("_", "-")
            return f"{text} is {word}; a member needs an address of its own."
    return ""


def _monitor(path: str, monitor: Config) -> Iterator[tuple[str, str]]:
    if monitor.get("type") == "tcp":
        for key in _HTTP_ONLY:
            if key in monitor:
                yield f"{path}.{key}", f"Only the type http has a {key}."
    for part in monitor.get("expected_codes", "").split(","):
        low, _, high = part.partition("-")
        if high and int(low) > int(high):
            yield f"{path}.expected_codes", f"{part} is an empty range."
    port = monitor.get("host", "").partition(":")[2]
    if port and not 0 < int(port) < 65536:
        yield f"{path}.host", f"{port} is not a port."


def listeners(config: Config) -> Sequence[Listener]:
    """The ports that clients are to reach."""
    return [
        Listener(item["name"], item["protocol"], item["port"])
        for item in config["listeners"]
    ]


def occupies(config: Config) -> Sequence[Occupied]:
    """The ports that haproxy binds, on every address of the device."""
    return [
        Occupied(f"$.listeners[{index}].port", item["port"])
        for index, item in enumerate(config["listeners"])
    ]


def peers(config: Config) -> Sequence[Peer]:
    """The members' addresses, each once, in order of appearance."""
    found = [
        Peer(member["address"], member["port"])
        for pool in config["pools"]
        for member in pool["members"]
    ]
    return list(dict.fromkeys(found))


LOADBALANCER = ServiceType(
    name="loadbalancer",
    version=1,
    description="Shares TCP connections or HTTP requests among members.",
    config_schema=CONFIG_SCHEMA,
    actions={"stats": no_arguments()},
    slots=1,
    check=check,
    listeners=listeners,
    peers=peers,
    occupies=occupies,
)
