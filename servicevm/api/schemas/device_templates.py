"""Schemas of device templates."""

from typing import Any

from servicevm import healing
from servicevm.api.schemas import common
from servicevm.healing import Trouble

_IP = {"type": "string", "minLength": 2, "maxLength": 45}
_DRIVER = {"type": "string", "pattern": "^[a-z][a-z0-9_-]{0,62}$"}

INTERFACE = common.fields(
    {
        "role": {
            "type": "string",
            "pattern": "^[a-z][a-z0-9_-]{0,31}$",
            "description": "mgmt, ingress, egress, or free.",
        },
        "network": {
            "type": "string",
            "pattern": "^[A-Za-z0-9][A-Za-z0-9_.:-]{0,254}$",
            "description": "The infra driver's name of it: user or "
            "bridge:NAME (qemu), the name or id of a network (nova). Left "
            "out, whoever creates a device says it, where the driver allows "
            "that.",
        },
        "cidr": {
            "type": "string",
            "maxLength": 49,
            "description": "Network that addresses are handed out of.",
        },
        "gateway": _IP,
        "pool_start": {**_IP, "description": "First address handed out."},
        "pool_end": {**_IP, "description": "Last address handed out."},
    },
    "role",
)


def _seconds(least: int, most: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most}


def _default(value: Any) -> str:
    return "+".join(value) if isinstance(value, list) else str(value)


HEALTH = common.fields(
    {
        "first_contact_timeout": {
            "type": "integer",
            "minimum": 1,
            "maximum": 86400,
            "description": "Seconds that a booted device may take to call "
            "home.",
        }
    }
)


def _rungs(trouble: Trouble) -> str:
    return " and ".join(healing.RUNGS_OF[trouble])


HEALING = common.fields(
    {
        "ladder": {
            "type": "array",
            "maxItems": len(healing.RUNGS),
            "uniqueItems": True,
            "items": {"enum": [*map(str, healing.RUNGS)]},
            "description": "What is tried, the gentlest first: "
            f"{_rungs(Trouble.LOST)} with a device that is lost, "
            f"{_rungs(Trouble.SICK)} with a service that is DEAD on a device "
            "that is well; empty: nothing is done by itself.",
        },
        "after": {
            **_seconds(1, 86_400),
            "description": "Seconds that a device is lost, or a service "
            "dead, before anything is tried.",
        },
        "attempts": {
            "type": "integer",
            "minimum": 1,
            "maximum": 10,
            "description": "Attempts at each rung of the ladder.",
        },
        "backoff": {
            **_seconds(1, 3600),
            "description": "Seconds after the first attempt until the next; "
            "doubled with each.",
        },
        "cooldown": {
            **_seconds(1, 604_800),
            "description": "Seconds after an attempt from which a loss "
            "counts as a new one.",
        },
    }
)

#: What a revision of a template says.
SPEC = {
    "infra_driver": _DRIVER,
    "infra_options": {
        **common.ANY_OBJECT,
        "description": "Options of the infra driver, by its own schema.",
    },
    "mgmt_driver": _DRIVER,
    "mgmt_options": {
        **common.ANY_OBJECT,
        "description": "Options of the mgmt driver, by its own schema.",
    },
    "interfaces": {
        "type": "array",
        "minItems": 1,
        "maxItems": 16,
        "items": INTERFACE,
    },
    "service_types": {
        "type": "array",
        "maxItems": 64,
        "uniqueItems": True,
        "items": {"type": "string", "minLength": 1, "maxLength": 64},
    },
    "slots": {
        "type": "integer",
        "minimum": 1,
        "maximum": 1000,
        "description": "Capacity of a device; a service takes the slots of "
        "its type.",
    },
    "health": HEALTH,
    "healing": {
        **HEALING,
        "description": "What is done by itself with a device that is DEAD "
        "or UNRESPONSIVE, or a service that is DEAD; what is not said is "
        + ", ".join(
            f"{key} {_default(value)}"
            for key, value in healing.DEFAULTS.items()
        )
        + ".",
    },
}

#: What a spec says where the user does not.
DEFAULTS = {
    "infra_options": {},
    "mgmt_driver": "agent",
    "mgmt_options": {},
    "service_types": [],
    "slots": 1,
    "health": {},
    "healing": {},
}

_AMOUNT = common.nullable({"type": "integer", "minimum": 0})
FOOTPRINT = {
    **common.exactly({"vcpus": _AMOUNT, "ram_mib": _AMOUNT}),
    "description": "What a device that is made of it takes of its project's "
    "quotas; null where the infra driver is not installed.",
}
CAPABILITIES = {
    "type": "object",
    "additionalProperties": common.BOOLEAN,
    "description": "What its infra driver can do with a device that is made "
    "of it; empty where that is not installed.",
}

TEMPLATE = common.exactly(
    {
        "id": common.UUID,
        "project_id": common.STRING,
        "revision": {
            "type": "integer",
            "description": "Rises when the spec changes; a device keeps the "
            "revision it was made with.",
        },
        **common.DESCRIBED,
        **SPEC,
        "footprint": FOOTPRINT,
        "capabilities": CAPABILITIES,
        "created_at": common.TIME,
        "updated_at": common.TIME,
    },
    title="DeviceTemplate",
)

SHOW = common.envelope("device_template", TEMPLATE)
LIST = common.collection("device_templates", TEMPLATE)
CREATE = common.envelope(
    "device_template",
    common.fields(
        {**common.DESCRIBED, **SPEC}, "name", "infra_driver", "interfaces"
    ),
)
UPDATE = common.envelope(
    "device_template", common.fields({**common.DESCRIBED, **SPEC})
)
