"""The JSON Schema of the service type ``loadbalancer``.

A name, a path or a cookie can hold only characters that mean nothing to
haproxy, so that no value can become a directive. What is a default here is
what the agent takes where nothing is given; nobody writes it into a config.
"""

from collections.abc import Mapping
from typing import Any

MAX_LISTENERS = 64
MAX_POOLS = 64
MAX_MEMBERS = 256

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def no_arguments() -> Schema:
    """Of an action that takes none."""
    return _object("Arguments", {})


def _object(
    title: str, properties: Mapping[str, Any], *required: str, **more: Any
) -> Schema:
    return {
        "title": title,
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


def _list(title: str, items: Schema, most: int, **more: Any) -> Schema:
    return {
        "title": title,
        "type": "array",
        "maxItems": most,
        "items": items,
        **more,
    }


def _integer(
    title: str, low: int, high: int, description: str, **more: Any
) -> Schema:
    return {
        "title": title,
        "type": "integer",
        "minimum": low,
        "maximum": high,
        "description": description,
        **more,
    }


def _flag(title: str, description: str) -> Schema:
    return {
        "title": title,
        "type": "boolean",
        "default": False,
        "description": description,
    }


def _choice(title: str, words: Mapping[str, str], **more: Any) -> Schema:
    """One of the keys; the values are what people read."""
    return {
        "title": title,
        "enum": [*words],
        "x-enum-titles": dict(words),
        **more,
    }


def _name(title: str, description: str, **more: Any) -> Schema:
    return {
        "title": title,
        "type": "string",
        "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$",
        "x-sentence": "It must begin with a letter or a digit; up to 62 "
        "letters, digits, _ or - may follow.",
        "description": description,
        **more,
    }


def _timeout(title: str, what: str, default: int) -> Schema:
    return _integer(
        f"{title} (ms)",
        1,
        86_400_000,
        f"Milliseconds {what}.",
        default=default,
    )


_PORT = _integer("Port", 1, 65535, "TCP port.")

_LISTENER = _object(
    "Listener",
    {
        "name": _name("Name", "Unique among the listeners."),
        "protocol": _choice(
            "Protocol",
            {"http": "HTTP", "tcp": "TCP"},
            description="HTTP looks into requests; TCP passes bytes on.",
        ),
        "port": {**_PORT, "x-occupies": "tcp"},
        "default_pool": _name(
            "Pool",
            "Name of the pool that serves it.",
            **{"x-reference": "$.pools[*].name"},
        ),
        "connection_limit": _integer(
            "Connection limit",
            1,
            1_000_000,
            "Most connections at once.",
            default=2000,
        ),
        "client_timeout_ms": _timeout(
            "Client timeout", "that a client may be silent", 30_000
        ),
        "x_forwarded_for": _flag(
            "Tell the client's address",
            "Tell the members the client's address in the header "
            "X-Forwarded-For (http only).",
        ),
    },
    "name",
    "protocol",
    "port",
    "default_pool",
)

_MEMBER = _object(
    "Member",
    {
        "name": _name("Name", "Unique within the pool."),
        "address": {
            "title": "Address",
            "type": "string",
            "minLength": 2,
            "maxLength": 45,
            "pattern": "^[0-9A-Fa-f.:]+$",
            # A note for forms: `check` is what decides.
            "anyOf": [
                {"type": "string", "format": "ipv4"},
                {"type": "string", "format": "ipv6"},
            ],
            "x-sentence": "It must be an IPv4 or IPv6 address.",
            "description": "Where the device reaches it.",
        },
        "port": _PORT,
        "weight": _integer(
            "Weight", 0, 256, "Share of the traffic; 0 gets none.", default=1
        ),
        "backup": _flag(
            "Backup", "Used only while no other member is online."
        ),
        "drain": _flag(
            "Drain", "It finishes what runs and takes nothing new."
        ),
    },
    "name",
    "address",
    "port",
)

_MONITOR = _object(
    "Health monitor",
    {
        "type": _choice(
            "Type",
            {"http": "HTTP request", "tcp": "TCP connection"},
            description="What a member is asked for.",
        ),
        "delay_ms": _integer(
            "Delay (ms)",
            100,
            3_600_000,
            "Milliseconds between checks.",
            default=1000,
        ),
        "timeout_ms": _integer(
            "Timeout (ms)",
            1,
            3_600_000,
            "Milliseconds for an answer.",
            default=1000,
        ),
        "rise": _integer(
            "Rise", 1, 50, "Good checks until online.", default=2
        ),
        "fall": _integer("Fall", 1, 50, "Bad checks until dead.", default=3),
        "path": {
            "title": "Path",
            "type": "string",
            "maxLength": 1024,
            "pattern": "^/[A-Za-z0-9/_.~!&()*+,;=:@%?-]*$",
            "x-sentence": "It must begin with / and have no characters that "
            "a URL does not have.",
            "default": "/",
            "description": "What is asked for (http only).",
        },
        "method": _choice(
            "Method",
            {"GET": "GET", "HEAD": "HEAD", "OPTIONS": "OPTIONS"},
            default="GET",
            description="How it is asked for (http only).",
        ),
        "expected_codes": {
            "title": "Expected codes",
            "type": "string",
            "maxLength": 255,
            "pattern": "^[1-5][0-9]{2}(-[1-5][0-9]{2})?"
            "(,[1-5][0-9]{2}(-[1-5][0-9]{2})?)*$",
            "x-sentence": "It must be written like 200, 200-299 or 200,204.",
            "default": "200",
            "description": "Codes of a good answer (http only).",
        },
        "host": {
            "title": "Host header",
            "type": "string",
            "maxLength": 260,
            "pattern": "^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?"
            "(:[0-9]{1,5})?$",
            "x-sentence": "It must be the name of a host, with or without a "
            "port.",
            "description": "Host header of the check (http only).",
        },
    },
    "type",
    description="How members are asked whether they are well; without it "
    "all of them get traffic.",
    **{"x-basic": True},
)

_PERSISTENCE = _object(
    "Persistence",
    {
        "type": _choice(
            "Type",
            {"source_ip": "Client's address", "cookie": "Cookie"},
            description="What a client is known by.",
        ),
        "cookie_name": {
            "title": "Cookie name",
            "type": "string",
            "pattern": "^[A-Za-z0-9_-]{1,64}$",
            "x-sentence": "It must have 1 to 64 letters, digits, _ and -.",
            "default": "SVM",
            "description": "Name of the cookie (cookie only).",
        },
    },
    "type",
    description="Whether a client stays with the member that it had.",
)

_POOL = _object(
    "Pool",
    {
        "name": _name("Name", "Unique among the pools."),
        "algorithm": _choice(
            "Algorithm",
            {
                "round_robin": "Round robin",
                "least_connections": "Least connections",
                "source_ip": "Client's address",
            },
            description="How members are chosen.",
        ),
        "members": _list(
            "Members",
            _MEMBER,
            MAX_MEMBERS,
            **{"x-unique": ["name", ["address", "port"]]},
        ),
        "health_monitor": _MONITOR,
        "persistence": _PERSISTENCE,
        "connect_timeout_ms": _timeout(
            "Connect timeout", "to reach a member", 5_000
        ),
        "server_timeout_ms": _timeout(
            "Server timeout", "that a member may be silent", 30_000
        ),
    },
    "name",
    "algorithm",
    "members",
)

CONFIG_SCHEMA: Mapping[str, Any] = _object(
    "Configuration of a load balancer",
    {
        "listeners": _list(
            "Listeners",
            _LISTENER,
            MAX_LISTENERS,
            minItems=1,
            **{"x-unique": ["name", "port"]},
        ),
        "pools": _list(
            "Pools", _POOL, MAX_POOLS, minItems=1, **{"x-unique": "name"}
        ),
    },
    "listeners",
    "pools",
    **{"$schema": _DIALECT},
)
