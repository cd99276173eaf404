"""Relay groups: who is served by which, and who may be bound to one."""

import uuid
from typing import Any

import pytest
from falcon import testing

from servicevm.db import api as db
from servicevm.db import models, processes
from servicevm.states import ProcessRole
from tests.unit.api import requests

ALL = "/v1/relay-groups"
EDGE = f"{ALL}/edge"


def _relay(name: str, group: str) -> str:
    told = processes.Report(
        role=ProcessRole.RELAY,
        name=name,
        id=str(uuid.uuid4()),
        host="h",
        version="1",
        group=group,
    )
    db.write(lambda session: processes.report(session, told))
    return told.id


def _template(api: testing.TestClient, **options: Any) -> str:
    made = requests.create_template(
        api,
        mgmt_driver="agent",
        mgmt_options={"transport": "tcp", **options},
    )
    return str(made["id"])


def _ask(
    api: testing.TestClient, template_id: str, project: str = "default"
) -> testing.Result:
    body = {
        "name": "d",
        "template_id": template_id,
        "project_id": project,
    }
    return api.simulate_post("/v1/devices", json={"device": body})


def _group_of(answer: testing.Result) -> str | None:
    assert answer.status_code == 202, answer.text
    found: str | None = answer.json["device"]["relay_group"]
    return found


def _disconnect(device_id: str) -> None:
    with db.writer() as session:
        session.get_one(models.AgentSession, device_id).connected = False


def _change(
    api: testing.TestClient, name: str = "edge", **given: Any
) -> testing.Result:
    return api.simulate_patch(f"{ALL}/{name}", json={"relay_group": given})


# -- the groups themselves --------------------------------------------------


def test_a_group_is_created_changed_and_deleted(
    api: testing.TestClient,
) -> None:
    made = requests.create_relay_group(api, project_id="p1")
    assert (
        made.items()
        >= {
            "name": "edge",
            "project_id": "p1",
            "description": "",
            "relays": 0,
            "devices": 0,
        }.items()
    )
    shown = api.simulate_get(EDGE)
    assert shown.json["relay_group"] == made
    changed = _change(api, description="Hall 3").json["relay_group"]
    assert changed["project_id"] == "p1"
    assert changed["description"] == "Hall 3"
    assert _change(api, project_id=None).json["relay_group"]["project_id"] is (
        None
    )
    (listed,) = api.simulate_get(ALL).json["relay_groups"]
    assert listed["name"] == "edge"
    assert api.simulate_delete(EDGE).status_code == 204
    requests.refused(api.simulate_get(EDGE), 404, "not_found")
    assert api.simulate_get(ALL).json == {"relay_groups": []}
    types = [
        event["type"]
        for event in api.simulate_get(
            "/v1/events?resource_type=relay_group&all_projects=true"
        ).json["events"]
    ]
    assert sorted(types) == [
        "relay_group.create",
        "relay_group.delete",
        "relay_group.update",
        "relay_group.update",
    ]


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("edge", 409, "conflict"),
        ("default", 409, "conflict"),
        ("", 400, "invalid_field"),
        ("a" * 65, 400, "invalid_field"),
        ("edge\n", 400, "invalid_field"),
        ("../x", 400, "invalid_field"),
        (None, 400, "invalid_field"),
    ],
)
def test_a_name_is_that_of_no_other_and_can_be_one_of_a_relay(
    api: testing.TestClient, name: str | None, status: int, code: str
) -> None:
    requests.create_relay_group(api)
    answer = api.simulate_post(ALL, json={"relay_group": {"name": name}})
    requests.refused(answer, status, code)


def test_a_lost_answer_is_given_again(api: testing.TestClient) -> None:
    body = {"relay_group": {"name": "g" * 64, "project_id": "p1"}}
    headers = {"Idempotency-Key": "k"}
    first, again = (
        api.simulate_post(ALL, json=body, headers=headers) for _ in range(2)
    )
    assert first.status_code == again.status_code == 201
    assert again.json == first.json
    assert again.headers["Idempotent-Replayed"] == "true"
    # Of another body, or once it is gone, nothing is made.
    other = {"relay_group": {"name": "x"}}
    answer = api.simulate_post(ALL, json=other, headers=headers)
    requests.refused(answer, 422, "idempotency_key_reused")
    api.simulate_delete(f"{ALL}/{'g' * 64}")
    answer = api.simulate_post(ALL, json=body, headers=headers)
    requests.refused(answer, 404, "not_found")


def test_pages_and_filters(api: testing.TestClient) -> None:
    for name, project in (("a", "p1"), ("b", None), ("c", "p1"), ("d", "p2")):
        requests.create_relay_group(api, name, project_id=project)

    def names(query: str) -> list[str]:
        answer = api.simulate_get(f"{ALL}?{query}")
        assert answer.status_code == 200, answer.text
        return [one["name"] for one in answer.json["relay_groups"]]

    assert names("") == ["a", "b", "c", "d"]
    assert names("project_id=p1") == ["a", "c"]
    assert names("name=b&name=d") == ["b", "d"]
    assert names("limit=2&marker=b") == ["c", "d"]
    assert names("sort=name:desc&limit=1") == ["d"]
    answer = api.simulate_get(f"{ALL}?limit=2").json
    (link,) = answer["relay_groups_links"]
    following = link["href"].removeprefix("http://falconframework.org")
    found = api.simulate_get(following).json["relay_groups"]
    assert [one["name"] for one in found] == ["c", "d"]


def test_relays_and_devices_leave_the_etag_alone(
    api: testing.TestClient,
) -> None:
    requests.create_relay_group(api)
    before = api.simulate_get(EDGE).headers["ETag"]
    gone = _relay("r1", "edge")
    _relay("r2", "edge")
    _relay("r3", "default")
    requests.become(models.Process, gone, last_seen=5)
    assert _group_of(_ask(api, _template(api, relay_group="edge"))) == "edge"
    answer = api.simulate_get(EDGE)
    assert answer.headers["ETag"] == before
    assert answer.json["relay_group"]["relays"] == 1
    assert answer.json["relay_group"]["devices"] == 1


def test_a_relay_says_whom_its_group_serves(api: testing.TestClient) -> None:
    relay = _relay("r1", "edge")
    path = f"/v1/relays/{relay}"
    before = api.simulate_get(path)
    assert before.json["relay"]["group_project_id"] is None
    requests.create_relay_group(api, project_id="p1")
    after = api.simulate_get(path)
    assert after.json["relay"]["group_project_id"] == "p1"
    assert after.headers["ETag"] == before.headers["ETag"]
    (listed,) = api.simulate_get("/v1/relays").json["relays"]
    assert listed["group_project_id"] == "p1"
    answer = api.simulate_patch(path, json={"relay": {"draining": True}})
    assert answer.json["relay"]["group_project_id"] == "p1"


# -- binding ----------------------------------------------------------------


def test_a_group_is_not_taken_from_devices_of_other_projects(
    api: testing.TestClient,
) -> None:
    template = _template(api, relay_group="edge")
    for project in ("p1", "p2", "p2"):
        assert _group_of(_ask(api, template, project)) == "edge"
    requests.create_relay_group(api)
    error = requests.refused(_change(api, project_id="p1"), 409, "in_use")
    assert error["detail"].startswith(
        "2 devices of other projects use the relay group edge: of the "
        "projects p2 (2)."
    )
    assert "--relay-group edge" in error["detail"]
    assert api.simulate_get(EDGE).json["relay_group"]["project_id"] is None
    answer = api.simulate_post(
        ALL, json={"relay_group": {"name": "other", "project_id": "p1"}}
    )
    assert answer.status_code == 201
    # What the refusal tells to look at.
    found = api.simulate_get(
        "/v1/devices?all_projects=true&relay_group=edge&project_id=p2"
    ).json["devices"]
    assert len(found) == 2
    for device in found:
        requests.become(models.Device, device["id"], relay_group="default")
    assert _change(api, project_id="p1").status_code == 200
    error = requests.refused(_change(api, project_id="p3"), 409, "in_use")
    assert "p1 (1)" in error["detail"]


def test_devices_without_a_group_count_while_its_relays_hold_them(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    _relay("local", "edge")
    with db.writer() as session:
        session.add(requests.agent_session(device["id"]))
    requests.create_relay_group(api)
    requests.refused(_change(api, project_id="p1"), 409, "in_use")
    assert _change(api, project_id="default").status_code == 200
    assert _change(api, project_id=None).status_code == 200
    _disconnect(device["id"])
    assert _change(api, project_id="p1").status_code == 200


# -- what devices record ----------------------------------------------------


@pytest.mark.parametrize(
    ("bound", "named", "expected"),
    [
        ({}, "", "default"),
        ({}, "edge", "edge"),
        ({"edge": None}, "edge", "edge"),
        ({"mine": "default"}, "", "mine"),
        ({"mine": "default"}, "edge", "mine"),
        ({"b": "default", "a": "default"}, "", "a"),
        ({"b": "default", "a": "default"}, "b", "b"),
        ({"b": "default", "a": "default"}, "edge", "a"),
        ({"his": "p2", "mine": "default"}, "his", "mine"),
        ({"his": "p2"}, "", "default"),
    ],
)
def test_a_device_uses_its_projects_group_else_the_templates(
    api: testing.TestClient,
    bound: dict[str, str | None],
    named: str,
    expected: str,
) -> None:
    for name, project in bound.items():
        requests.create_relay_group(api, name, project_id=project)
    options = {"relay_group": named} if named else {}
    answer = _ask(api, _template(api, **options))
    assert _group_of(answer) == expected
    path = f"/v1/devices/{answer.json['device']['id']}"
    shown = api.simulate_get(path).json["device"]
    assert shown["relay_group"] == expected


def test_a_template_cannot_lend_another_projects_group(
    api: testing.TestClient,
) -> None:
    requests.create_relay_group(api, "his", project_id="p2")
    template = _template(api, relay_group="his")
    error = requests.refused(_ask(api, template), 409, "relay_group_bound")
    assert "his" in error["detail"]
    assert "p2" not in error["detail"]
    assert _group_of(_ask(api, template, "p2")) == "his"


@pytest.mark.parametrize(
    ("driver", "options"),
    [
        ("noop", {}),
        ("agent", {}),
        ("agent", {"transport": "serial", "relay_group": "edge"}),
    ],
)
def test_devices_that_dial_no_relay_use_no_group(
    api: testing.TestClient, driver: str, options: dict[str, str]
) -> None:
    requests.create_relay_group(api, project_id="default")
    made = requests.create_template(
        api, mgmt_driver=driver, mgmt_options=options
    )
    assert _group_of(_ask(api, made["id"])) is None


def test_a_template_names_what_can_be_a_group(
    api: testing.TestClient,
) -> None:
    body = requests.template_body(
        mgmt_driver="agent",
        mgmt_options={"transport": "tcp", "relay_group": "../x"},
    )
    answer = api.simulate_post("/v1/device-templates", json=body)
    error = requests.refused(answer, 400, "template_invalid")
    assert list(error["fields"]) == [
        "$.device_template.mgmt_options.relay_group"
    ]
