"""Of which projects the summary tells."""

from servicevm.db import models
from tests.unit.api import requests
from tests.unit.api.policy.personas import MINE, OTHER, World, as_, ask


def _totals(world: World, query: str, project: str, role: str) -> list[int]:
    answer = ask(world.api, "GET", f"/v1/summary?{query}", as_(role, project))
    assert answer.status_code == 200, answer.text
    found = answer.json["summary"]
    return [
        found["devices"]["total"],
        len(found["devices"]["templates"]),
        found["services"]["total"],
        sum(found["services"]["service_types"].values()),
        found["operations"]["PENDING"],
    ]


def test_it_is_that_of_the_own_project_unless_one_may_see_more(
    world: World,
) -> None:
    assert _totals(world, "", MINE, "reader") == [1, 1, 1, 1, 1]
    assert _totals(world, "", OTHER, "reader") == [0] * 5
    assert _totals(world, "", OTHER, "admin") == [0] * 5
    assert _totals(world, "all_projects=true", OTHER, "admin") == [1] * 5
    assert _totals(world, f"project_id={MINE}", OTHER, "admin") == [1] * 5
    for query in ("all_projects=true", f"project_id={MINE}"):
        answer = ask(
            world.api, "GET", f"/v1/summary?{query}", as_("reader", OTHER)
        )
        requests.refused(answer, 403, "forbidden")


def test_what_comes_along_is_of_the_same_projects(world: World) -> None:
    requests.become(models.Device, world.device, operating_status="DEAD")

    def told(query: str, project: str, role: str) -> tuple[int, int, str]:
        every = "include=failing&include=running&include=quota"
        path = f"/v1/summary?{every}&{query}"
        found = ask(world.api, "GET", path, as_(role, project)).json["summary"]
        return (
            len(found["failing"]["devices"]),
            len(found["running"]),
            (found["quota"] or {"project_id": ""})["project_id"],
        )

    assert told("", MINE, "reader") == (1, 1, MINE)
    assert told("", OTHER, "reader") == (0, 0, OTHER)
    assert told("all_projects=true", OTHER, "admin") == (1, 1, "")
    assert told(f"project_id={MINE}", OTHER, "admin") == (1, 1, MINE)
