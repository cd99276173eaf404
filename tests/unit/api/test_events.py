"""What events say for programs, beside their sentence."""

from typing import Any

import pytest
from falcon import testing

from servicevm.db import api as db
from servicevm.db import events, models

Json = dict[str, Any]


def _events(api: testing.TestClient, **query: str) -> list[Json]:
    answer = api.simulate_get("/v1/events", params=query)
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json["events"]
    return found


def test_an_event_of_what_was_asked_for_says_who_asked(
    api: testing.TestClient, device: Json, service: Json
) -> None:
    operation = f"/v1/operations/{service['operation_id']}"
    api.simulate_post(f"{operation}/cancel")
    api.simulate_delete(f"/v1/devices/{device['id']}")
    found = {one["type"]: one for one in _events(api)}
    for type_ in (
        "device_template.create",
        "device.create",
        "service.create",
        "operation.cancel",
        "device.delete",
    ):
        # Whoever the test's requests are from.
        assert found[type_]["message"].startswith(
            f"{found[type_]['user_id']} asked to "
        )
    assert found["operation.cancel"]["facts"] == {"action": "create"}
    assert found["device_template.create"]["facts"] == {"revision": 1}


def test_an_event_of_a_quota_says_what_was_set(
    api: testing.TestClient,
) -> None:
    limits = {"devices": 3, "ram": None}
    answer = api.simulate_patch("/v1/quotas/p9", json={"quota": limits})
    assert answer.status_code == 200, answer.text
    (event,) = _events(api, type="quota.update", all_projects="true")
    assert event["facts"] == {"limits": limits}
    assert event["user_id"]


def test_what_nobody_asked_for_is_nobodys(
    api: testing.TestClient, device: Json
) -> None:
    def happen(session: Any) -> None:
        events.emit(
            session,
            type="device.operating_status",
            resource_type="device",
            resource_id=device["id"],
            project_id=device["project_id"],
            message="The device d1 is ONLINE.",
        )

    db.write(happen)
    (event,) = _events(api, type="device.operating_status")
    assert event["user_id"] is None
    assert event["facts"] == {}


@pytest.mark.usefixtures("device")
def test_an_event_of_the_release_before_has_no_facts(
    api: testing.TestClient,
) -> None:
    def older(session: Any) -> None:
        session.execute(
            models.table(models.Event)
            .update()
            .values(user_id=None, facts=None)
        )

    db.write(older)
    found = _events(api)
    assert found
    assert {one["user_id"] for one in found} == {None}
    assert all(one["facts"] == {} for one in found)
