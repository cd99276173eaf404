"""Which way an agent reaches its relay: what it is told at first boot."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from oslo_config import cfg
from sqlalchemy import orm

from servicevm.conf import RELAY_GROUP
from servicevm.db import api as db
from servicevm.db import relay_groups
from servicevm.drivers.infra.base import InterfaceSpec
from servicevm.errors import (
    NO_RELAY,
    TEMPLATE_INVALID,
    PermanentError,
    TransientError,
)

__all__ = ["OPTIONS", "SERIAL_PORT", "group", "relays", "transport"]

#: Name of the virtio-serial port; the infra driver gives its port this name.
SERIAL_PORT = "org.servicevm.agent.0"
#: Relays that an agent keeps.
_MOST = 16

#: JSON Schema of the template's options that are about the way.
OPTIONS: Mapping[str, Any] = {
    "transport": {
        "title": "Transport",
        "enum": ["serial", "tcp"],
        "x-enum-titles": {
            "serial": "Serial port of the machine",
            "tcp": "Management network",
        },
        "default": "serial",
        "description": "Which way the agent reaches a relay; tcp needs an "
        "interface with the role mgmt.",
    },
    "relays": {
        "title": "Relays",
        "description": "Where agents dial relays (tcp only); those of the "
        "relay group if not given.",
        "type": "array",
        "minItems": 1,
        "maxItems": _MOST,
        "items": {
            "title": "Relay",
            "type": "string",
            "x-sentence": "It must be as host:port.",
            "pattern": r"^[A-Za-z0-9.:\[\]-]{1,255}:[0-9]{1,5}$",
        },
    },
    "relay_group": {
        "title": "Relay group",
        "description": "Whose relays agents dial (tcp only), where the "
        "project has no relay group of its own; default if not given.",
        "type": "string",
        "pattern": RELAY_GROUP,
        "x-sentence": "It must begin with a letter or a digit and may have "
        "letters, digits, '.', '_' and '-', 64 characters at the most.",
    },
}


def group(options: Mapping[str, Any]) -> str | None:
    """See servicevm.drivers.mgmt.base.MgmtDriver.relay_group."""
    if not _dials(options):
        return None
    return str(options.get("relay_group") or "")


def transport(
    session: orm.Session,
    conf: cfg.ConfigOpts,
    device_id: str,
    relay_group: str | None,
    options: Mapping[str, Any],
    interfaces: Sequence[InterfaceSpec],
) -> dict[str, Any]:
    """The part of the bootstrap document.

    :param relay_group: the device's; None for one that is older than relay
        groups
    :raises TransientError: NO_RELAY
    :raises PermanentError: TEMPLATE_INVALID
    """
    if not _dials(options):
        return {"type": "serial", "port": SERIAL_PORT}
    mgmt = [one for one in interfaces if one.role == "mgmt"]
    if not mgmt:
        raise PermanentError(
            TEMPLATE_INVALID,
            "The transport tcp needs an interface with the role mgmt.",
        )
    told: dict[str, Any] = {
        "type": "tcp",
        "relays": relays(session, conf, device_id, relay_group, options),
        "interface_mac": mgmt[0].mac,
    }
    if relay_group is not None:
        told["relay_group"] = relay_group
    return told


def _dials(options: Mapping[str, Any]) -> bool:
    return bool(options.get("transport", "serial") == "tcp")


def relays(
    session: orm.Session,
    conf: cfg.ConfigOpts,
    device_id: str,
    relay_group: str | None,
    options: Mapping[str, Any],
) -> list[str]:
    """``host:port`` of the relays that an agent dials, in that order.

    :param relay_group: as for `transport`
    :raises TransientError: NO_RELAY
    """
    found = list(options.get("relays") or ()) or _of_group(
        session, conf, relay_group or relay_groups.DEFAULT
    )
    # Agents begin at the head of their list: each device at another.
    first = uuid.UUID(device_id).int % len(found)
    return (found[first:] + found[:first])[:_MOST]


def _of_group(
    session: orm.Session, conf: cfg.ConfigOpts, relay_group: str
) -> list[str]:
    default = relay_group == relay_groups.DEFAULT
    if default and conf.relay.addresses:
        return list(conf.relay.addresses)
    known = relay_groups.addresses(session, relay_group, db.now(session))
    if known:
        return known
    if default and conf.relay.bind_port:
        return [_joined(str(conf.relay.bind_host), conf.relay.bind_port)]
    raise TransientError(
        NO_RELAY,
        f"No relay of the relay group {relay_group} says that it lives, and "
        "where agents dial it; nor does the template (mgmt_options.relays).",
    )


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
