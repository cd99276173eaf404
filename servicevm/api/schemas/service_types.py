"""Schemas of service types."""

from servicevm.api.schemas import common

SERVICE_TYPE = common.exactly(
    {
        "name": common.STRING,
        "version": common.INTEGER,
        "description": common.STRING,
        "slots": common.INTEGER,
        "actions": {
            "type": "object",
            "additionalProperties": common.ANY_OBJECT,
            "description": "Action to the JSON Schema of its arguments.",
        },
        "config_schema": {
            **common.ANY_OBJECT,
            "description": "JSON Schema of a service's config.",
        },
    },
    title="ServiceType",
)

SHOW = common.envelope("service_type", SERVICE_TYPE)
LIST = common.collection("service_types", SERVICE_TYPE)
