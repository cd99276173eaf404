"""How many there are of everything."""

from typing import Any

import pytest
from falcon import testing

from servicevm import clock
from servicevm.db import api as db
from servicevm.db import models
from tests.unit.api import requests

Json = dict[str, Any]


def _summary(api: testing.TestClient, query: str = "") -> Json:
    answer = api.simulate_get("/v1/summary", query_string=query)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json["summary"]
    return found


def _there(counts: Json) -> Json:
    return {key: count for key, count in counts.items() if count}


def test_an_empty_house_has_a_zero_of_everything(
    api: testing.TestClient,
) -> None:
    statuses = {
        "total": 0,
        "failing": 0,
        "provisioning_status": {
            "PENDING_CREATE": 0,
            "ACTIVE": 0,
            "PENDING_UPDATE": 0,
            "PENDING_DELETE": 0,
            "ERROR": 0,
        },
        "operating_status": {
            "ONLINE": 0,
            "DEGRADED": 0,
            "UNRESPONSIVE": 0,
            "DEAD": 0,
            "OFFLINE": 0,
            "UNKNOWN": 0,
        },
    }
    assert _summary(api) == {
        "devices": {**statuses, "templates": []},
        "services": {**statuses, "service_types": {}},
        "operations": {
            "PENDING": 0,
            "RUNNING": 0,
            "WAITING": 0,
            "failed_last_day": 0,
        },
        "failing": None,
        "running": None,
        "quota": None,
    }


def test_everything_is_counted_by_its_state(
    api: testing.TestClient, template: Json, service: Json
) -> None:
    other = requests.create_template(api, name="large")
    made = [
        requests.create_device(api, other["id"], name=f"l{number}")
        for number in range(2)
    ]
    requests.activate(made[0])
    requests.become(models.Device, made[1]["id"], provisioning_status="ERROR")
    found = _summary(api)
    devices = found["devices"]
    assert devices["total"] == 3
    assert _there(devices["provisioning_status"]) == {
        "ACTIVE": 1,
        "ERROR": 1,
        "PENDING_CREATE": 1,
    }
    assert _there(devices["operating_status"]) == {"ONLINE": 1, "UNKNOWN": 2}
    assert devices["templates"] == [
        {"id": other["id"], "name": "large", "count": 2},
        {"id": template["id"], "name": "small", "count": 1},
    ]
    assert found["services"]["total"] == 1
    assert found["services"]["service_types"] == {"loadbalancer": 1}
    assert _there(found["operations"]) == {"PENDING": 3}


def test_at_most_50_templates_are_named(
    api: testing.TestClient, template: Json, device: Json
) -> None:
    with db.writer() as session:
        row = session.get_one(models.Device, device["id"])
        kept = {
            column.key: getattr(row, column.key)
            for column in models.Device.__mapper__.column_attrs
        }
        named = session.get_one(models.DeviceTemplate, template["id"])
        like = {
            column.key: getattr(named, column.key)
            for column in models.DeviceTemplate.__mapper__.column_attrs
        }
        for number in range(2, 62):
            ids = {"id": f"{number:08}-0000-4000-8000-{0:012}", "seq": number}
            session.add(models.DeviceTemplate(**like | ids))
            session.flush()
            session.add(
                models.Device(**kept | ids | {"template_id": ids["id"]})
            )
    devices = _summary(api)["devices"]
    assert devices["total"] == 61
    assert len(devices["templates"]) == 50


@pytest.mark.parametrize(
    ("state", "hours", "count"),
    [("FAILED", 23, 1), ("FAILED", 25, 0), ("CANCELLED", 1, 0)],
)
def test_failures_of_the_last_day_are_counted(
    api: testing.TestClient,
    device: Json,
    state: str,
    hours: int,
    count: int,
) -> None:
    then = clock.now_us() - hours * 3600 * clock.SECOND
    requests.become(
        models.Operation, device["operation_id"], state=state, updated_at=then
    )
    found = _summary(api)["operations"]
    assert _there(found) == ({"failed_last_day": 1} if count else {})


ALL = "include=failing&include=running&include=quota"


def test_what_fails_and_runs_and_the_quota_come_along(
    api: testing.TestClient, device: Json, service: Json
) -> None:
    requests.become(
        models.Device, device["id"], operating_status="DEAD", updated_at=1
    )
    found = _summary(api, ALL)
    assert found["failing"] == {
        "devices": api.simulate_get("/v1/devices").json["devices"],
        "services": [],
    }
    # As their own list has them, the newest first.
    listed = api.simulate_get(
        "/v1/operations?state=PENDING&state=RUNNING&state=WAITING"
    ).json["operations"]
    assert found["running"] == listed
    assert listed
    assert found["quota"] == api.simulate_get("/v1/quotas/own").json["quota"]
    alone = _summary(api, "include=quota")
    assert alone["failing"] is None
    assert alone["running"] is None
    assert alone["quota"] == found["quota"]


def test_of_what_comes_along_only_the_first_are_told(
    api: testing.TestClient, template: Json
) -> None:
    for number in range(12):
        made = requests.create_device(api, template["id"], name=f"d{number}")
        requests.become(
            models.Device,
            made["id"],
            provisioning_status="ERROR",
            updated_at=number,
        )
    found = _summary(api, ALL)
    assert [one["name"] for one in found["failing"]["devices"]] == [
        f"d{number}" for number in range(11, 1, -1)
    ]
    assert found["devices"]["failing"] == 12
    assert len(found["running"]) == 10
    assert found["operations"]["PENDING"] == 12


def test_there_is_no_quota_of_several_projects(
    api: testing.TestClient,
) -> None:
    assert _summary(api, f"{ALL}&all_projects=true")["quota"] is None


def test_something_else_does_not_come_along(api: testing.TestClient) -> None:
    answer = api.simulate_get("/v1/summary?include=secrets")
    requests.refused(answer, 400, "invalid_field")


def test_fields_can_be_what_comes_along(api: testing.TestClient) -> None:
    found = _summary(api, "fields=running&include=running")
    assert found == {"running": []}
