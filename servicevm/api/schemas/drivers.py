"""Schemas of drivers."""

from servicevm.api.schemas import common

#: What a driver does: it makes devices, or configures them.
KINDS = ("infra", "mgmt")

DRIVER = common.exactly(
    {
        "name": {
            "type": "string",
            "description": "What a template says. A driver of each kind may "
            "have the same name.",
        },
        "kind": {"enum": [*KINDS]},
        "description": common.STRING,
        "capabilities": {
            "type": "object",
            "additionalProperties": common.BOOLEAN,
            "description": "What an infra driver can do.",
        },
        "options_schema": {
            **common.ANY_OBJECT,
            "description": "JSON Schema of a template's infra_options or "
            "mgmt_options.",
        },
    },
    title="Driver",
)

LIST = common.collection("drivers", DRIVER)
