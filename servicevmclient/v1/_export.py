"""What is there, as a manifest."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from servicevmclient.v1._resource import Resource
from servicevmclient.v1._verbs import Verbs
from servicevmclient.v1.device import Device
from servicevmclient.v1.device_template import DeviceTemplate
from servicevmclient.v1.manifest import SCHEMA, SECTIONS, tag_of
from servicevmclient.v1.service import Service

#: what a manifest need not say
_USUAL: Mapping[str, Any] = {
    "description": "",
    "tags": [],
    "properties": {},
    "infra_options": {},
    "mgmt_options": {},
    "health": {},
    "healing": {},
}
#: what a wish for an interface can say, but for an address of its own
_WISHES = ("role", "network", "subnet")


def export(service: Verbs, *, label: str | None) -> dict[str, Any]:
    """A document that `manifest.parse` takes and that changes nothing.

    Services that another service of the cloud owns are left out, and so is
    what is being deleted.

    :param label: only what was applied with it
    """
    rows = {}
    for kind in SECTIONS.values():
        query: dict[str, Any] = {"sort": "created_at:asc"}
        # All templates: they say what devices of them wished for.
        if label is not None and kind is not DeviceTemplate:
            query["tags"] = tag_of(label)
        rows[kind] = [
            one.to_dict_view()
            for one in service.each(kind, **query)
            if _kept(one)
        ]
    names = {
        kind: _references(rows[kind]) for kind in (DeviceTemplate, Device)
    }
    opened = {one["id"]: _open_roles(one) for one in rows[DeviceTemplate]}
    document: dict[str, Any] = {} if label is None else {"label": label}
    document["templates"] = [
        _said(one, "templates", label)
        for one in rows[DeviceTemplate]
        if label is None or tag_of(label) in one["tags"]
    ]
    document["devices"] = [
        {
            "name": one["name"],
            "template": names[DeviceTemplate][one["template_id"]],
            **_interfaces(one, opened[one["template_id"]]),
            **_said(one, "devices", label),
        }
        for one in rows[Device]
    ]
    document["services"] = [
        {
            "name": one["name"],
            "device": names[Device].get(one["device_id"], one["device_name"]),
            **_said(one, "services", label),
        }
        for one in rows[Service]
    ]
    return {key: value for key, value in document.items() if value}


def _kept(one: Resource) -> bool:
    data = one.to_dict_view()
    return (
        data.get("provisioning_status") != "PENDING_DELETE"
        and data.get("managed_by") is None
    )


def _said(
    data: Mapping[str, Any], section: str, label: str | None
) -> dict[str, Any]:
    """What a manifest says of a resource, in the order of its schema."""
    known = SCHEMA["properties"][section]["items"]["properties"]
    found = {key: data[key] for key in known if key in data}
    if section == "devices":
        # What it has is not what was wished for; see `_interfaces`.
        del found["interfaces"]
    if label is not None:
        found["tags"] = [one for one in data["tags"] if one != tag_of(label)]
    return {
        key: value
        for key, value in found.items()
        if key not in _USUAL or value != _USUAL[key]
    }


def _references(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Id to the name; to the id where others have the name as well."""
    counts = Counter(one["name"] for one in rows)
    return {
        one["id"]: one["name"] if counts[one["name"]] == 1 else one["id"]
        for one in rows
    }


def _open_roles(template: Mapping[str, Any]) -> Sequence[str]:
    """Roles of interfaces whose network a template leaves open."""
    return [
        one["role"] for one in template["interfaces"] if not one.get("network")
    ]


def _interfaces(
    device: Mapping[str, Any], roles: Sequence[str]
) -> dict[str, Any]:
    """What was wished for, where the template leaves it open."""
    wishes = [
        _wish(one) for one in device["interfaces"] if one["role"] in roles
    ]
    return {"interfaces": wishes} if wishes else {}


def _wish(interface: Mapping[str, Any]) -> dict[str, Any]:
    # Of a user's own port, network and subnet are the port's.
    keys = ("role", "port") if interface.get("port") else _WISHES
    return {key: interface[key] for key in keys if interface.get(key)}
