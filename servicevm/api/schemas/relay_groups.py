"""Schemas of relay groups."""

from servicevm.api.schemas import common
from servicevm.conf import RELAY_GROUP as _PATTERN

_NAME = {
    "type": "string",
    "pattern": _PATTERN,
    "x-sentence": "It must begin with a letter or a digit and may have "
    "letters, digits, '.', '_' and '-', 64 characters at the most.",
    "description": "As [relay] group of its relays says it.",
}
_PROJECT = {
    **common.nullable(common.PROJECT_ID),
    "description": "The only project whose devices it serves; null: it "
    "serves devices of any.",
}

RELAY_GROUP = common.exactly(
    {
        "name": _NAME,
        "project_id": _PROJECT,
        "description": common.DESCRIPTION,
        "relays": {
            "type": "integer",
            "description": "Its relays that are alive.",
        },
        "devices": {
            "type": "integer",
            "description": "Devices that use it.",
        },
        "created_at": common.TIME,
        "updated_at": common.TIME,
    },
    title="RelayGroup",
)

_WANTED = {"project_id": _PROJECT, "description": common.DESCRIPTION}

SHOW = common.envelope("relay_group", RELAY_GROUP)
LIST = common.collection("relay_groups", RELAY_GROUP)
CREATE = common.envelope(
    "relay_group", common.fields({"name": _NAME, **_WANTED}, "name")
)
UPDATE = common.envelope("relay_group", common.fields(_WANTED))
