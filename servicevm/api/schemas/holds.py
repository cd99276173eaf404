"""Schemas of operators' holds."""

from servicevm.api.schemas import common
from servicevm.states import HoldScope

_REASON = {
    **common.NAME,
    "description": "Why hands are off, for people: the project of a device "
    "that it covers sees it, too.",
}
_EXPIRES = {
    **common.nullable(common.TIME),
    "description": "When it ends by itself; null for never.",
}

HOLD = common.exactly(
    {
        "id": common.UUID,
        "scope": {"enum": [*map(str, HoldScope)]},
        "target": {
            **common.nullable(common.STRING),
            "description": "Id of the device, device template or project; "
            "null where everything is held.",
        },
        "target_name": {
            **common.nullable(common.STRING),
            "description": "What the device or device template is called.",
        },
        "reason": _REASON,
        "user_id": {
            **common.STRING,
            "description": "Who set it, or renewed it last.",
        },
        "created_at": common.TIME,
        "updated_at": common.TIME,
        "expires_at": _EXPIRES,
    },
    title="Hold",
)

SHOW = common.envelope("hold", HOLD)
LIST = common.collection("holds", HOLD)
CREATE = common.envelope(
    "hold",
    common.fields(
        {
            "device_id": common.ID,
            "template_id": common.ID,
            "project_id": common.PROJECT_ID,
            "everything": {
                "enum": [True],
                "description": "True for all devices there are. Of this, "
                "device_id, template_id and project_id one must be given.",
            },
            "reason": _REASON,
            "expires_at": _EXPIRES,
        },
        "reason",
    ),
)
