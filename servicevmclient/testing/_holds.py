"""Holds in memory."""

from typing import Any

from servicevmclient.v1.hold import TARGETS

Json = dict[str, Any]


def row(given: Json, rows: dict[str, Json]) -> Json:
    """What a request to hold something makes of what is there.

    :returns: attributes; with the id of the hold on the same that there is
    """
    (scope,) = (one for one, key in TARGETS.items() if key in given)
    target = None if scope == "everything" else given[TARGETS[scope]]
    found: Json = {
        "scope": scope,
        "target": target,
        "reason": given["reason"],
        "expires_at": given.get("expires_at"),
    }
    for old in rows.values():
        if (old["scope"], old["target"]) == (scope, target):
            found["id"] = old["id"]
    return found
