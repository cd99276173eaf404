"""Schemas of services. A service's ``config`` has its type's own schema."""

from servicevm.api.schemas import common
from servicevm.api.schemas.devices import HEALING, STATUS
from servicevm.states import OperatingStatus

ENDPOINT = common.exactly(
    {
        "name": common.STRING,
        "protocol": common.STRING,
        "address": common.STRING,
        "port": common.INTEGER,
    },
    title="Endpoint",
)

MEMBER = common.exactly(
    {
        "pool": common.STRING,
        "name": common.STRING,
        "operating_status": {"enum": [*map(str, OperatingStatus)]},
    },
    title="MemberStatus",
)

MANAGED_BY = {
    "type": "string",
    "minLength": 1,
    "maxLength": 64,
    "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]*$",
    "description": "Service of the cloud that owns it, e.g. neutron: its "
    "project may see it, but not change it.",
}

SERVICE = common.exactly(
    {
        "id": common.UUID,
        "project_id": common.STRING,
        **common.DESCRIBED,
        "device_id": common.UUID,
        "device_name": {
            **common.STRING,
            "description": "What the device is called by now.",
        },
        "service_type": common.STRING,
        "managed_by": common.nullable(common.STRING),
        "config": common.ANY_OBJECT,
        "digest": {
            "type": "string",
            "description": "sha256: and the hex of the config's canonical "
            "JSON.",
        },
        **STATUS,
        "endpoints": {
            "type": "array",
            "items": ENDPOINT,
            "description": "Where the listeners are reached.",
        },
        "members": {"type": "array", "items": MEMBER},
        "slots": common.INTEGER,
        "healing": {
            **common.nullable(HEALING),
            "description": "How far its healing has come; null while there "
            "is nothing to heal.",
        },
        "created_at": common.TIME,
        "updated_at": common.TIME,
    },
    title="Service",
)

SHOW = common.envelope("service", SERVICE)
LIST = common.collection("services", SERVICE)
CREATE = common.envelope(
    "service",
    common.fields(
        {
            **common.DESCRIBED,
            "device_id": common.ID,
            "service_type": {
                "type": "string",
                "minLength": 1,
                "maxLength": 64,
            },
            "config": common.ANY_OBJECT,
            "managed_by": MANAGED_BY,
            "project_id": {
                **common.PROJECT_ID,
                "description": "Project of the device, if given: services "
                "belong to it as well.",
            },
        },
        "name",
        "device_id",
        "service_type",
        "config",
    ),
)
UPDATE = common.envelope(
    "service",
    common.fields({**common.DESCRIBED, "config": common.ANY_OBJECT}),
)
STATS = common.exactly({"stats": common.ANY_OBJECT})
ACTION = common.fields({"arguments": common.ANY_OBJECT})
ACTION_RESULT = common.exactly({"result": common.ANY_OBJECT})
