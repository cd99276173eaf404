"""A walk through a list sees everything that stays, once.

Between any two pages rows are inserted, deleted and changed, the last one
of the page too. What was there throughout, and was not moved within the
order by a change of what it is sorted by, is seen exactly once.
"""

import random
from typing import Any
from urllib.parse import urlsplit

import pytest
from falcon import testing

from servicevm.db import api as db
from servicevm.db import models
from tests.unit.api import requests


def _nemesis(
    rng: random.Random,
    api: testing.TestClient,
    ids: list[str],
    moved: set[str],
) -> None:
    """One to three writes of somebody else."""
    for _ in range(rng.randrange(1, 4)):
        victim = rng.choice(ids)
        match rng.randrange(3):
            case 0:
                ids.append(_create(rng, api))
            case 1 if len(ids) > 1:
                db.write(
                    lambda session, victim=victim: session.delete(
                        session.get_one(models.DeviceTemplate, victim)
                    )
                )
                ids.remove(victim)
            case _:
                moved.add(victim)
                answer = api.simulate_patch(
                    f"/v1/device-templates/{victim}",
                    json={"device_template": {"name": _name(rng)}},
                )
                assert answer.status_code == 200, answer.text


def _name(rng: random.Random) -> str:
    return rng.choice("aAbcß") * rng.randrange(1, 3)


def _create(rng: random.Random, api: testing.TestClient) -> str:
    return str(requests.create_template(api, name=_name(rng))["id"])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "sort", ["", "created_at:desc", "name", "name:desc", "updated_at"]
)
def test_what_stays_is_seen_once(
    api: testing.TestClient, sort: str, seed: int
) -> None:
    rng = random.Random(f"{seed}{sort}")  # noqa: S311
    ids = [_create(rng, api) for _ in range(9)]
    before = set(ids)
    moved: set[str] = set()
    seen: list[str] = []
    url = f"/v1/device-templates?limit={rng.randrange(1, 4)}&sort={sort}"
    for _ in range(200):
        parts = urlsplit(url)
        answer = api.simulate_get(parts.path, query_string=parts.query)
        assert answer.status_code == 200, answer.text
        page = answer.json
        seen += [item["id"] for item in page["device_templates"]]
        links: dict[str, Any] = {
            link["rel"]: link["href"]
            for link in page.get("device_templates_links", ())
        }
        if "next" not in links:
            break
        url = links["next"]
        if len(ids) < 30:
            _nemesis(rng, api, ids, moved)
    stayed = before & set(ids)
    if "name" in sort or "updated_at" in sort:
        stayed -= moved
    assert {one: seen.count(one) for one in stayed} == dict.fromkeys(
        stayed, 1
    ), (seed, sort)


@pytest.mark.parametrize(
    "marker",
    [
        "x",
        "W10",
        "W1siYSJdLFsxXV0",
        "bnVsbA",
        "%00",
        "é",
        "A" * 3000,
        "W" * 2001,
    ],
)
def test_a_marker_that_is_none_is_refused(
    api: testing.TestClient, template: dict[str, Any], marker: str
) -> None:
    answer = api.simulate_get(
        "/v1/device-templates", params={"marker": marker}
    )
    error = requests.refused(answer, 400, "invalid_field")
    assert list(error["fields"]) == ["marker"]


def test_a_marker_of_another_order_is_refused(
    api: testing.TestClient, template: dict[str, Any]
) -> None:
    requests.create_template(api)
    page = api.simulate_get("/v1/device-templates?limit=1&sort=name").json
    link = page["device_templates_links"][0]["href"]
    answer = api.simulate_get(
        "/v1/device-templates",
        query_string=urlsplit(link).query.replace("sort=name", "sort="),
    )
    requests.refused(answer, 400, "invalid_field")
