import copy
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest
import sqlalchemy as sa
from falcon import testing

from servicevm.api import asking
from servicevm.db import api as db
from servicevm.db import models
from servicevm.errors import AGENT_TIMEOUT, TransientError
from tests.unit.api import requests
from tests.unit.api.conductor import RecordingConductor


def _config(**listener: Any) -> dict[str, Any]:
    config = copy.deepcopy(requests.CONFIG)
    config["listeners"][0].update(listener)
    return config


def _actions(service_id: str) -> list[tuple[str, str]]:
    with db.reader() as session:
        return [
            (row.action, row.state)
            for row in session.scalars(
                sa.select(models.Operation)
                .where(models.Operation.resource_id == service_id)
                .order_by(models.Operation.seq)
            )
        ]


def test_a_service_is_accepted_with_its_digest(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    service = requests.create_service(api, device["id"], tags=["x"])
    assert service["provisioning_status"] == "PENDING_CREATE"
    assert service["config"] == requests.CONFIG
    # printf %s CANONICAL_JSON | sha256sum
    assert service["digest"] == (
        "sha256:"
        "837b6ee01ab73fa04157d08056366be2d028bbdfc41c40730c2862163ce7e3cc"
    )
    assert service["slots"] == 1
    assert service["tags"] == ["x"]
    assert _actions(service["id"]) == [("create", "PENDING")]
    shown = api.simulate_get(f"/v1/devices/{device['id']}").json["device"]
    assert shown["slots"] == {"total": 2, "used": 1}


def test_the_last_slot_is_given_once(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    for port in (81, 82):
        requests.create_service(
            api, device["id"], config=requests.config(port)
        )
    answer = api.simulate_post(
        "/v1/services",
        json={
            "service": {
                "name": "third",
                "device_id": device["id"],
                "service_type": "loadbalancer",
                "config": requests.CONFIG,
            }
        },
    )
    error = requests.refused(answer, 409, "no_free_slot")
    assert "2 slots, 2 are used" in error["detail"]


def test_a_type_that_the_template_does_not_offer_is_refused(
    api: testing.TestClient,
) -> None:
    template = requests.create_template(api, service_types=[])
    device = requests.create_device(api, template["id"])
    answer = api.simulate_post(
        "/v1/services",
        json={
            "service": {
                "name": "web",
                "device_id": device["id"],
                "service_type": "loadbalancer",
                "config": requests.CONFIG,
            }
        },
    )
    requests.refused(answer, 409, "type_not_offered")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"provisioning_status": "PENDING_DELETE"}, "conflict"),
        (
            {"provisioning_status": "ERROR", "status_reason": "It burnt."},
            "device_failed",
        ),
    ],
    ids=["going", "broken"],
)
def test_a_device_that_cannot_host_refuses(
    api: testing.TestClient,
    device: dict[str, Any],
    values: dict[str, Any],
    code: str,
) -> None:
    requests.become(models.Device, device["id"], **values)
    answer = api.simulate_post(
        "/v1/services",
        json={
            "service": {
                "name": "web",
                "device_id": device["id"],
                "service_type": "loadbalancer",
                "config": requests.CONFIG,
            }
        },
    )
    requests.refused(answer, 409, code)


@pytest.mark.parametrize(
    ("config", "path", "sentence"),
    [
        pytest.param(
            _config(port=0),
            "$.service.config.listeners[0].port",
            "It must be 1 or more.",
            id="schema",
        ),
        pytest.param(
            _config(default_pool="nope"),
            "$.service.config.listeners[0].default_pool",
            "There is no pool nope; the pools are: web.",
            id="check",
        ),
        pytest.param(
            _config(port=80.0),
            "$.service.config.listeners[0].port",
            "It must be an integer, not a number with a fraction or exponent.",
            id="float",
        ),
        pytest.param(
            _config(name="web\n"),
            "$.service.config.listeners[0].name",
            "It must begin with a letter or a digit; up to 62 letters, "
            "digits, _ or - may follow.",
            id="line feed at the end",
        ),
        pytest.param(
            _config(colour="red"),
            "$.service.config.listeners[0].colour",
            "There is no such field; those here are: client_timeout_ms, "
            "connection_limit, default_pool, name, port, protocol, "
            "x_forwarded_for.",
            id="unknown field",
        ),
    ],
)
def test_a_config_that_does_not_fit_names_the_field(
    api: testing.TestClient,
    service: dict[str, Any],
    config: dict[str, Any],
    path: str,
    sentence: str,
) -> None:
    for answer in (
        api.simulate_post(
            "/v1/services",
            json={
                "service": {
                    "name": "web",
                    "device_id": service["device_id"],
                    "service_type": "loadbalancer",
                    "config": config,
                }
            },
        ),
        api.simulate_patch(
            f"/v1/services/{service['id']}",
            json={"service": {"config": config}},
        ),
    ):
        error = requests.refused(answer, 400, "config_invalid")
        assert error["fields"] == {path: sentence}
    shown = api.simulate_get(f"/v1/services/{service['id']}").json["service"]
    assert shown["config"] == requests.CONFIG
    assert shown["generation"] == 1


def test_a_new_config_replaces_the_whole_and_raises_the_generation(
    api: testing.TestClient, service: dict[str, Any]
) -> None:
    path = f"/v1/services/{service['id']}"
    requests.become(
        models.Service, service["id"], provisioning_status="ACTIVE"
    )
    requests.finish(service["operation_id"])
    answer = api.simulate_patch(
        path, json={"service": {"config": _config(port=81)}}
    )
    assert answer.status_code == 202
    changed = answer.json["service"]
    assert changed["generation"] == 2
    assert changed["provisioning_status"] == "PENDING_UPDATE"
    assert changed["digest"] != service["digest"]
    # During the first: accepted as well.
    answer = api.simulate_patch(
        path, json={"service": {"config": _config(port=82)}}
    )
    assert answer.status_code == 202
    assert answer.json["service"]["generation"] == 3
    assert _actions(service["id"]) == [
        ("create", "SUCCEEDED"),
        ("update", "PENDING"),
        ("update", "PENDING"),
    ]


def test_a_change_while_it_is_made_leaves_it_pending_create(
    api: testing.TestClient, service: dict[str, Any]
) -> None:
    answer = api.simulate_patch(
        f"/v1/services/{service['id']}",
        json={"service": {"config": _config(port=81)}},
    )
    assert answer.status_code == 202
    assert answer.json["service"]["provisioning_status"] == "PENDING_CREATE"


def test_the_same_config_again_does_nothing_unless_it_failed(
    api: testing.TestClient, service: dict[str, Any]
) -> None:
    path = f"/v1/services/{service['id']}"
    body = {"service": {"config": requests.CONFIG}}
    assert api.simulate_patch(path, json=body).status_code == 200
    requests.become(models.Service, service["id"], provisioning_status="ERROR")
    answer = api.simulate_patch(path, json=body)
    assert answer.status_code == 202
    assert answer.json["service"]["generation"] == 2


def test_a_rename_needs_no_operation(
    api: testing.TestClient, service: dict[str, Any]
) -> None:
    answer = api.simulate_patch(
        f"/v1/services/{service['id']}", json={"service": {"name": "new"}}
    )
    assert answer.status_code == 200
    assert answer.json["service"]["name"] == "new"
    assert answer.json["service"]["generation"] == 1
    assert _actions(service["id"]) == [("create", "PENDING")]


def test_delete_supersedes_and_answers_twice_the_same(
    api: testing.TestClient, service: dict[str, Any]
) -> None:
    path = f"/v1/services/{service['id']}"
    first, second = api.simulate_delete(path), api.simulate_delete(path)
    assert first.status_code == second.status_code == 202
    assert first.json["operation"]["id"] == second.json["operation"]["id"]
    assert _actions(service["id"]) == [
        ("create", "SUPERSEDED"),
        ("delete", "PENDING"),
    ]
    answer = api.simulate_patch(
        path, json={"service": {"config": _config(port=81)}}
    )
    requests.refused(answer, 409, "conflict")


def test_statistics_are_asked_of_the_device(
    api: testing.TestClient,
    service: dict[str, Any],
    conductor: RecordingConductor,
) -> None:
    path = f"/v1/services/{service['id']}/stats"
    requests.refused(api.simulate_get(path), 409, "conflict")
    requests.become(models.Service, service["id"], observed_generation=1)
    conductor.answer = {"listeners": [], "pools": []}
    answer = api.simulate_get(path)
    assert answer.json == {"stats": {"listeners": [], "pools": []}}
    host = {
        "device_id": service["device_id"],
        "mgmt_driver": "noop",
        "relay": None,
    }
    asked = (service["id"], "stats", {})
    assert conductor.calls[-1] == ("call_service", host, *asked)
    with db.writer() as session:
        session.add(requests.agent_session(service["device_id"], relay="r1"))
    api.simulate_get(path)
    host["relay"] = "r1"
    assert conductor.calls[-1] == ("call_service", host, *asked)


def test_silent_devices_of_a_project_do_not_keep_all_threads(
    api: testing.TestClient,
    service: dict[str, Any],
    conductor: RecordingConductor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    requests.become(models.Service, service["id"], observed_generation=1)
    path = f"/v1/services/{service['id']}/stats"
    conductor.answer = {"listeners": [], "pools": []}
    conductor.silence = threading.Event()
    monkeypatch.setattr(asking, "PATIENCE", 0.2)
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(api.simulate_get, path) for _ in range(8)]
        # Two may wait for their device, six are sent away.
        until = time.monotonic() + 30
        while sum(one.done() for one in answers) < 6:
            assert time.monotonic() < until
            wait(answers, timeout=0.05)
        assert api.simulate_get("/v1/services").status_code == 200
        conductor.silence.set()
    codes = sorted(one.result().status_code for one in answers)
    assert codes == [200, 200, *[503] * 6]


def test_what_the_conductor_refuses_is_passed_on(
    api: testing.TestClient,
    service: dict[str, Any],
    conductor: RecordingConductor,
) -> None:
    requests.become(models.Service, service["id"], observed_generation=1)
    conductor.refusal = TransientError(AGENT_TIMEOUT, "10 s are over.")
    answer = api.simulate_get(f"/v1/services/{service['id']}/stats")
    error = requests.refused(answer, 504, "agent_timeout")
    assert error["detail"] == "10 s are over."


def test_an_action_is_declared_and_its_arguments_fit(
    api: testing.TestClient,
    service: dict[str, Any],
    conductor: RecordingConductor,
) -> None:
    path = f"/v1/services/{service['id']}/actions"
    requests.become(models.Service, service["id"], observed_generation=1)
    conductor.answer = {"pools": []}
    answer = api.simulate_post(f"{path}/stats")
    assert answer.json == {"result": {"pools": []}}
    answer = api.simulate_post(f"{path}/explode", json={})
    requests.refused(answer, 404, "not_found")
    answer = api.simulate_post(
        f"{path}/stats", json={"arguments": {"all": True}}
    )
    error = requests.refused(answer, 400, "unknown_field")
    assert list(error["fields"]) == ["$.arguments.all"]


def test_service_types_show_their_schema(api: testing.TestClient) -> None:
    (found,) = api.simulate_get("/v1/service-types").json["service_types"]
    assert found["name"] == "loadbalancer"
    assert found["config_schema"]["properties"].keys() == {
        "listeners",
        "pools",
    }
    shown = api.simulate_get("/v1/service-types/loadbalancer").json
    assert shown["service_type"] == found
    answer = api.simulate_get("/v1/service-types/firewall")
    requests.refused(answer, 404, "not_found")
