"""Schemas of the version documents that keystoneauth reads."""

from servicevm.api.schemas import common

VERSION = common.exactly(
    {
        "id": common.STRING,
        "status": {"enum": ["CURRENT"]},
        "min_version": common.STRING,
        "max_version": common.STRING,
        "links": {"type": "array", "items": common.LINK},
    },
    title="Version",
)

SHOW = common.envelope("version", VERSION)
LIST = common.exactly({"versions": {"type": "array", "items": VERSION}})
HEALTH = common.exactly({"status": {"enum": ["OK"]}})
