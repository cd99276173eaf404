"""Conductors, relays and api processes."""

import uuid
from typing import Any

import pytest
from falcon import testing

from servicevm import clock
from servicevm.db import api as db
from servicevm.db import models, processes
from servicevm.states import ProcessRole
from tests.unit.api import requests

ROLES = [(role, f"/v1/{role}s") for role in ProcessRole]


def _process(
    role: ProcessRole, name: str, host: str = "h1", **more: Any
) -> str:
    told = processes.Report(
        role=role,
        name=name,
        id=str(uuid.uuid4()),
        host=host,
        version="1.0",
        **more,
    )
    db.write(lambda session: processes.report(session, told))
    return told.id


def _relay(name: str = "r1", **more: Any) -> str:
    return _process(
        ProcessRole.RELAY,
        name,
        **{"group": "default", "sessions": 3, "address": "192.0.2.1:4433"}
        | more,
    )


def _gone(id: str) -> None:
    requests.become(models.Process, id, last_seen=5)


def _events(api: testing.TestClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.simulate_get(
        "/v1/events?resource_type=relay"
    ).json["events"]
    return found


@pytest.mark.parametrize(("role", "path"), ROLES)
def test_each_role_has_its_own_list(
    api: testing.TestClient, role: ProcessRole, path: str
) -> None:
    ids = {one: _process(one, "x", group="g", sessions=1) for one, _ in ROLES}
    (item,) = api.simulate_get(path).json[f"{role}s"]
    assert item["id"] == ids[role]
    shown = api.simulate_get(f"{path}/{ids[role]}").json[str(role)]
    assert shown == item
    assert shown["alive"] is True
    assert shown["host"] == "h1"
    other = next(one for one in ProcessRole if one != role)
    answer = api.simulate_get(f"{path}/{ids[other]}")
    requests.refused(answer, 404, "not_found")


def test_a_relay_says_where_it_is_and_what_it_holds(
    api: testing.TestClient,
) -> None:
    id = _relay()
    relay = api.simulate_get(f"/v1/relays/{id}").json["relay"]
    assert relay["started_at"] == relay["last_seen"]
    del relay["started_at"], relay["last_seen"]
    assert relay == {
        "id": id,
        "name": "r1",
        "host": "h1",
        "version": "1.0",
        "alive": True,
        "group": "default",
        "group_project_id": None,
        "address": "192.0.2.1:4433",
        "sessions": 3,
        "draining": False,
    }


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["r1", "r2", "r3"]),
        ("name=r2", ["r2"]),
        ("name=r2&name=r3", ["r2", "r3"]),
        ("host=h2", ["r3"]),
        ("group=edge", ["r2"]),
        ("alive=true", ["r2", "r3"]),
        ("alive=false", ["r1"]),
        ("sort=name:desc", ["r3", "r2", "r1"]),
        ("sort=host:desc,name", ["r3", "r1", "r2"]),
    ],
)
def test_filters_and_order(
    api: testing.TestClient, query: str, names: list[str]
) -> None:
    _gone(_relay("r1"))
    _relay("r2", group="edge")
    _relay("r3", host="h2")
    found = api.simulate_get(f"/v1/relays?{query}").json["relays"]
    assert [one["name"] for one in found] == names


def test_pages(api: testing.TestClient) -> None:
    for number in range(3):
        _process(ProcessRole.CONDUCTOR, f"c{number}")
    page = api.simulate_get("/v1/conductors?limit=2").json
    assert [one["name"] for one in page["conductors"]] == ["c0", "c1"]
    (link,) = page["conductors_links"]
    following = api.simulate_get(
        link["href"].removeprefix("http://falconframework.org")
    )
    assert [one["name"] for one in following.json["conductors"]] == ["c2"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/conductors?group=x", "unknown_field"),
        ("/v1/relays?all_projects=true", "unknown_field"),
        ("/v1/relays?alive=perhaps", "invalid_field"),
        ("/v1/relays?sort=sessions", "invalid_field"),
        ("/v1/relays?marker=nothing", "invalid_field"),
    ],
)
def test_what_a_list_refuses(
    api: testing.TestClient, path: str, code: str
) -> None:
    requests.refused(api.simulate_get(path), 400, code)


def test_a_relay_is_drained_and_used_again(api: testing.TestClient) -> None:
    id = _relay()
    for draining, type_ in ((True, "relay.drain"), (False, "relay.resume")):
        for _ in range(2):  # the second time changes nothing
            answer = api.simulate_patch(
                f"/v1/relays/{id}", json={"relay": {"draining": draining}}
            )
            assert answer.status_code == 200
            assert answer.json["relay"]["draining"] is draining
        event = _events(api)[0]
        assert event["type"] == type_
        assert event["resource_id"] == id
        assert event["project_id"] == "default"
    assert len(_events(api)) == 2


def test_reports_leave_the_etag_alone_and_draining_does_not(
    api: testing.TestClient,
) -> None:
    id = _relay()
    path = f"/v1/relays/{id}"
    etag = api.simulate_get(path).headers["ETag"]
    requests.become(models.Process, id, sessions=9, last_seen=clock.now_us())
    assert api.simulate_get(path).headers["ETag"] == etag
    body = {"relay": {"draining": True}}
    headers = {"If-Match": etag}
    assert (
        api.simulate_patch(path, json=body, headers=headers).status_code == 200
    )
    answer = api.simulate_patch(path, json=body, headers=headers)
    requests.refused(answer, 412, "precondition_failed")


@pytest.mark.parametrize(
    ("relay", "code"),
    [
        ({}, "invalid_field"),
        ({"draining": "yes"}, "invalid_field"),
        ({"draining": True, "name": "x"}, "unknown_field"),
    ],
)
def test_nothing_else_of_a_relay_can_be_changed(
    api: testing.TestClient, relay: dict[str, Any], code: str
) -> None:
    answer = api.simulate_patch(
        f"/v1/relays/{_relay()}", json={"relay": relay}
    )
    requests.refused(answer, 400, code)


def test_a_relay_that_is_not_there_can_not_be_drained(
    api: testing.TestClient,
) -> None:
    answer = api.simulate_patch(
        f"/v1/relays/{requests.UNKNOWN}", json={"relay": {"draining": True}}
    )
    requests.refused(answer, 404, "not_found")


def test_metrics_count_those_that_are_alive(api: testing.TestClient) -> None:
    _relay("r1")
    _gone(_relay("r2"))
    _process(ProcessRole.CONDUCTOR, "c1")
    text = api.simulate_get("/metrics", remote_addr="127.0.0.1").text
    assert 'servicevm_processes{role="relay"} 1.0' in text
    assert 'servicevm_processes{role="conductor"} 1.0' in text
    assert 'servicevm_processes{role="api"} 0.0' in text
