"""How many of everything the fake has."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from servicevmclient.testing._store import Store, fails

Json = dict[str, Any]

_PROVISIONING = (
    "PENDING_CREATE",
    "ACTIVE",
    "PENDING_UPDATE",
    "PENDING_DELETE",
    "ERROR",
)
_OPERATING = (
    "ONLINE",
    "DEGRADED",
    "UNRESPONSIVE",
    "DEAD",
    "OFFLINE",
    "UNKNOWN",
)


def summary(store: Store, projects: Sequence[str]) -> Json:
    """As ``GET /v1/summary`` answers.

    :param projects: only what belongs to these; empty for all
    """

    def of(plural: str) -> list[Json]:
        return [
            row
            for row in store.rows[plural].values()
            if not projects or row["project_id"] in projects
        ]

    devices, services = of("devices"), of("services")
    states = Counter(row["state"] for row in of("operations"))
    made_of = Counter(row["template_id"] for row in devices)
    names = store.rows["device_templates"]
    return {
        "devices": _states(devices)
        | {
            "templates": [
                {"id": one, "name": names[one]["name"], "count": count}
                for one, count in made_of.most_common(50)
                if one in names
            ]
        },
        "services": _states(services)
        | {
            "service_types": dict(
                Counter(row["service_type"] for row in services)
            )
        },
        "operations": {
            **{one: states[one] for one in ("PENDING", "RUNNING", "WAITING")},
            "failed_last_day": states["FAILED"],
        },
    }


def _states(rows: Sequence[Json]) -> Json:
    found: Json = {"total": len(rows), "failing": sum(map(fails, rows))}
    for key, values in (
        ("provisioning_status", _PROVISIONING),
        ("operating_status", _OPERATING),
    ):
        counts = Counter(row[key] for row in rows)
        found[key] = {value: counts[value] for value in values}
    return found
