"""Schemas of quotas."""

from servicevm.api.schemas import common
from servicevm.conf import MAX_QUOTA
from servicevm.db.quotas import QUOTAS, UNLIMITED

_LIMIT = {
    "type": "integer",
    "minimum": UNLIMITED,
    "maximum": MAX_QUOTA,
    "description": "-1 is unlimited.",
}

_WANTED = {
    **_LIMIT,
    "type": ["integer", "null"],
    "description": "-1 is unlimited; null is the default again.",
}

ENTRY = common.exactly(
    {"limit": _LIMIT, "in_use": common.INTEGER}, title="QuotaEntry"
)

QUOTA = common.exactly(
    {"project_id": common.STRING, **dict.fromkeys(QUOTAS, ENTRY)},
    title="Quota",
)

SHOW = common.envelope("quota", QUOTA)
LIST = common.collection("quotas", QUOTA)
DEFAULTS = common.envelope(
    "quota_defaults",
    common.exactly(dict.fromkeys(QUOTAS, _LIMIT), title="QuotaDefaults"),
)
UPDATE = common.envelope(
    "quota",
    common.fields(dict.fromkeys(QUOTAS, _WANTED)),
)
