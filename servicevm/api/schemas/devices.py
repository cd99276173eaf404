"""Schemas of devices."""

from servicevm.api.schemas import common
from servicevm.healing import RUNGS, Waits
from servicevm.states import HoldScope, OperatingStatus, ProvisioningStatus

INTERFACE = common.exactly(
    {
        "role": common.STRING,
        "index": common.INTEGER,
        "network": common.STRING,
        "mac": common.STRING,
        "address": common.nullable(common.STRING),
        "prefix": common.nullable(common.INTEGER),
        "gateway": common.nullable(common.STRING),
        "subnet": common.nullable(common.STRING),
        "port": {
            **common.nullable(common.STRING),
            "description": "The user's own port that it is, if it is one.",
        },
        "attached": {
            **common.BOOLEAN,
            "description": "False while it was asked for and is not there.",
        },
    },
    title="Interface",
)

_OF_NETWORK = {
    "type": "string",
    "pattern": "^[A-Za-z0-9][A-Za-z0-9_.:-]{0,254}$",
}
_WISHES = {
    "role": {"type": "string", "pattern": "^[a-z][a-z0-9_-]{0,31}$"},
    "network": {
        **_OF_NETWORK,
        "description": "Id of the network that it is to be on, where the "
        "template leaves that open.",
    },
    "subnet": {
        **_OF_NETWORK,
        "description": "Id of the subnet that its address is to be of.",
    },
    "address": {"type": "string", "minLength": 2, "maxLength": 45},
    "port": {
        **_OF_NETWORK,
        "description": "Id of an existing port that it is to be; it stays "
        "when the device is deleted.",
    },
}

HEALING = common.exactly(
    {
        "began_at": {
            **common.TIME,
            "description": "When it was first seen lost, or sick.",
        },
        "attempts": common.INTEGER,
        "gave_up": {
            **common.BOOLEAN,
            "description": "All that its template says was tried; it is "
            "left to people.",
        },
        "waits_for": {
            **common.nullable({"enum": [*map(str, Waits)]}),
            "description": "Why an attempt that is due is not made: hold, "
            "breaker, channel (our own side was away), doubt (two sources "
            "do not agree), turn (others come first).",
        },
        "next_action": {
            **common.nullable({"enum": [*map(str, RUNGS)]}),
            "description": "What is tried next; null where nothing is.",
        },
        "next_at": {
            **common.nullable(common.TIME),
            "description": "When, at the earliest.",
        },
    },
    title="Healing",
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

HOLD = common.exactly(
    {
        "scope": {"enum": [*map(str, HoldScope)]},
        "reason": common.STRING,
        "expires_at": common.nullable(common.TIME),
    },
    title="DeviceHold",
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
        "relay_group": {
            **common.nullable(common.STRING),
            "description": "Whose relays its agent dials; null where it "
            "dials none.",
        },
        "agent": common.nullable(AGENT),
        "hold": {
            **common.nullable(HOLD),
            "description": "Why nothing automatic touches it: the closest "
            "of the operators' holds that cover it; null for none.",
        },
        "healing": {
            **common.nullable(HEALING),
            "description": "How far its healing has come; null while there "
            "is nothing to heal.",
        },
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
                "items": common.fields(_WISHES, "role", minProperties=2),
                "description": "Networks, addresses or ports that interfaces "
                "of the template are to have, where it leaves them open.",
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
REBUILD = common.envelope("rebuild", common.fields({}))
ATTACH = common.envelope(
    "interface", common.fields(_WISHES, "role", minProperties=2)
)
HEAL = common.envelope("heal", common.fields({}))
CONSOLE_LOG = common.exactly({"console_log": common.STRING})
