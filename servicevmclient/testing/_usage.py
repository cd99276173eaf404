"""Usage of the fake: what it is given, and nothing of what is not."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

_NOTHING: Mapping[str, Any] = {
    "device_hours": 0.0,
    "service_hours": 0.0,
    "vcpu_hours": 0.0,
    "ram_mib_hours": 0.0,
    "slot_hours": 0.0,
    "connections": 0,
    "bytes_in": 0,
    "bytes_out": 0,
    "traffic_resolution": 3600,
}
_PERIOD: Mapping[str, str] = {
    "start": "2026-11-01T00:00:00.000000Z",
    "end": "2026-12-01T00:00:00.000000Z",
}


class Usages:
    """What projects have used, the same in every period."""

    def __init__(self) -> None:
        #: project id to what of it is not 0
        self.projects: dict[str, Json] = {}
        #: as the API lists them, but for the period
        self.resources: list[Json] = []

    def answer(self, below: list[str], query: Mapping[str, list[str]]) -> Json:
        """What the API answers.

        :param below: the parts of the path behind ``/v1/usage``
        """
        asked = {
            name: query[name][0] if name in query else value
            for name, value in _PERIOD.items()
        }
        if below == ["resources"]:
            return {
                "usage_resources": [
                    {**one, **asked}
                    for one in self.resources
                    if _wanted(one["project_id"], query)
                ]
            }
        if below:
            project = "fake" if below == ["own"] else below[0]
            return {"usage": self._show(project, asked)}
        return {
            "usage": [
                self._show(one, asked)
                for one in sorted(self.projects)
                if _wanted(one, query)
            ]
        }

    def _show(self, project_id: str, asked: Json) -> Json:
        used = self.projects.get(project_id, {})
        return {"project_id": project_id, **asked, **_NOTHING, **used}


def _wanted(project_id: str, query: Mapping[str, list[str]]) -> bool:
    if "project_id" in query:
        return project_id in query["project_id"]
    return "all_projects" in query or project_id == "fake"
