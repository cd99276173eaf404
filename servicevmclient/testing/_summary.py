"""How many of everything the fake has."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from servicevmclient.testing._quotas import Quotas
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


#: Most rows of each list of what is included.
_ROWS = 10
_LIVE = ("PENDING", "RUNNING", "WAITING")


def summary(
    store: Store, quotas: Quotas, query: Mapping[str, Sequence[str]]
) -> Json:
    """As ``GET /v1/summary`` answers.

    :param query: ``project_id``: only what belongs to these
    """
    projects = query.get("project_id", [])
    included = query.get("include", [])

    def of(plural: str) -> list[Json]:
        return [
            row
            for row in store.rows[plural].values()
            if not projects or row["project_id"] in projects
        ]

    def newest(plural: str, rows: Sequence[Json], by: str) -> list[Json]:
        ordered = sorted(rows, key=lambda row: str(row[by]), reverse=True)
        return [store.shown(plural, row) for row in ordered[:_ROWS]]

    devices, services = of("devices"), of("services")
    operations = of("operations")
    states = Counter(row["state"] for row in operations)
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
            **{one: states[one] for one in _LIVE},
            "failed_last_day": states["FAILED"],
        },
        "failing": {
            "devices": newest(
                "devices", list(filter(fails, devices)), "updated_at"
            ),
            "services": newest(
                "services", list(filter(fails, services)), "updated_at"
            ),
        }
        if "failing" in included
        else None,
        "running": newest(
            "operations",
            [row for row in operations if row["state"] in _LIVE],
            "created_at",
        )
        if "running" in included
        else None,
        "quota": quotas.show(*projects or ["fake"])
        if "quota" in included and "all_projects" not in query
        else None,
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
