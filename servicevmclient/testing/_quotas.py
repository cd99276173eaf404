"""Quotas of the fake: limits that are kept, usage that is counted."""

from typing import Any

from servicevmclient.testing._store import Store

Json = dict[str, Any]

DEFAULTS = {
    "devices": 10,
    "services": 50,
    "vcpus": 20,
    "ram": 51200,
    "slots": 100,
}


class Quotas:
    """All quotas; nothing is refused because of one.

    :param store: where what is in use is counted
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.limits: dict[str, dict[str, int]] = {}

    def show(self, project_id: str) -> Json:
        """A project's quota, as the API shows it."""
        services = self._of("services", project_id)
        used = {
            "devices": len(self._of("devices", project_id)),
            "services": len(services),
            "slots": sum(one["slots"] for one in services),
        }
        limits = DEFAULTS | self.limits.get(project_id, {})
        return {
            "project_id": project_id,
            **{
                name: {"limit": limit, "in_use": used.get(name, 0)}
                for name, limit in limits.items()
            },
        }

    def all(self) -> list[Json]:
        """Of projects that have limits or use something."""
        users = {
            row["project_id"]
            for plural in ("devices", "services")
            for row in self._store.rows[plural].values()
        }
        return [self.show(one) for one in sorted(users | set(self.limits))]

    def change(self, project_id: str, wanted: Json) -> None:
        """Set limits; None takes one away."""
        limits = self.limits.setdefault(project_id, {})
        for name, limit in wanted.items():
            limits.pop(name, None)
            if limit is not None:
                limits[name] = limit
        if not limits:
            del self.limits[project_id]

    def delete(self, project_id: str) -> None:
        """Take all limits of a project away."""
        self.limits.pop(project_id, None)

    def _of(self, plural: str, project_id: str) -> list[Json]:
        rows = self._store.rows[plural].values()
        return [row for row in rows if row["project_id"] == project_id]
