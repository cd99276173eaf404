"""`dry_run`: everything is checked and answered, and nothing is kept."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from falcon import testing

from servicevm.db import api as db
from servicevm.db import models
from tests.unit.api import requests
from tests.unit.api.conductor import RecordingConductor

TRIED = {"dry_run": "true"}


def _rows() -> dict[str, list[Any]]:
    """All that is in the database, in text."""
    with db.reader() as session:
        return {
            table.name: sorted(map(str, session.execute(sa.select(table))))
            for table in models.Base.metadata.sorted_tables
        }


@pytest.fixture
def unchanged(
    api: testing.TestClient, conductor: RecordingConductor
) -> Callable[[Callable[[], testing.Result]], dict[str, Any]]:
    """Does something that must keep nothing; gives what was answered."""

    def checked(ask: Callable[[], testing.Result]) -> dict[str, Any]:
        rows, calls = _rows(), [*conductor.calls]
        answer = ask()
        assert answer.status_code == 200, answer.text
        assert _rows() == rows
        assert conductor.calls == calls
        assert "Location" not in answer.headers
        (found,) = answer.json.values()
        return dict(found)

    return checked


def _body(noun: str, **fields: Any) -> dict[str, Any]:
    return {noun: fields}


def test_a_device_is_shown_as_it_would_be(
    api: testing.TestClient, template: dict[str, Any], unchanged: Any
) -> None:
    body = _body("device", name="d1", template_id=template["id"])
    tried = unchanged(
        lambda: api.simulate_post("/v1/devices", json=body, params=TRIED)
    )
    assert tried["provisioning_status"] == "PENDING_CREATE"
    made = requests.create_device(api, template["id"], name="d1")
    # What was given out to the first is still there for the second.
    addresses = [one["address"] for one in tried["interfaces"]]
    assert addresses == [one["address"] for one in made["interfaces"]]
    assert made["id"] != tried["id"]


def test_a_key_of_a_request_that_was_tried_is_not_used_up(
    api: testing.TestClient, template: dict[str, Any]
) -> None:
    body = _body("device", name="d1", template_id=template["id"])
    headers = {"Idempotency-Key": "k"}
    for params, status in ((TRIED, 200), (None, 202)):
        answer = api.simulate_post(
            "/v1/devices", json=body, params=params, headers=headers
        )
        assert answer.status_code == status
        assert "Idempotent-Replayed" not in answer.headers


def test_a_template_is_shown_as_it_would_be(
    api: testing.TestClient, template: dict[str, Any], unchanged: Any
) -> None:
    path = f"/v1/device-templates/{template['id']}"
    body = _body("device_template", slots=7)
    tried = unchanged(
        lambda: api.simulate_patch(path, json=body, params=TRIED)
    )
    assert tried["slots"] == 7
    assert tried["revision"] == template["revision"] + 1
    body = _body(
        "device_template",
        name="other",
        infra_driver="noop",
        interfaces=[{"role": "ingress", "network": "user"}],
    )
    tried = unchanged(
        lambda: api.simulate_post(
            "/v1/device-templates", json=body, params=TRIED
        )
    )
    assert tried["name"] == "other"


def test_a_service_is_shown_as_it_would_be(
    api: testing.TestClient, service: dict[str, Any], unchanged: Any
) -> None:
    path = f"/v1/services/{service['id']}"
    config = copy.deepcopy(service["config"])
    config["listeners"][0]["port"] = 8081
    body = _body("service", config=config)
    tried = unchanged(
        lambda: api.simulate_patch(path, json=body, params=TRIED)
    )
    assert tried["config"] == config
    assert tried["generation"] == service["generation"] + 1
    body = _body(
        "service",
        name="second",
        device_id=service["device_id"],
        service_type="loadbalancer",
        config=requests.config(8082),
    )
    tried = unchanged(
        lambda: api.simulate_post("/v1/services", json=body, params=TRIED)
    )
    assert tried["device_id"] == service["device_id"]


def test_what_would_be_refused_is_refused(
    api: testing.TestClient, service: dict[str, Any]
) -> None:
    rows = _rows()
    for body, status, code in (
        (_body("service", colour="red"), 400, "unknown_field"),
        (_body("service", config={"listeners": 1}), 400, "config_invalid"),
    ):
        answer = api.simulate_patch(
            f"/v1/services/{service['id']}", json=body, params=TRIED
        )
        requests.refused(answer, status, code)
    answer = api.simulate_patch(
        f"/v1/services/{service['id']}",
        json=_body("service", name="x"),
        params=TRIED,
        headers={"If-Match": '"of-another-time"'},
    )
    requests.refused(answer, 412, "precondition_failed")
    assert _rows() == rows


def test_what_cannot_be_tried_is_not_done_instead(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    rows = _rows()
    answer = api.simulate_post(
        f"/v1/devices/{device['id']}/reboot",
        json={"reboot": {}},
        params=TRIED,
    )
    requests.refused(answer, 400, "unknown_field")
    assert _rows() == rows
