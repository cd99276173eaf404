"""What somebody should look at: the filter and the counts agree on it."""

import itertools
from typing import Any

import pytest
import sqlalchemy as sa
from falcon import testing

from servicevm.db import api as db
from servicevm.db import failing, listing, models
from servicevm.states import OperatingStatus, ProvisioningStatus
from tests.unit.db import rows

MODELS = {"devices": models.Device, "services": models.Service}
STATES = list(itertools.product(ProvisioningStatus, OperatingStatus))
PROJECT = "default"

Json = dict[str, Any]


def _fails(provisioning: str, operating: str) -> bool:
    return provisioning == "ERROR" or operating in ("DEAD", "UNRESPONSIVE")


def _name(project: str, provisioning: str, operating: str) -> str:
    return f"{project} {provisioning} {operating}"


@pytest.fixture
def fleet(api: testing.TestClient) -> testing.TestClient:
    """A device and a service of every state, in two projects."""
    with db.writer() as session:
        session.add(rows.template())
        session.flush()
        number = itertools.count(1)
        for project in (PROJECT, "other"):
            for states in STATES:
                seq = next(number)
                same: Json = {
                    "seq": seq,
                    "project_id": project,
                    "name": _name(project, *states),
                    "provisioning_status": str(states[0]),
                    "operating_status": str(states[1]),
                    "updated_at": 1000 - seq,
                }
                device = rows.device(id=_id(1, seq), **same)
                session.add(device)
                session.flush()
                session.add(
                    rows.service(id=_id(2, seq), device_id=device.id, **same)
                )
    return api


def _id(kind: int, number: int) -> str:
    return f"{kind:08x}-0000-4000-8000-{number:012x}"


def _names(api: testing.TestClient, plural: str, query: str) -> list[str]:
    answer = api.simulate_get(f"/v1/{plural}?{query}")
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json[plural]]


@pytest.mark.parametrize("plural", MODELS)
@pytest.mark.parametrize("wanted", [True, False])
def test_those_that_fail_or_do_not(
    fleet: testing.TestClient, plural: str, wanted: bool
) -> None:
    expected = [
        _name(PROJECT, *states)
        for states in STATES
        if _fails(*states) is wanted
    ]
    assert _names(fleet, plural, f"failing={wanted}") == expected
    every = _names(fleet, plural, f"failing={wanted}&all_projects=true")
    assert len(every) == 2 * len(expected)


@pytest.mark.parametrize("plural", MODELS)
def test_it_narrows_with_the_other_filters(
    fleet: testing.TestClient, plural: str
) -> None:
    query = "failing=true&provisioning_status=ACTIVE&operating_status=DEAD"
    assert _names(fleet, plural, query) == [_name(PROJECT, "ACTIVE", "DEAD")]
    query = "failing=true&operating_status=ONLINE"
    assert _names(fleet, plural, query) == [_name(PROJECT, "ERROR", "ONLINE")]


@pytest.mark.parametrize("plural", MODELS)
@pytest.mark.parametrize(
    "sort",
    ["", "name:desc", "updated_at:asc", "operating_status:asc,name:desc"],
    ids=["default", "name", "updated", "several"],
)
def test_pages_have_each_of_them_once(
    fleet: testing.TestClient, plural: str, sort: str
) -> None:
    query = f"failing=true&all_projects=true&sort={sort}"
    every = _names(fleet, plural, query)
    assert len(every) == len(set(every)) == 2 * 14
    found, path = [], f"/v1/{plural}?{query}&limit=5"
    pages = []
    while path:
        answer = fleet.simulate_get(path).json
        pages.append([one["name"] for one in answer[plural]])
        found += pages[-1]
        links = {
            one["rel"]: one["href"].removeprefix("http://falconframework.org")
            for one in answer.get(f"{plural}_links", ())
        }
        if len(pages) > 1:
            before = fleet.simulate_get(links["previous"]).json[plural]
            assert [one["name"] for one in before] == pages[-2]
        path = links.get("next", "")
    assert found == every


def test_what_is_mended_between_two_pages_shifts_nothing(
    fleet: testing.TestClient,
) -> None:
    query = "failing=true&sort=name:asc"
    every = _names(fleet, "devices", query)
    first = fleet.simulate_get(f"/v1/devices?{query}&limit=4").json
    marker = first["devices"][-1]
    with db.writer() as session:
        for one in first["devices"]:
            row = session.get_one(models.Device, one["id"])
            row.provisioning_status = "ACTIVE"
            row.operating_status = "ONLINE"
    rest = _names(fleet, "devices", f"{query}&marker={marker['id']}")
    assert rest == every[4:]


def test_the_summary_counts_what_the_filter_gives(
    fleet: testing.TestClient,
) -> None:
    for query in ("", "&all_projects=true", "&project_id=other"):
        answer = fleet.simulate_get(f"/v1/summary?{query[1:]}")
        for plural in MODELS:
            found = answer.json["summary"][plural]["failing"]
            assert found == len(_names(fleet, plural, f"failing=true{query}"))
            assert found > 0


@pytest.mark.parametrize("plural", MODELS)
@pytest.mark.parametrize("projects", [[PROJECT], None], ids=["own", "all"])
def test_each_way_to_fail_is_found_by_its_index(
    api: testing.TestClient, plural: str, projects: list[str] | None
) -> None:
    model = MODELS[plural]
    query = listing.ListQuery(
        limit=10, projects=projects, either=failing.either(model)
    )
    wanted = listing.Listing(model=model, filters={}, sorts={"seq": model.seq})
    keys = [(model.__table__.c.seq, False), (model.__table__.c.id, False)]
    with db.reader() as session:
        if session.get_bind().dialect.name != "sqlite":
            pytest.skip("the plan is SQLite's")
        ids = listing._ids(
            wanted, query, listing._conditions(wanted, query), keys
        )
        text = ids.compile(
            session.get_bind(), compile_kwargs={"literal_binds": True}
        )
        plan = session.execute(sa.text(f"EXPLAIN QUERY PLAN {text}"))
        steps = [str(row[3]) for row in plan]
    searches = [one for one in steps if f" {plural} " in one]
    owner = "" if projects is None else "project_id_"
    assert [one.split("INDEX ")[1].split(" ")[0] for one in searches] == [
        f"ix_{plural}_{owner}{column}_seq_id"
        for column in (
            "provisioning_status",
            "operating_status",
            "operating_status",
        )
    ]
    assert all(one.startswith("SEARCH") for one in searches)
