"""The service type ``loadbalancer``: TCP and HTTP load balancing.

The schema says what fits a field; `check` says what fits together. Both
report a field by its JSONPath, ``$.listeners[0].port``. Times are in
milliseconds. A name, a path or a cookie can hold only characters that mean
nothing to haproxy, so that no value can become a directive.
"""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from servicevm.drivers.infra.base import Listener, Peer
from servicevm.service_types.base import Config, ServiceType

MAX_LISTENERS = 64
MAX_POOLS = 64
MAX_MEMBERS = 256

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def _object(
    properties: Mapping[str, Any], *required: str, **more: Any
) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


def _integer(low: int, high: int, description: str) -> dict[str, Any]:
    return {
        "type": "integer",
        "minimum": low,
        "maximum": high,
        "description": description,
    }


def _name(description: str) -> dict[str, Any]:
    return {
        "type": "string",
        "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$",
        "description": description,
    }


def _timeout(what: str) -> dict[str, Any]:
    return _integer(1, 86_400_000, f"Milliseconds {what}.")


_PORT = _integer(1, 65535, "TCP port.")

_LISTENER = _object(
    {
        "name": _name("Unique among the listeners."),
        "protocol": {
            "enum": ["http", "tcp"],
            "description": "http looks into requests, tcp passes bytes on.",
        },
        "port": _PORT,
        "connection_limit": _integer(
            1, 1_000_000, "Most connections at once; 2000 if not given."
        ),
        "client_timeout_ms": _timeout(
            "that a client may be silent; 30000 if not given"
        ),
        "default_pool": _name("Name of the pool that serves it."),
        "x_forwarded_for": {
            "type": "boolean",
            "description": "Tell the members the client's address in the "
            "header X-Forwarded-For (http only); false if not given.",
        },
    },
    "name",
    "protocol",
    "port",
    "default_pool",
)

_MEMBER = _object(
    {
        "name": _name("Unique within the pool."),
        "address": {
            "type": "string",
            "minLength": 2,
            "maxLength": 45,
            "pattern": "^[0-9A-Fa-f.:]+$",
            "description": "IPv4 or IPv6 address.",
        },
        "port": _PORT,
        "weight": _integer(
            0, 256, "Share of the traffic; 1 if not given, 0 gets none."
        ),
        "backup": {
            "type": "boolean",
            "description": "Used only while no other member is online.",
        },
        "drain": {
            "type": "boolean",
            "description": "Finish what runs, take nothing new.",
        },
    },
    "name",
    "address",
    "port",
)

_MONITOR = _object(
    {
        "type": {"enum": ["http", "tcp"]},
        "delay_ms": _integer(
            100, 3_600_000, "Milliseconds between checks; 1000 if not given."
        ),
        "timeout_ms": _integer(
            1, 3_600_000, "Milliseconds for an answer; 1000 if not given."
        ),
        "rise": _integer(1, 50, "Good checks until online; 2 if not given."),
        "fall": _integer(1, 50, "Bad checks until dead; 3 if not given."),
        "path": {
            "type": "string",
            "maxLength": 1024,
            "pattern": "^/[A-Za-z0-9/_.~!&()*+,;=:@%?-]*$",
            "description": "What is asked for (http only); / if not given.",
        },
        "method": {
            "enum": ["GET", "HEAD", "OPTIONS"],
            "description": "How it is asked for (http only); GET if not "
            "given.",
        },
        "expected_codes": {
            "type": "string",
            "maxLength": 255,
            "pattern": "^[1-5][0-9]{2}(-[1-5][0-9]{2})?"
            "(,[1-5][0-9]{2}(-[1-5][0-9]{2})?)*$",
            "description": "Good answers (http only): 200, 200-299 or "
            "200,204; 200 if not given.",
        },
        "host": {
            "type": "string",
            "maxLength": 260,
            "pattern": "^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?"
            "(:[0-9]{1,5})?$",
            "description": "Host header of the check (http only).",
        },
    },
    "type",
)

_PERSISTENCE = _object(
    {
        "type": {"enum": ["source_ip", "cookie"]},
        "cookie_name": {
            "type": "string",
            "pattern": "^[A-Za-z0-9_-]{1,64}$",
            "description": "Name of the cookie (cookie only); SVM if not "
            "given.",
        },
    },
    "type",
)

_POOL = _object(
    {
        "name": _name("Unique among the pools."),
        "algorithm": {
            "enum": ["round_robin", "least_connections", "source_ip"]
        },
        "connect_timeout_ms": _timeout("to reach a member; 5000 if not given"),
        "server_timeout_ms": _timeout(
            "that a member may be silent; 30000 if not given"
        ),
        "members": {
            "type": "array",
            "maxItems": MAX_MEMBERS,
            "items": _MEMBER,
        },
        "health_monitor": _MONITOR,
        "persistence": _PERSISTENCE,
    },
    "name",
    "algorithm",
    "members",
)

CONFIG_SCHEMA: Mapping[str, Any] = _object(
    {
        "listeners": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_LISTENERS,
            "items": _LISTENER,
        },
        "pools": {
            "type": "array",
            "minItems": 1,
            "maxItems": MAX_POOLS,
            "items": _POOL,
        },
    },
    "listeners",
    "pools",
    title="Configuration of a load balancer",
    **{"$schema": _DIALECT},
)

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
        yield from _monitor(
            f"{path}.health_monitor", pool.get("health_monitor", {})
        )
        persistence = pool.get("persistence", {})
        if "cookie_name" in persistence and persistence["type"] != "cookie":
            yield (
                f"{path}.persistence.cookie_name",
                "Only the type cookie has a cookie_name.",
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
    actions={"stats": _object({})},
    slots=1,
    check=check,
    listeners=listeners,
    peers=peers,
)
