"""Schemas of operations."""

from servicevm.api.schemas import common
from servicevm.states import Action, Initiator, OperationState, ResourceType

STEP = common.exactly(
    {
        "name": common.STRING,
        "state": common.STRING,
        "attempts": common.INTEGER,
        "message": common.STRING,
        "started_at": common.TIME,
        "finished_at": common.nullable(common.TIME),
    },
    title="OperationStep",
)

_FIELDS = {
    "id": common.UUID,
    "project_id": common.STRING,
    "resource_type": {"enum": [*map(str, ResourceType)]},
    "resource_id": common.UUID,
    "resource_name": common.RESOURCE_NAME,
    "resource_gone": common.RESOURCE_GONE,
    "device_id": common.UUID,
    "action": {"enum": [*map(str, Action)]},
    "initiator": {"enum": [*map(str, Initiator)]},
    "user_id": common.STRING,
    "request_id": common.STRING,
    "state": {"enum": [*map(str, OperationState)]},
    "step": {"type": "string", "description": "The step it is on."},
    "attempts": {
        "type": "integer",
        "description": "Attempts at the present step.",
    },
    "error_code": common.nullable(common.STRING),
    "error_text": common.STRING,
    "cancel_requested": common.BOOLEAN,
    "deadline": common.TIME,
    "created_at": common.TIME,
    "started_at": common.nullable(common.TIME),
    "finished_at": common.nullable(common.TIME),
    "updated_at": common.TIME,
}

OPERATION = common.exactly(_FIELDS, title="Operation")
OPERATION_WITH_STEPS = common.exactly(
    {**_FIELDS, "steps": {"type": "array", "items": STEP}},
    title="OperationWithSteps",
)

SHOW = common.envelope("operation", OPERATION_WITH_STEPS)
BRIEF = common.envelope("operation", OPERATION)
LIST = common.collection("operations", OPERATION)
