"""Holds: set, seen, renewed and taken away by operators."""

from typing import Any

import pytest
from falcon import testing

from servicevm import clock
from servicevm.db import api as db
from servicevm.db import models
from tests.unit.api import requests

ALL = "/v1/holds"
LATER = "2999-01-01T00:00:00.000000Z"


def _set(api: testing.TestClient, **given: Any) -> testing.Result:
    body = {"hold": {"reason": "Disk is being swapped", **given}}
    return api.simulate_post(ALL, json=body)


def _events(api: testing.TestClient, query: str = "") -> list[dict[str, Any]]:
    answer = api.simulate_get(f"/v1/events?resource_type=hold&{query}")
    found: list[dict[str, Any]] = answer.json["events"]
    return found[::-1]


def _on(api: testing.TestClient, device: dict[str, Any]) -> Any:
    return api.simulate_get(f"/v1/devices/{device['id']}").json["device"][
        "hold"
    ]


def _expire(hold: dict[str, Any]) -> None:
    requests.become(
        models.Hold, hold["id"], expires_at=clock.now_us() - clock.SECOND
    )


def test_a_hold_is_set_seen_and_taken_away(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    answer = _set(api, device_id=device["id"], expires_at=LATER)
    assert answer.status_code == 201
    hold = answer.json["hold"]
    assert (
        hold.items()
        >= {
            "scope": "device",
            "target": device["id"],
            "target_name": device["name"],
            "reason": "Disk is being swapped",
            "expires_at": LATER,
        }.items()
    )
    path = f"{ALL}/{hold['id']}"
    assert answer.headers["Location"].endswith(path)
    assert api.simulate_get(path).json["hold"] == hold
    assert api.simulate_get(ALL).json["holds"] == [hold]
    assert api.simulate_delete(path).status_code == 204
    requests.refused(api.simulate_get(path), 404, "not_found")
    requests.refused(api.simulate_delete(path), 404, "not_found")
    assert api.simulate_get(ALL).json["holds"] == []


def test_who_set_a_hold_and_why_is_among_the_events_of_its_target(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    hold = requests.set_hold(api, device_id=device["id"])
    api.simulate_delete(f"{ALL}/{hold['id']}")
    was_set, unset = _events(api, f"device_id={device['id']}")
    assert (was_set["type"], unset["type"]) == ("hold.set", "hold.unset")
    assert was_set["project_id"] == device["project_id"]
    assert was_set["facts"] == {
        "scope": "device",
        "target": device["id"],
        "reason": "Hands off",
        "expires_at": None,
    }
    assert was_set["user_id"] == hold["user_id"]
    assert "Hands off" in was_set["message"]
    requests.set_hold(api, project_id="p2")
    (of_project,) = _events(api, "project_id=p2")
    assert of_project["device_id"] is None


def test_setting_a_hold_again_renews_its_reason_and_expiry(
    api: testing.TestClient,
) -> None:
    first = _set(api, everything=True, expires_at=LATER)
    assert first.status_code == 201
    again = _set(api, everything=True, reason="Still")
    assert again.status_code == 200
    old, new = first.json["hold"], again.json["hold"]
    assert new["id"] == old["id"]
    assert new["created_at"] == old["created_at"]
    assert (new["reason"], new["expires_at"]) == ("Still", None)
    assert new["target"] is None
    assert len(api.simulate_get(ALL).json["holds"]) == 1


def test_a_hold_that_was_renewed_meanwhile_is_not_taken_away(
    api: testing.TestClient,
) -> None:
    first = _set(api, everything=True)
    path = f"{ALL}/{first.json['hold']['id']}"
    seen = {"If-Match": first.headers["ETag"]}
    renewed = _set(api, everything=True, reason="Not yet")
    answer = api.simulate_delete(path, headers=seen)
    requests.refused(answer, 412, "precondition_failed")
    now = {"If-Match": renewed.headers["ETag"]}
    assert api.simulate_delete(path, headers=now).status_code == 204


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "$.hold"),
        ({"everything": True, "project_id": "p"}, "$.hold"),
        ({"everything": False}, "$.hold.everything"),
        ({"device_id": requests.UNKNOWN}, "$.hold.device_id"),
        ({"template_id": requests.UNKNOWN}, "$.hold.template_id"),
        ({"project_id": "a/b"}, "$.hold.project_id"),
        ({"everything": True, "reason": ""}, "$.hold.reason"),
        ({"everything": True, "reason": "a\nb"}, "$.hold.reason"),
        (
            {"everything": True, "expires_at": "tomorrow"},
            "$.hold.expires_at",
        ),
        (
            {"everything": True, "expires_at": "2001-01-01T00:00:00Z"},
            "$.hold.expires_at",
        ),
    ],
)
def test_what_cannot_be_held_is_refused_with_its_field(
    api: testing.TestClient, given: dict[str, Any], field: str
) -> None:
    error = requests.refused(_set(api, **given), 400, "invalid_field")
    assert list(error["fields"]) == [field]
    assert api.simulate_get(ALL).json["holds"] == []


def test_a_hold_needs_a_reason(api: testing.TestClient) -> None:
    answer = api.simulate_post(ALL, json={"hold": {"everything": True}})
    error = requests.refused(answer, 400, "invalid_field")
    assert list(error["fields"]) == ["$.hold.reason"]


def test_pages_and_filters(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    for given in (
        {"everything": True},
        {"project_id": "p1"},
        {"project_id": "p2"},
        {"template_id": device["template_id"].upper()},
        {"device_id": device["id"].upper()},
    ):
        requests.set_hold(api, **given)

    def targets(query: str) -> list[str | None]:
        answer = api.simulate_get(f"{ALL}?{query}")
        assert answer.status_code == 200, answer.text
        return [one["target"] for one in answer.json["holds"]]

    everything = [None, "p1", "p2", device["template_id"], device["id"]]
    assert targets("") == everything
    assert targets("scope=project") == ["p1", "p2"]
    assert targets("scope=project&target=p2") == ["p2"]
    assert targets(f"target={device['id']}&target=p1") == ["p1", device["id"]]
    (everything_, *_) = api.simulate_get(ALL).json["holds"]
    assert targets(f"id={everything_['id']}") == [None]
    assert targets("sort=created_at:desc&limit=2") == everything[:2:-1]
    answer = api.simulate_get(f"{ALL}?limit=3").json
    (link,) = answer["holds_links"]
    following = link["href"].removeprefix("http://falconframework.org")
    found = api.simulate_get(following).json["holds"]
    assert [one["target"] for one in found] == everything[3:]


def test_a_device_shows_the_closest_hold_that_covers_it(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    assert _on(api, device) is None
    requests.set_hold(api, project_id="elsewhere", reason="0")
    assert _on(api, device) is None
    given = (
        ("everything", {"everything": True}),
        ("project", {"project_id": device["project_id"]}),
        ("template", {"template_id": device["template_id"]}),
        ("device", {"device_id": device["id"]}),
    )
    set_ = []
    for scope, what in given:
        set_.append(requests.set_hold(api, **what, reason=scope))
        assert _on(api, device) == {
            "scope": scope,
            "reason": scope,
            "expires_at": None,
        }
        (listed,) = api.simulate_get("/v1/devices").json["devices"]
        assert listed["hold"]["scope"] == scope
    _expire(set_.pop())
    assert _on(api, device)["scope"] == "template"


def test_a_hold_that_is_set_leaves_a_devices_etag_alone(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    path = f"/v1/devices/{device['id']}"
    before = api.simulate_get(path).headers["ETag"]
    requests.set_hold(api, everything=True)
    assert api.simulate_get(path).headers["ETag"] == before


def test_what_has_expired_is_no_hold_any_more(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    old = requests.set_hold(api, device_id=device["id"], expires_at=LATER)
    _expire(old)
    path = f"{ALL}/{old['id']}"
    assert _on(api, device) is None
    assert api.simulate_get(ALL).json["holds"] == []
    requests.refused(api.simulate_get(path), 404, "not_found")
    requests.refused(api.simulate_delete(path), 404, "not_found")
    answer = _set(api, device_id=device["id"])
    assert answer.status_code == 201
    assert answer.json["hold"]["id"] != old["id"]
    types = [event["type"] for event in _events(api)]
    assert types == ["hold.set", "hold.expired", "hold.set"]


def test_a_template_takes_its_hold_along(api: testing.TestClient) -> None:
    template = requests.create_template(api)
    requests.set_hold(api, template_id=template["id"])
    requests.set_hold(api, project_id="p")
    path = f"/v1/device-templates/{template['id']}"
    assert api.simulate_delete(path).status_code == 204
    with db.reader() as session:
        (left,) = session.query(models.Hold).all()
    assert left.scope == "project"


def test_what_a_user_asks_for_is_not_held_up(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    requests.activate(device)
    requests.set_hold(api, everything=True)
    path = f"/v1/devices/{device['id']}"
    answer = api.simulate_post(f"{path}/reboot", json={"reboot": {}})
    assert answer.status_code == 202, answer.text
    assert api.simulate_delete(path).status_code == 202


def test_a_lost_answer_is_given_again(api: testing.TestClient) -> None:
    body = {"hold": {"everything": True, "reason": "x"}}
    headers = {"Idempotency-Key": "k"}
    first, again = (
        api.simulate_post(ALL, json=body, headers=headers) for _ in range(2)
    )
    assert first.status_code == again.status_code == 201
    assert again.json == first.json
    assert len(_events(api)) == 1
    api.simulate_delete(f"{ALL}/{first.json['hold']['id']}")
    answer = api.simulate_post(ALL, json=body, headers=headers)
    requests.refused(answer, 404, "not_found")
