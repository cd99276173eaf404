"""Versions, ETag, Idempotency-Key, request ids, policy, projects."""

from pathlib import Path
from typing import Any

import pytest
from falcon import testing
from oslo_config import cfg

from servicevm.api import app
from servicevm.db import models
from tests.unit.api import requests
from tests.unit.api.conductor import RecordingConductor


def test_the_version_documents(api: testing.TestClient) -> None:
    (listed,) = api.simulate_get("/").json["versions"]
    for path in ("/v1", "/v1/"):
        assert api.simulate_get(path).json["version"] == listed
    assert listed["status"] == "CURRENT"
    assert listed["min_version"] == listed["max_version"] == "1.0"
    links = {link["rel"]: link["href"] for link in listed["links"]}
    assert links["self"] == "http://falconframework.org/v1/"


@pytest.mark.parametrize(
    "asked", [None, "servicevm 1.0", "servicevm latest", "compute 2.90", "x"]
)
def test_a_version_that_is_offered(
    api: testing.TestClient, asked: str | None
) -> None:
    headers = {"OpenStack-API-Version": asked} if asked else {}
    answer = api.simulate_get("/v1/devices", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["OpenStack-API-Version"] == "servicevm 1.0"
    assert "OpenStack-API-Version" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "asked",
    ["servicevm 1.1", "servicevm 2.0", "servicevm 0.9", "servicevm one"],
)
def test_a_version_that_is_not(api: testing.TestClient, asked: str) -> None:
    answer = api.simulate_get(
        "/v1/devices", headers={"OpenStack-API-Version": asked}
    )
    error = requests.refused(answer, 406, "unsupported_version")
    assert "1.0" in error["detail"]


def test_every_answer_has_an_id_of_its_own(api: testing.TestClient) -> None:
    ids = {
        api.simulate_get(path).headers["X-Openstack-Request-Id"]
        for path in ("/", "/v1/devices", "/nowhere")
    }
    assert len(ids) == 3
    assert all(item.startswith("req-") for item in ids)


def test_if_match_lets_only_the_state_that_was_read_be_changed(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    path = f"/v1/devices/{device['id']}"
    tag = api.simulate_get(path).headers["ETag"]
    body = {"device": {"name": "new"}}
    answer = api.simulate_patch(path, json=body, headers={"If-Match": tag})
    assert answer.status_code == 200
    assert answer.headers["ETag"] != tag
    for method, kwargs in (("PATCH", {"json": body}), ("DELETE", {})):
        answer = api.simulate_request(
            method, path, headers={"If-Match": tag}, **kwargs
        )
        requests.refused(answer, 412, "precondition_failed")
    answer = api.simulate_patch(path, json=body, headers={"If-Match": "*"})
    assert answer.status_code == 200


@pytest.mark.parametrize("kind", ["device-templates", "devices", "services"])
def test_the_same_key_makes_one_thing(
    api: testing.TestClient, device: dict[str, Any], kind: str
) -> None:
    body: dict[str, Any] = {
        "device-templates": requests.template_body(),
        "devices": {
            "device": {"name": "n", "template_id": device["template_id"]}
        },
        "services": {
            "service": {
                "name": "n",
                "device_id": device["id"],
                "service_type": "loadbalancer",
                "config": requests.CONFIG,
            }
        },
    }[kind]
    name = kind.replace("-", "_").removesuffix("s")
    headers = {"Idempotency-Key": "k1"}
    before = len(api.simulate_get(f"/v1/{kind}").json[f"{name}s"])
    first, second = (
        api.simulate_post(f"/v1/{kind}", json=body, headers=headers)
        for _ in range(2)
    )
    assert first.status_code == second.status_code
    assert first.json[name]["id"] == second.json[name]["id"]
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    after = len(api.simulate_get(f"/v1/{kind}").json[f"{name}s"])
    assert after == before + 1
    body[name]["name"] = "other"
    answer = api.simulate_post(f"/v1/{kind}", json=body, headers=headers)
    requests.refused(answer, 422, "idempotency_key_reused")


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_is_bounded(
    api: testing.TestClient, template: dict[str, Any], key: str
) -> None:
    answer = api.simulate_post(
        "/v1/devices",
        json={"device": {"name": "n", "template_id": template["id"]}},
        headers={"Idempotency-Key": key},
    )
    error = requests.refused(answer, 400, "invalid_field")
    assert "Idempotency-Key" in error["fields"]


@pytest.fixture
def strict(
    conf: cfg.ConfigOpts, api: testing.TestClient, tmp_path: Path
) -> testing.TestClient:
    """The same database, to one who is no administrator of all projects."""
    rules = tmp_path / "policy.yaml"
    rules.write_text(
        '"servicevm:all_projects": "!"\n'
        '"servicevm:device_template:create": "!"\n'
    )
    conf.set_override("policy_file", str(rules), group="oslo_policy")
    return testing.TestClient(app.build(conf, RecordingConductor()))


def test_what_belongs_to_another_project_is_not_there(
    strict: testing.TestClient,
    api: testing.TestClient,
    device: dict[str, Any],
    service: dict[str, Any],
) -> None:
    for model, row in (
        (models.Device, device["id"]),
        (models.Service, service["id"]),
        (models.Operation, device["operation_id"]),
    ):
        requests.become(model, row, project_id="other")
    for method, path, body in (
        ("GET", f"/v1/devices/{device['id']}", None),
        ("PATCH", f"/v1/devices/{device['id']}", {"device": {}}),
        ("DELETE", f"/v1/devices/{device['id']}", None),
        ("POST", f"/v1/devices/{device['id']}/reboot", {"reboot": {}}),
        ("GET", f"/v1/devices/{device['id']}/console-log", None),
        ("GET", f"/v1/services/{service['id']}", None),
        ("PATCH", f"/v1/services/{service['id']}", {"service": {}}),
        ("DELETE", f"/v1/services/{service['id']}", None),
        ("GET", f"/v1/services/{service['id']}/stats", None),
        ("GET", f"/v1/operations/{device['operation_id']}", None),
        ("POST", f"/v1/operations/{device['operation_id']}/cancel", None),
    ):
        answer = strict.simulate_request(method, path, json=body)
        requests.refused(answer, 404, "not_found")
    assert strict.simulate_get("/v1/devices").json == {"devices": []}
    # The marker tells nothing either.
    answer = strict.simulate_get(f"/v1/devices?marker={device['id']}")
    requests.refused(answer, 400, "invalid_field")
    answer = strict.simulate_get("/v1/devices?all_projects=true")
    requests.refused(answer, 403, "forbidden")
    # An administrator sees both.
    found = api.simulate_get("/v1/devices?all_projects=true").json["devices"]
    assert [item["id"] for item in found] == [device["id"]]
    assert api.simulate_get("/v1/devices").json["devices"] == []
    assert api.simulate_get(f"/v1/devices/{device['id']}").status_code == 200


def test_a_service_is_not_put_on_a_device_of_another_project(
    strict: testing.TestClient, device: dict[str, Any]
) -> None:
    requests.become(models.Device, device["id"], project_id="other")
    answer = strict.simulate_post(
        "/v1/services",
        json={
            "service": {
                "name": "n",
                "device_id": device["id"],
                "service_type": "loadbalancer",
                "config": requests.CONFIG,
            }
        },
    )
    error = requests.refused(answer, 400, "invalid_field")
    assert list(error["fields"]) == ["$.service.device_id"]


def test_a_rule_of_the_operator_is_named_where_it_refuses(
    strict: testing.TestClient,
) -> None:
    answer = strict.simulate_post(
        "/v1/device-templates", json=requests.template_body()
    )
    error = requests.refused(answer, 403, "forbidden")
    assert "servicevm:device_template:create" in error["detail"]


def test_the_health_is_that_of_the_database(
    api: testing.TestClient, conf: cfg.ConfigOpts
) -> None:
    assert api.simulate_get("/healthcheck").json == {"status": "OK"}


def test_metrics_are_open_on_loopback_only(
    conf: cfg.ConfigOpts, api: testing.TestClient, device: dict[str, Any]
) -> None:
    answer = api.simulate_get("/metrics")
    assert answer.status_code == 200
    lines = answer.text.splitlines()
    assert 'servicevm_operations{state="PENDING"} 1.0' in lines
    assert 'servicevm_devices{state="PENDING_CREATE"} 1.0' in lines
    assert any(
        line.startswith("servicevm_api_request_seconds_count{")
        and 'route="/v1/devices"' in line
        for line in lines
    )
    conf.set_override("auth_strategy", "http_basic", group="api")
    guarded = testing.TestClient(app.build(conf, RecordingConductor()))
    assert guarded.simulate_get("/metrics").status_code == 200
    for headers, address in (
        ({}, "192.0.2.1"),
        ({"X-Forwarded-For": "192.0.2.1"}, "127.0.0.1"),
    ):
        answer = guarded.simulate_get(
            "/metrics", headers=headers, remote_addr=address
        )
        requests.refused(answer, 401, "unauthenticated")
