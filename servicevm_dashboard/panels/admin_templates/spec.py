"""What a template says of its devices, as schemas for forms; and back.

The limits are those of the service; the options of the drivers are asked
for by the drivers' own schemas.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from servicevm_dashboard import words
from servicevm_dashboard.api.servicevm import Driver, ServiceType
from servicevm_dashboard.panels.admin_templates import healing as healing_form

#: What the hosting form is about.
HOSTING = ("interfaces", "service_types", "slots", "health", "healing")
#: What the options form is about, by kind of driver.
OPTIONS = {"infra": "infra_options", "mgmt": "mgmt_options"}

_ADDRESS = {
    "type": "string",
    "minLength": 2,
    "maxLength": 45,
    "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}],
}


def drivers_schema(drivers: Iterable[Driver]) -> dict[str, Any]:
    """Which drivers there are to choose from."""
    known = list(drivers)

    def one(kind: str, title: str, table: Mapping[str, Any]) -> dict[str, Any]:
        names = [driver.name for driver in known if driver.kind == kind]
        # The first is what is chosen at first: nobody makes trials by it.
        names.sort(key=lambda name: name == "noop")
        return {
            "title": title,
            "enum": names,
            "x-enum-titles": [str(words.of(table, name)) for name in names],
        }

    return {
        "type": "object",
        "required": ["infra_driver", "mgmt_driver"],
        "properties": {
            "infra_driver": one("infra", _("Made as"), words.INFRA_DRIVER),
            "mgmt_driver": one("mgmt", _("Managed by"), words.MGMT_DRIVER),
        },
    }


def options_schema(
    drivers: Iterable[Driver], chosen: Mapping[str, str]
) -> dict[str, Any]:
    """The options of the chosen drivers.

    :param chosen: kind of a driver to its name
    """
    titles = {"infra": _("Machine"), "mgmt": _("Management")}
    found = {
        driver.kind: driver.options_schema
        for driver in drivers
        if chosen.get(driver.kind) == driver.name
    }
    properties = {
        key: {**_titled(found[kind]), "title": titles[kind]}
        for kind, key in OPTIONS.items()
        if found.get(kind, {}).get("properties")  # type: ignore[attr-defined]
    }
    # Each is there; what is in it need not be.
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
    }


def _titled(schema: Mapping[str, Any]) -> dict[str, Any]:
    """With the words that are known for its options."""
    properties = {
        key: {"x-basic": True, **value}
        | ({"title": str(words.OPTION[key])} if key in words.OPTION else {})
        for key, value in schema["properties"].items()
    }
    return {**schema, "properties": properties}


def hosting_schema(service_types: Iterable[ServiceType]) -> dict[str, Any]:
    """Networks, what is hosted, and how much of it."""
    return {
        "type": "object",
        "required": [*HOSTING],
        "properties": {
            "interfaces": {
                "type": "array",
                "title": _("Interfaces"),
                "description": _("Each device gets these."),
                "minItems": 1,
                "maxItems": 16,
                "items": _interface(),
            },
            "service_types": {
                "type": "object",
                "title": _("Service types"),
                "description": _("What its devices may host."),
                "properties": {
                    one.name: {
                        "type": "boolean",
                        "title": str(words.of(words.SERVICE_TYPE, one.name)),
                        "description": one.description or "",
                        "x-basic": True,
                    }
                    for one in service_types
                },
            },
            "slots": {
                "type": "integer",
                "title": _("Slots"),
                "description": _(
                    "Capacity of a device: each service takes the slots of "
                    "its type."
                ),
                "minimum": 1,
                "maximum": 1000,
                "default": 1,
            },
            "health": {
                "type": "object",
                "title": _("Health"),
                "properties": {
                    "first_contact_timeout": {
                        "type": "integer",
                        "title": _("First contact within (seconds)"),
                        "description": _(
                            "A device that has not called home by then has "
                            "failed."
                        ),
                        "minimum": 1,
                        "maximum": 86400,
                        "x-basic": True,
                    }
                },
            },
            "healing": healing_form.schema(),
        },
    }


def _interface() -> dict[str, Any]:
    return {
        "type": "object",
        "title": _("Interface"),
        "required": ["role"],
        "properties": {
            "role": {
                "type": "string",
                "title": _("Role"),
                "description": _(
                    "One of mgmt, ingress and egress, or a word of your own."
                ),
                "pattern": "^[a-z][a-z0-9_-]{0,31}$",
                "x-sentence": _(
                    "It begins with a small letter; small letters, digits, _ "
                    "and - may follow."
                ),
            },
            "network": {
                "type": "string",
                "title": _("Network"),
                "description": _(
                    "What the infra driver calls it: user, or bridge:NAME. "
                    "If it is left empty, whoever creates a device chooses "
                    "it, where the driver allows that."
                ),
                "x-basic": True,
                "pattern": "^[A-Za-z0-9][A-Za-z0-9_.:-]{0,254}$",
                "x-sentence": _("It has letters, digits and _ . : -"),
            },
            "cidr": {
                "type": "string",
                "title": _("Addresses out of"),
                "description": _("A network like 192.0.2.0/24."),
                "maxLength": 49,
                "x-basic": True,
            },
            "gateway": {**_ADDRESS, "title": _("Gateway")},
            "pool_start": {**_ADDRESS, "title": _("First address")},
            "pool_end": {**_ADDRESS, "title": _("Last address")},
        },
    }


def hosting_document(shown: Mapping[str, Any]) -> dict[str, Any]:
    """A template, as the form has it."""
    found = {key: shown[key] for key in HOSTING if shown.get(key)}
    found["service_types"] = dict.fromkeys(shown["service_types"], True)
    found["healing"] = healing_form.document(shown.get("healing") or {})
    return found


def hosting(document: Mapping[str, Any]) -> dict[str, Any]:
    """What was filled in, as the service is sent it."""
    types = document.get("service_types", {})
    return {
        "interfaces": document.get("interfaces", []),
        "service_types": [name for name, on in types.items() if on],
        "slots": document.get("slots", 1),
        "health": document.get("health", {}),
        "healing": healing_form.attributes(document.get("healing", {})),
    }


def options(document: Mapping[str, Any]) -> dict[str, Any]:
    """The same of the options."""
    return {key: document.get(key, {}) for key in OPTIONS.values()}
