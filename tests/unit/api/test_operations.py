from typing import Any

import pytest
from falcon import testing

from servicevm.db import api as db
from servicevm.db import models
from tests.unit.api import requests
from tests.unit.api.conductor import RecordingConductor


def test_an_operation_shows_its_steps_and_a_list_does_not(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    operation_id = device["operation_id"]
    with db.writer() as session:
        session.add(
            models.OperationStep(
                operation_id=operation_id,
                position=0,
                name="allocate",
                state="SUCCEEDED",
                started_at=1,
                finished_at=2,
            )
        )
    shown = api.simulate_get(f"/v1/operations/{operation_id}").json
    (step,) = shown["operation"].pop("steps")
    assert (step["name"], step["state"]) == ("allocate", "SUCCEEDED")
    listed = api.simulate_get("/v1/operations").json["operations"]
    assert listed == [shown["operation"]]


def test_the_newest_is_first_and_filters_hold(
    api: testing.TestClient, device: dict[str, Any], service: dict[str, Any]
) -> None:
    def ids(query: str) -> list[str]:
        answer = api.simulate_get(f"/v1/operations?{query}")
        return [item["id"] for item in answer.json["operations"]]

    both = [service["operation_id"], device["operation_id"]]
    assert ids("") == both
    assert ids(f"device_id={device['id']}") == both
    assert ids(f"resource_id={service['id']}") == both[:1]
    assert ids("resource_type=device") == both[1:]
    assert ids("action=create&state=PENDING") == both
    assert ids("state=FAILED&state=PENDING") == both
    assert ids("action=delete") == []


def test_cancel_asks_and_wakes(
    api: testing.TestClient,
    device: dict[str, Any],
    conductor: RecordingConductor,
) -> None:
    conductor.calls.clear()
    answer = api.simulate_post(
        f"/v1/operations/{device['operation_id']}/cancel"
    )
    assert answer.status_code == 202
    assert answer.json["operation"]["cancel_requested"] is True
    assert conductor.calls == [("wake",)]


@pytest.mark.parametrize("state", ["SUCCEEDED", "FAILED", "SUPERSEDED"])
def test_what_has_ended_is_not_cancelled(
    api: testing.TestClient, device: dict[str, Any], state: str
) -> None:
    requests.finish(device["operation_id"], state)
    answer = api.simulate_post(
        f"/v1/operations/{device['operation_id']}/cancel"
    )
    error = requests.refused(answer, 409, "conflict")
    assert state in error["detail"]


def test_a_delete_is_not_cancelled(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    deleted = api.simulate_delete(f"/v1/devices/{device['id']}").json
    answer = api.simulate_post(
        f"/v1/operations/{deleted['operation']['id']}/cancel"
    )
    requests.refused(answer, 409, "conflict")


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
def test_retry_starts_again(
    api: testing.TestClient, device: dict[str, Any], state: str
) -> None:
    requests.finish(device["operation_id"], state)
    requests.become(
        models.Device,
        device["id"],
        provisioning_status="ERROR",
        status_code="qemu_failed",
        status_reason="No.",
    )
    answer = api.simulate_post(
        f"/v1/operations/{device['operation_id']}/retry"
    )
    assert answer.status_code == 202
    assert answer.json["operation"]["state"] == "PENDING"
    assert answer.json["operation"]["finished_at"] is None
    shown = api.simulate_get(f"/v1/devices/{device['id']}").json["device"]
    assert shown["provisioning_status"] == "PENDING_CREATE"
    assert (shown["status_code"], shown["status_reason"]) == (None, "")


@pytest.mark.parametrize("state", ["PENDING", "SUCCEEDED", "SUPERSEDED"])
def test_only_what_failed_is_retried(
    api: testing.TestClient, device: dict[str, Any], state: str
) -> None:
    requests.become(models.Operation, device["operation_id"], state=state)
    answer = api.simulate_post(
        f"/v1/operations/{device['operation_id']}/retry"
    )
    requests.refused(answer, 409, "conflict")


def test_what_something_came_after_is_not_retried(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    requests.finish(device["operation_id"], "FAILED")
    api.simulate_delete(f"/v1/devices/{device['id']}")
    answer = api.simulate_post(
        f"/v1/operations/{device['operation_id']}/retry"
    )
    error = requests.refused(answer, 409, "conflict")
    assert "(delete) came after" in error["detail"]


def test_what_is_gone_is_not_retried(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    requests.finish(device["operation_id"], "FAILED")
    with db.writer() as session:
        session.delete(session.get_one(models.Device, device["id"]))
    answer = api.simulate_post(
        f"/v1/operations/{device['operation_id']}/retry"
    )
    assert "is gone" in requests.refused(answer, 409, "conflict")["detail"]


def test_every_write_leaves_an_event_with_its_request(
    api: testing.TestClient,
) -> None:
    template = requests.create_template(api)
    device = requests.create_device(api, template["id"])
    service = requests.create_service(api, device["id"])
    path = f"/v1/services/{service['id']}"
    api.simulate_patch(path, json={"service": {"name": "x"}})
    api.simulate_post(f"/v1/operations/{service['operation_id']}/cancel")
    last = api.simulate_delete(path)
    events = api.simulate_get("/v1/events").json["events"]
    assert [event["type"] for event in events] == [
        "service.delete",
        "operation.cancel",
        "service.update",
        "service.create",
        "device.create",
        "device_template.create",
    ]
    assert events[0]["request_id"] == last.headers["X-Openstack-Request-Id"]
    assert events[0]["operation_id"] == last.json["operation"]["id"]
    assert events[0]["device_id"] == device["id"]
    assert events[0]["severity"] == "INFO"
    found = api.simulate_get(f"/v1/events?resource_id={device['id']}").json
    assert [event["type"] for event in found["events"]] == ["device.create"]
