"""Schemas of devices."""

from servicevm.api.schemas import common
from servicevm.states import OperatingStatus, ProvisioningStatus

INTERFACE = common.exactly(
    {
        "role": common.STRING,
        "index": common.INTEGER,
        "network": common.STRING,
        "mac": common.STRING,
        "address": common.nullable(common.STRING),
        "prefix": common.nullable(common.INTEGER),
        "gateway": common.nullable(common.STRING),
    },
    title="Interface",
)

AGENT = common.exactly(
    {
        "connected": common.BOOLEAN,
        "version": common.STRING,
        "boot_id": common.STRING,
        "connected_at": common.TIME,
        "last_seen": common.TIME,
        "certificate": common.nullable(
            common.exactly({"serial": common.STRING, "not_after": common.TIME})
        ),
    },
    title="Agent",
)

#: What devices and services say of their state.
STATUS = {
    "provisioning_status": {"enum": [*map(str, ProvisioningStatus)]},
    "operating_status": {"enum": [*map(str, OperatingStatus)]},
    "status_code": common.nullable(common.STRING),
    "status_reason": common.STRING,
    "generation": common.INTEGER,
    "observed_generation": common.INTEGER,
    "operation_id": common.nullable(common.UUID),
}

DEVICE = common.exactly(
    {
        "id": common.UUID,
        "project_id": common.STRING,
        **common.DESCRIBED,
        "kind": {"enum": ["vm", "external"]},
        "template_id": common.UUID,
        "template_name": {
            **common.STRING,
            "description": "What the template is called by now.",
        },
        "template_revision": common.INTEGER,
        **STATUS,
        "interfaces": {"type": "array", "items": INTERFACE},
        "agent": common.nullable(AGENT),
        "slots": common.exactly(
            {"total": common.INTEGER, "used": common.INTEGER}
        ),
        "facts": common.ANY_OBJECT,
        "created_at": common.TIME,
        "updated_at": common.TIME,
        "launched_at": common.nullable(common.TIME),
    },
    title="Device",
)

SHOW = common.envelope("device", DEVICE)
LIST = common.collection("devices", DEVICE)
CREATE = common.envelope(
    "device",
    common.fields(
        {
            **common.DESCRIBED,
            "template_id": common.ID,
            "project_id": {
                **common.PROJECT_ID,
                "description": "Project that it is to belong to, if that "
                "is another than the caller's; for administrators and "
                "services of the cloud.",
            },
            "interfaces": {
                "type": "array",
                "maxItems": 16,
                "items": common.fields(
                    {
                        "role": common.STRING,
                        "address": {
                            "type": "string",
                            "minLength": 2,
                            "maxLength": 45,
                        },
                    },
                    "role",
                    "address",
                ),
                "description": "Addresses that interfaces of the template "
                "are to have; the others are given free ones.",
            },
        },
        "name",
        "template_id",
    ),
)
UPDATE = common.envelope("device", common.fields(common.DESCRIBED))
REBOOT = common.envelope(
    "reboot",
    common.fields(
        {
            "hard": {
                "type": "boolean",
                "description": "Without asking the guest; false if not given.",
            }
        }
    ),
)
CONSOLE_LOG = common.exactly({"console_log": common.STRING})
