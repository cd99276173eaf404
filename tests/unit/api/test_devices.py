from typing import Any

import pytest
import sqlalchemy as sa
from falcon import testing

from servicevm.db import api as db
from servicevm.db import models
from tests.unit.api import requests
from tests.unit.api.conductor import RecordingConductor


def _operations() -> list[models.Operation]:
    with db.reader() as session:
        return list(
            session.scalars(
                sa.select(models.Operation).order_by(models.Operation.seq)
            )
        )


def test_a_device_is_accepted_and_its_operation_waits(
    api: testing.TestClient,
    template: dict[str, Any],
    conductor: RecordingConductor,
) -> None:
    answer = api.simulate_post(
        "/v1/devices",
        json={
            "device": {
                "name": "d1",
                "template_id": template["id"],
                "tags": ["b", "a"],
                "properties": {"rack": "7"},
            }
        },
    )
    assert answer.status_code == 202
    device = answer.json["device"]
    assert device["provisioning_status"] == "PENDING_CREATE"
    assert device["operating_status"] == "UNKNOWN"
    assert device["tags"] == ["a", "b"]
    assert device["properties"] == {"rack": "7"}
    assert device["slots"] == {"total": 2, "used": 0}
    assert device["agent"] is None
    assert (device["generation"], device["observed_generation"]) == (1, 0)
    assert answer.headers["Location"].endswith(f"/v1/devices/{device['id']}")
    (operation,) = _operations()
    assert operation.id == device["operation_id"]
    assert (operation.action, operation.state) == ("create", "PENDING")
    assert operation.request_id == answer.headers["X-Openstack-Request-Id"]
    assert operation.user_id == "admin"
    assert conductor.calls == [("wake",)]


def test_interfaces_get_macs_and_free_addresses(
    api: testing.TestClient, template: dict[str, Any]
) -> None:
    first = requests.create_device(api, template["id"])["interfaces"]
    second = requests.create_device(api, template["id"])["interfaces"]
    assert [item["role"] for item in first] == ["ingress", "egress"]
    assert first[0]["address"] == second[0]["address"] == "10.0.2.15"
    assert first[0]["prefix"] == 24
    # .0 is the network, .1 the gateway.
    assert first[1]["address"] == "192.0.2.2"
    assert second[1]["address"] == "192.0.2.3"
    assert first[1]["gateway"] == "192.0.2.1"
    macs = {item["mac"] for item in first + second}
    assert len(macs) == 4
    assert all(mac.startswith("52:54:00:") for mac in macs)


def test_a_network_without_a_free_address_refuses_and_keeps_nothing(
    api: testing.TestClient,
) -> None:
    template = requests.create_template(
        api,
        interfaces=[
            {
                "role": "ingress",
                "network": "bridge:br0",
                "cidr": "192.0.2.0/24",
                "pool_start": "192.0.2.10",
                "pool_end": "192.0.2.10",
            }
        ],
    )
    first = requests.create_device(api, template["id"])
    assert first["interfaces"][0]["address"] == "192.0.2.10"
    answer = api.simulate_post(
        "/v1/devices",
        json={"device": {"name": "d2", "template_id": template["id"]}},
    )
    requests.refused(answer, 409, "no_free_address")
    assert len(api.simulate_get("/v1/devices").json["devices"]) == 1
    assert len(_operations()) == 1


def test_an_interface_has_the_address_it_is_asked_to_have(
    api: testing.TestClient, template: dict[str, Any]
) -> None:
    asked = {"interfaces": [{"role": "egress", "address": "192.0.2.2"}]}
    made = requests.create_device(api, template["id"], **asked)
    assert made["interfaces"][1]["address"] == "192.0.2.2"
    answer = api.simulate_post(
        "/v1/devices",
        json={"device": {"name": "d", "template_id": template["id"]} | asked},
    )
    error = requests.refused(answer, 409, "address_taken")
    sentence = "192.0.2.2 of bridge:br0 is taken."
    assert error["detail"] == sentence
    assert error["fields"] == {"$.device.interfaces[0].address": sentence}
    assert len(api.simulate_get("/v1/devices").json["devices"]) == 1
    other = requests.create_device(api, template["id"])
    assert other["interfaces"][1]["address"] == "192.0.2.3"


@pytest.mark.parametrize(
    ("interfaces", "path", "sentence"),
    [
        ([("web", "192.0.2.2")], "[0].role", "no (further) interface web"),
        (
            [("egress", "192.0.2.2"), ("egress", "192.0.2.3")],
            "[1].role",
            "it has: ingress, egress.",
        ),
        ([("egress", "192.0.3.2")], "[0].address", "is not within"),
        ([("egress", "192.0.2.15")], "[0].address", "is no host's"),
        ([("egress", "192.0.2.1")], "[0].address", "is the gateway's"),
        ([("egress", "here")], "[0].address", "is not an address"),
        ([("ingress", "10.0.2.15")], "[0].address", "hands out no addresses"),
    ],
    ids=[
        "unknown role",
        "role twice",
        "elsewhere",
        "broadcast",
        "gateway",
        "no address",
        "user network",
    ],
)
def test_an_address_that_cannot_be_is_refused_with_the_field(
    api: testing.TestClient,
    template: dict[str, Any],
    interfaces: list[tuple[str, str]],
    path: str,
    sentence: str,
) -> None:
    body = {
        "name": "d",
        "template_id": template["id"],
        "interfaces": [
            {"role": role, "address": address} for role, address in interfaces
        ],
    }
    answer = api.simulate_post("/v1/devices", json={"device": body})
    error = requests.refused(answer, 400, "invalid_field")
    assert sentence in error["fields"][f"$.device.interfaces{path}"]
    assert api.simulate_get("/v1/devices").json["devices"] == []


def test_an_unknown_template_is_named(
    api: testing.TestClient,
) -> None:
    answer = api.simulate_post(
        "/v1/devices",
        json={"device": {"name": "d", "template_id": requests.UNKNOWN}},
    )
    error = requests.refused(answer, 400, "invalid_field")
    assert requests.UNKNOWN in error["fields"]["$.device.template_id"]


def test_names_need_not_be_unique_and_are_found_by_filter(
    api: testing.TestClient, template: dict[str, Any]
) -> None:
    ids = {
        requests.create_device(api, template["id"], name="same")["id"]
        for _ in range(2)
    }
    requests.create_device(api, template["id"], name="other")
    found = api.simulate_get("/v1/devices?name=same").json["devices"]
    assert {item["id"] for item in found} == ids


def test_patch_changes_what_is_given_and_nothing_else(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    answer = api.simulate_patch(
        f"/v1/devices/{device['id']}",
        json={"device": {"description": "new", "tags": ["x"]}},
    )
    assert answer.status_code == 200
    changed = answer.json["device"]
    assert changed["description"] == "new"
    assert changed["tags"] == ["x"]
    assert changed["name"] == device["name"]
    assert changed["updated_at"] > device["updated_at"]
    assert len(_operations()) == 1


def test_delete_takes_over_and_a_second_one_answers_the_same(
    api: testing.TestClient,
    device: dict[str, Any],
    service: dict[str, Any],
) -> None:
    path = f"/v1/devices/{device['id']}"
    first = api.simulate_delete(path)
    second = api.simulate_delete(path)
    assert first.status_code == second.status_code == 202
    operation = first.json["operation"]
    assert operation["action"] == "delete"
    assert second.json["operation"]["id"] == operation["id"]
    assert [row.state for row in _operations()] == [
        "SUPERSEDED",
        "SUPERSEDED",
        "PENDING",
    ]
    shown = api.simulate_get(path).json["device"]
    assert shown["provisioning_status"] == "PENDING_DELETE"
    assert shown["operation_id"] == operation["id"]
    of_service = f"/v1/services/{service['id']}"
    shown = api.simulate_get(of_service).json["service"]
    assert shown["provisioning_status"] == "PENDING_DELETE"
    # The service goes with the device; nothing else is to be done.
    answer = api.simulate_delete(of_service)
    assert answer.json["operation"]["id"] == operation["id"]


def test_a_delete_that_failed_can_be_asked_for_again(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    path = f"/v1/devices/{device['id']}"
    first = api.simulate_delete(path).json["operation"]["id"]
    requests.finish(first, "FAILED")
    requests.become(models.Device, device["id"], provisioning_status="ERROR")
    second = api.simulate_delete(path).json["operation"]["id"]
    assert first != second


def test_what_is_half_deleted_is_not_rebooted(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    requests.activate(device)
    path = f"/v1/devices/{device['id']}"
    operation = api.simulate_delete(path).json["operation"]["id"]
    requests.finish(operation, "FAILED")
    requests.become(
        models.Device,
        device["id"],
        provisioning_status="ERROR",
        launched_at=5,
    )
    answer = api.simulate_post(f"{path}/reboot", json={"reboot": {}})
    error = requests.refused(answer, 409, "conflict")
    assert "delete it again" in error["detail"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"device": {"name": "x"}}),
        ("POST", "/reboot", {"reboot": {}}),
    ],
)
def test_what_is_being_deleted_is_not_changed(
    api: testing.TestClient,
    device: dict[str, Any],
    method: str,
    path: str,
    body: dict[str, Any],
) -> None:
    api.simulate_delete(f"/v1/devices/{device['id']}")
    answer = api.simulate_request(
        method, f"/v1/devices/{device['id']}{path}", json=body
    )
    requests.refused(answer, 409, "conflict")


@pytest.mark.parametrize("hard", [True, False])
def test_an_active_device_can_be_rebooted(
    api: testing.TestClient, device: dict[str, Any], hard: bool
) -> None:
    requests.activate(device)
    requests.become(
        models.Device,
        device["id"],
        status_code="device_died",
        status_reason="It stopped.",
    )
    answer = api.simulate_post(
        f"/v1/devices/{device['id']}/reboot", json={"reboot": {"hard": hard}}
    )
    assert answer.status_code == 202
    shown = answer.json["device"]
    assert shown["provisioning_status"] == "PENDING_UPDATE"
    assert (shown["status_code"], shown["status_reason"]) == (None, "")
    operation = _operations()[-1]
    assert operation.action == "reboot"
    assert operation.arguments["hard"] is hard


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"provisioning_status": "PENDING_CREATE"}, 409),
        ({"provisioning_status": "PENDING_UPDATE"}, 409),
        ({"provisioning_status": "ERROR", "launched_at": None}, 409),
        ({"provisioning_status": "ERROR", "launched_at": 5}, 202),
    ],
    ids=["building", "busy", "never up", "died"],
)
def test_reboot_only_where_it_makes_sense(
    api: testing.TestClient,
    device: dict[str, Any],
    values: dict[str, Any],
    status: int,
) -> None:
    requests.become(models.Device, device["id"], **values)
    answer = api.simulate_post(
        f"/v1/devices/{device['id']}/reboot", json={"reboot": {}}
    )
    assert answer.status_code == status


def test_a_reboot_that_is_asked_for_again_is_one_reboot(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    requests.activate(device)
    before = len(_operations())
    for replayed in (None, "true"):
        answer = api.simulate_post(
            f"/v1/devices/{device['id']}/reboot",
            json={"reboot": {}},
            headers={"Idempotency-Key": "once"},
        )
        assert answer.status_code == 202
        assert answer.headers.get("Idempotent-Replayed") == replayed
    assert len(_operations()) == before + 1


def test_the_console_log_is_asked_of_the_conductor(
    api: testing.TestClient,
    device: dict[str, Any],
    conductor: RecordingConductor,
) -> None:
    conductor.log = "hello, world"
    path = f"/v1/devices/{device['id']}/console-log"
    answer = api.simulate_get(f"{path}?max_bytes=5")
    assert answer.json == {"console_log": "world"}
    api.simulate_get(f"{path}?max_bytes=99999999")
    assert conductor.calls[-1] == ("console_log", device["id"], 1 << 20)


def test_the_agent_shows_its_session_and_certificate(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    with db.writer() as session:
        session.add(
            models.AgentCertificate(
                serial="ab",
                device_id=device["id"],
                spki_hash="0",
                not_before=0,
                not_after=2_000_000,
            )
        )
        session.add(requests.agent_session(device["id"]))
    path = f"/v1/devices/{device['id']}"
    before = api.simulate_get(path)
    assert before.json["device"]["agent"] == {
        "connected": True,
        "version": "1",
        "boot_id": "b",
        "connected_at": "1970-01-01T00:00:00.000000Z",
        "last_seen": "1970-01-01T00:00:01.000000Z",
        "certificate": {
            "serial": "ab",
            "not_after": "1970-01-01T00:00:02.000000Z",
        },
    }
    with db.writer() as session:
        session.get_one(models.AgentSession, device["id"]).last_seen = 9
    # Presence is no change that anyone made.
    assert api.simulate_get(path).headers["ETag"] == before.headers["ETag"]
