"""What users see of healing, and what they can do about it."""

from typing import Any

import pytest
from falcon import testing

from servicevm import clock
from servicevm.db import api as db
from servicevm.db import healings, models
from servicevm.healing import DEFAULTS
from tests.unit.api import requests


def show(api: testing.TestClient, device: dict[str, Any]) -> Any:
    return api.simulate_get(f"/v1/devices/{device['id']}").json["device"]


def heal(api: testing.TestClient, device: dict[str, Any]) -> testing.Result:
    return api.simulate_post(
        f"/v1/devices/{device['id']}/heal", json={"heal": {}}
    )


def operation(api: testing.TestClient, operation_id: str) -> Any:
    found = api.simulate_get(f"/v1/operations/{operation_id}").json
    return found["operation"]


@pytest.fixture
def lost(device: dict[str, Any]) -> dict[str, Any]:
    requests.activate(device)
    requests.become(models.Device, device["id"], operating_status="DEAD")
    return device


def test_a_template_says_how_its_devices_are_healed(
    api: testing.TestClient,
) -> None:
    said = {"ladder": ["reboot"], "after": 5}
    made = api.simulate_post(
        "/v1/device-templates", json=requests.template_body(healing=said)
    )
    assert made.status_code == 201, made.text
    assert made.json["device_template"]["healing"] == said


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"ladder": ["explode"]}, "$.device_template.healing.ladder[0]"),
        ({"after": 0}, "$.device_template.healing.after"),
        ({"attempts": 11}, "$.device_template.healing.attempts"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(
    api: testing.TestClient, said: dict[str, Any], field: str
) -> None:
    made = api.simulate_post(
        "/v1/device-templates", json=requests.template_body(healing=said)
    )
    error = requests.refused(made, 400, "invalid_field")
    assert field in error["fields"]


def test_a_device_that_is_well_has_nothing_to_heal(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    requests.activate(device)
    assert show(api, device)["healing"] is None
    error = requests.refused(heal(api, device), 409, "conflict")
    assert "there is nothing to heal" in error["detail"]


def test_a_device_says_what_is_tried_next_and_when(
    api: testing.TestClient, lost: dict[str, Any]
) -> None:
    began = 1_800_000_000 * clock.SECOND
    with db.writer() as session:
        session.add(
            models.DeviceHealing(
                device_id=lost["id"],
                began_at=began,
                tries=0,
                gave_up=False,
                waits_for="hold",
            )
        )
    due = began + DEFAULTS["after"] * clock.SECOND
    assert show(api, lost)["healing"] == {
        "began_at": clock.isoformat(began),
        "attempts": 0,
        "gave_up": False,
        "waits_for": "hold",
        "next_action": "reboot",
        "next_at": clock.isoformat(due),
    }


def test_a_service_says_what_is_tried_next_and_when(
    api: testing.TestClient, lost: dict[str, Any]
) -> None:
    began = 1_800_000_000 * clock.SECOND
    service = requests.create_service(api, lost["id"])
    requests.become(models.Service, service["id"], operating_status="DEAD")
    path = f"/v1/services/{service['id']}"
    assert api.simulate_get(path).json["service"]["healing"] is None
    with db.writer() as session:
        session.add(
            models.ServiceHealing(
                service_id=service["id"],
                began_at=began,
                tries=2,
                tried_at=began,
                gave_up=False,
            )
        )
    # Of a device that is lost itself nothing of the kind is tried.
    waiting = api.simulate_get(path).json["service"]["healing"]
    assert (waiting["next_action"], waiting["next_at"]) == (None, None)
    requests.become(models.Device, lost["id"], operating_status="ONLINE")
    due = began + 2 * DEFAULTS["backoff"] * clock.SECOND
    assert api.simulate_get(path).json["service"]["healing"] == {
        "began_at": clock.isoformat(began),
        "attempts": 2,
        "gave_up": False,
        "waits_for": None,
        "next_action": "restart",
        "next_at": clock.isoformat(due),
    }


def test_healing_by_hand_begins_the_ladder_now(
    api: testing.TestClient, lost: dict[str, Any]
) -> None:
    answer = heal(api, lost)
    assert answer.status_code == 202, answer.text
    device = answer.json["device"]
    assert device["provisioning_status"] == "PENDING_UPDATE"
    assert device["healing"]["attempts"] == 1
    assert device["healing"]["gave_up"] is False
    asked = operation(api, device["operation_id"])
    assert (asked["action"], asked["initiator"]) == ("reboot", "user")


def test_healing_by_hand_takes_up_what_was_given_up(
    api: testing.TestClient, lost: dict[str, Any]
) -> None:
    with db.writer() as session:
        healings.begin(session, lost["id"], lost["operation_id"])
        row = session.get_one(models.DeviceHealing, lost["id"])
        row.tries, row.gave_up = 4, True
    assert show(api, lost)["healing"]["next_action"] is None
    healing = heal(api, lost).json["device"]["healing"]
    assert (healing["attempts"], healing["gave_up"]) == (1, False)


def test_a_breaker_is_released_and_set_again(api: testing.TestClient) -> None:
    requests.trip_breaker("zone:east")
    (shown,) = api.simulate_get("/v1/breakers").json["breakers"]
    assert shown["name"] == "zone:east"
    assert (shown["released"], shown["lost"], shown["devices"]) == (
        False,
        3,
        4,
    )
    path = "/v1/breakers/zone:east"
    for released in (True, False):
        answer = api.simulate_patch(
            path, json={"breaker": {"released": released}}
        )
        assert answer.status_code == 200, answer.text
        assert answer.json["breaker"]["released"] is released
        until = answer.json["breaker"]["released_until"]
        assert (until is not None) is released
    told = api.simulate_get("/v1/events?resource_type=breaker").json["events"]
    assert {one["type"] for one in told} == {"breaker.release", "breaker.stop"}


def test_where_healing_goes_on_there_is_no_breaker(
    api: testing.TestClient,
) -> None:
    error = requests.refused(
        api.simulate_get("/v1/breakers/zone:west"), 404, "not_found"
    )
    assert "breaker list" in error["detail"]
