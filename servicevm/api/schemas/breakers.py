"""Schemas of breakers."""

from servicevm.api.schemas import common

BREAKER = common.exactly(
    {
        "name": {
            **common.STRING,
            "description": "fleet, relay-group:NAME or zone:NAME.",
        },
        "released": {
            **common.BOOLEAN,
            "description": "An operator let healing go on.",
        },
        "released_until": {
            **common.nullable(common.TIME),
            "description": "It does not stop healing again before.",
        },
        "lost": {
            **common.INTEGER,
            "description": "Devices that were lost when it tripped.",
        },
        "devices": {
            **common.INTEGER,
            "description": "Devices of the domain at that time.",
        },
        "tripped_at": common.TIME,
    },
    title="Breaker",
)

SHOW = common.envelope("breaker", BREAKER)
LIST = common.collection("breakers", BREAKER)
UPDATE = common.envelope(
    "breaker",
    common.fields(
        {
            "released": {
                **common.BOOLEAN,
                "description": "true: let healing go on; false: stop it "
                "again.",
            }
        },
        "released",
    ),
)
