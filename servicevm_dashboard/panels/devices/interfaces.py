"""Interfaces that are attached to a device and detached: what can be. Pure.

The service itself has the last word.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from servicevm_dashboard import words
from servicevm_dashboard.panels.devices import addresses
from servicevm_dashboard.panels.devices.made_of import MadeOf

__all__ = ["cannot_attach", "cannot_detach", "find", "problems", "schema"]

#: Interfaces that a device has at the most; the service's.
MOST = 16
#: Roles that a new one can have, besides those that there are already.
_ROLES = ("ingress", "egress")
#: The role of the one that the device is reached by.
_MGMT = "mgmt"


def find(device: Any, index: int) -> Mapping[str, Any] | None:
    """The interface of this index; None: there is none."""
    found: Iterator[Mapping[str, Any]] = (
        one for one in device.interfaces if one["index"] == index
    )
    return next(found, None)


def cannot_attach(device: Any, made_of: MadeOf | None) -> str:
    """Why there can be no other interface now; empty if there can.

    :param made_of: None where it is not known: nothing is refused for that
    """
    if not _can(made_of):
        return _kind(made_of)
    if len(device.interfaces) >= MOST:
        return _("It has %(count)s interfaces, and can have no more.") % {
            "count": len(device.interfaces)
        }
    return _busy(device)


def cannot_detach(
    device: Any, made_of: MadeOf | None, interface: Mapping[str, Any]
) -> str:
    """Why this one has to stay; empty if it need not."""
    if not _can(made_of):
        return _kind(made_of)
    role = interface["role"]
    if role == _MGMT:
        return _("Without it the device could not be managed any more.")
    others = [
        one
        for one in device.interfaces
        if one["role"] == role and one["index"] != interface["index"]
    ]
    if device.slots["used"] and not others:
        return _(
            "It is the last one for this, and the device has services: "
            "delete them first."
        )
    return _busy(device)


def _can(made_of: MadeOf | None) -> bool:
    return made_of is None or made_of["capabilities"].get(
        "attach_interface", True
    )


def _kind(made_of: MadeOf | None) -> str:
    name = "" if made_of is None else made_of["infra_driver"]
    return _("Devices of this kind keep their interfaces: %(kind)s.") % {
        "kind": words.of_plugin(words.INFRA_DRIVER, name)
    }


def _busy(device: Any) -> str:
    """Why nothing of it can be changed now."""
    status = device.provisioning_status
    if status == "PENDING_CREATE":
        return _("It is still being built.")
    if status == "PENDING_DELETE":
        return _("It is being deleted.")
    if status == "ERROR":
        return _("It failed: repair or delete it first.")
    if status != "ACTIVE":
        return _("It is being changed: wait until that is done.")
    return ""


def schema(
    device: Any, networks: Sequence[tuple[str, str]] = ()
) -> dict[str, Any]:
    """What is asked for of a new one.

    :param networks: id and name of those that there are, if that is known
    """
    present = (one["role"] for one in device.interfaces)
    roles = [
        role for role in dict.fromkeys((*_ROLES, *present)) if role != _MGMT
    ]
    return {
        "type": "object",
        "required": ["role"],
        "properties": {
            "role": {
                "title": _("Used For"),
                "enum": roles,
                "x-enum-titles": {
                    role: str(words.of(words.ROLE, role)) for role in roles
                },
            },
            "network": {**addresses.network_field(networks), "x-basic": True},
            "address": addresses.address_field(),
            "subnet": {
                **_reference(),
                "title": _("Subnet"),
                "description": _(
                    "Id of the subnet that its address is to be of, where "
                    "the network has several."
                ),
                "x-sentence": _("It must be the id of a subnet."),
            },
            "port": {
                **_reference(),
                "title": _("Port"),
                "description": _(
                    "Id of a port of yours that it is to be, instead of a "
                    "network."
                ),
                "x-sentence": _("It must be the id of a port."),
            },
        },
    }


def _reference() -> dict[str, Any]:
    return {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": addresses.REFERENCE,
    }


def problems(
    document: Mapping[str, Any],
) -> Iterator[tuple[tuple[str], str]]:
    """Path of each field that can not be, with a sentence.

    :param document: fits the schema
    """
    if not document.get("port"):
        if not document.get("network"):
            yield ("network",), _("Choose a network, or name a port.")
        return
    for key in ("network", "subnet", "address"):
        if document.get(key):
            yield (key,), _("The port says it: leave this empty.")
