"""Schemas of events."""

from servicevm.api.schemas import common
from servicevm.states import Severity

EVENT = common.exactly(
    {
        "id": common.UUID,
        "at": common.TIME,
        "type": common.STRING,
        "severity": {"enum": [*map(str, Severity)]},
        "resource_type": common.STRING,
        "resource_id": {
            "type": "string",
            "description": "Id of the resource; of a quota, its project's.",
        },
        "resource_name": common.RESOURCE_NAME,
        "resource_gone": common.RESOURCE_GONE,
        "device_id": common.nullable(common.UUID),
        "project_id": common.STRING,
        "operation_id": common.nullable(common.UUID),
        "request_id": common.nullable(common.STRING),
        "code": common.nullable(common.STRING),
        "user_id": {
            **common.nullable(common.STRING),
            "description": "Who asked for it; null where nobody did.",
        },
        "facts": {
            **common.ANY_OBJECT,
            "description": "What the message says, for programs; the keys "
            "depend on the type.",
        },
        "message": common.STRING,
    },
    title="Event",
)

LIST = common.collection("events", EVENT)
