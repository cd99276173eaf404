"""Schemas of usage."""

from servicevm.api.schemas import common
from servicevm.states import ResourceType

_HOURS = {
    "type": "number",
    "minimum": 0,
    "description": "Hours, or what was taken times the hours; exact to a "
    "millionth.",
}
_COUNT = {"type": "integer", "minimum": 0}

#: What is taken over time, and traffic.
_TAKEN = {
    "vcpu_hours": _HOURS,
    "ram_mib_hours": _HOURS,
    "slot_hours": _HOURS,
    "connections": {**_COUNT, "description": "Connections to services."},
    "bytes_in": {**_COUNT, "description": "Bytes from clients."},
    "bytes_out": {**_COUNT, "description": "Bytes to clients."},
}
_PERIOD = {
    "start": common.TIME,
    "end": {**common.TIME, "description": "What is of this moment is not."},
}

USAGE = common.exactly(
    {
        "project_id": common.STRING,
        **_PERIOD,
        "device_hours": _HOURS,
        "service_hours": _HOURS,
        **_TAKEN,
        "traffic_resolution": {
            **_COUNT,
            "description": "Seconds: traffic is of the period in which such "
            "a part of the day begins.",
        },
    },
    title="ProjectUsage",
) | {"x-untagged": "It grows by itself."}
RESOURCE = common.exactly(
    {
        "resource_type": {
            "enum": [str(ResourceType.DEVICE), str(ResourceType.SERVICE)]
        },
        "resource_id": common.UUID,
        "resource_name": common.RESOURCE_NAME,
        "device_id": common.UUID,
        "project_id": common.STRING,
        "template_id": {
            **common.nullable(common.UUID),
            "description": "Of a device.",
        },
        "service_type": {
            **common.nullable(common.STRING),
            "description": "Of a service.",
        },
        "started_at": common.TIME,
        "ended_at": {
            **common.nullable(common.TIME),
            "description": "Null while it is there.",
        },
        **_PERIOD,
        "hours": _HOURS,
        **_TAKEN,
    },
    title="UsageResource",
)

SHOW = common.envelope("usage", USAGE)
LIST = common.collection("usage", USAGE)
RESOURCES = common.collection("usage_resources", RESOURCE)
