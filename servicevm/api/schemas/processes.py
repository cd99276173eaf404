"""Schemas of conductors, relays and api processes."""

from servicevm.api.schemas import common

_FIELDS = {
    "id": {**common.UUID, "description": "Of this run of the process."},
    "name": common.STRING,
    "host": common.STRING,
    "version": common.STRING,
    "alive": {
        "type": "boolean",
        "description": "Whether it was heard of within the last 20 seconds.",
    },
    "started_at": common.TIME,
    "last_seen": common.TIME,
}

CONDUCTOR = common.exactly(_FIELDS, title="Conductor")
API = common.exactly(_FIELDS, title="Api")
RELAY = common.exactly(
    {
        **_FIELDS,
        "group": {"type": "string", "description": "Its relay group."},
        "group_project_id": {
            **common.nullable(common.STRING),
            "description": "The only project that its group serves; null: "
            "it serves any.",
        },
        "address": common.nullable(
            {
                "type": "string",
                "description": "Where agents dial it, host:port; null where "
                "they come by virtio-serial only.",
            }
        ),
        "sessions": {"type": "integer", "description": "Open sessions."},
        "draining": {
            "type": "boolean",
            "description": "Whether it is to take no new sessions, and to "
            "let those go that it has.",
        },
    },
    title="Relay",
)

CONDUCTORS = common.collection("conductors", CONDUCTOR)
SHOW_CONDUCTOR = common.envelope("conductor", CONDUCTOR)
APIS = common.collection("apis", API)
SHOW_API = common.envelope("api", API)
RELAYS = common.collection("relays", RELAY)
SHOW_RELAY = common.envelope("relay", RELAY)
UPDATE_RELAY = common.envelope(
    "relay", common.exactly({"draining": common.BOOLEAN})
)
