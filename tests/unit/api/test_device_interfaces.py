"""``/v1/devices/{id}/interfaces``, and networks of new devices."""

from typing import Any

import pytest
import sqlalchemy as sa
from falcon import testing
from sqlalchemy import orm

from servicevm.db import api as db
from servicevm.db import models
from tests.unit.api import requests

OPEN = [{"role": "ingress"}, {"role": "egress", "network": "br"}]


@pytest.fixture
def open_template(api: testing.TestClient) -> dict[str, Any]:
    """Of a driver that takes networks, which it leaves open."""
    return requests.create_template(
        api,
        infra_driver="noop",
        infra_options={},
        mgmt_driver="noop",
        mgmt_options={},
        interfaces=OPEN,
    )


@pytest.fixture
def active(
    api: testing.TestClient, open_template: dict[str, Any]
) -> dict[str, Any]:
    device = requests.create_device(
        api,
        open_template["id"],
        interfaces=[{"role": "ingress", "network": "net-1"}],
    )
    requests.activate(device)
    return device


def create(
    api: testing.TestClient, template: dict[str, Any], *wishes: dict[str, str]
) -> testing.Result:
    return api.simulate_post(
        "/v1/devices",
        json={
            "device": {
                "name": "d",
                "template_id": template["id"],
                "interfaces": list(wishes),
            }
        },
    )


@pytest.mark.parametrize(
    "wish",
    [
        {"network": "net-1"},
        {"network": "net-1", "subnet": "sub-1", "address": "192.0.2.9"},
        {"port": "port-1"},
    ],
    ids=["network", "address", "port"],
)
def test_a_device_is_given_what_its_template_leaves_open(
    api: testing.TestClient,
    open_template: dict[str, Any],
    wish: dict[str, str],
) -> None:
    answer = create(api, open_template, {"role": "ingress", **wish})
    assert answer.status_code == 202, answer.text
    shown = answer.json["device"]["interfaces"][0]
    assert shown["network"] == wish.get("network", "")
    for key in ("subnet", "address", "port"):
        assert shown[key] == wish.get(key)


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ([], "$.device.interfaces"),
        ([{"role": "ingress", "subnet": "s"}], "$.device.interfaces[0]"),
        (
            [{"role": "ingress", "port": "p", "network": "n"}],
            "$.device.interfaces[0].network",
        ),
        (
            [{"role": "ingress", "network": "n", "address": "nowhere"}],
            "$.device.interfaces[0].address",
        ),
        (
            [
                {"role": "ingress", "network": "n"},
                {"role": "egress", "network": "n"},
            ],
            "$.device.interfaces[1].network",
        ),
        ([{"role": "ingress"}], "$.device.interfaces[0]"),
    ],
    ids=["none", "half", "twice", "no address", "not open", "empty"],
)
def test_wishes_that_can_not_be_are_refused_at_their_field(
    api: testing.TestClient,
    open_template: dict[str, Any],
    wishes: list[dict[str, str]],
    field: str,
) -> None:
    error = requests.refused(
        create(api, open_template, *wishes), 400, "invalid_field"
    )
    assert field in error["fields"]


def test_a_driver_that_takes_no_networks_needs_them_in_the_template(
    api: testing.TestClient,
) -> None:
    body = requests.template_body(infra_driver="qemu", interfaces=OPEN[:1])
    body["device_template"] |= {"infra_options": {}}
    answer = api.simulate_post("/v1/device-templates", json=body)
    error = requests.refused(answer, 400, "template_invalid")
    assert "$.device_template.interfaces[0].network" in error["fields"]


def attach(
    api: testing.TestClient, device: dict[str, Any], **wish: str
) -> testing.Result:
    return api.simulate_post(
        f"/v1/devices/{device['id']}/interfaces",
        json={"interface": {"role": "ingress", **wish}},
    )


def test_an_interface_that_is_asked_for_is_shown_as_not_there_yet(
    api: testing.TestClient, active: dict[str, Any]
) -> None:
    answer = attach(api, active, network="net-2")
    assert answer.status_code == 202, answer.text
    shown = answer.json["device"]
    assert shown["provisioning_status"] == "PENDING_UPDATE"
    assert shown["generation"] == active["generation"] + 1
    new = shown["interfaces"][-1]
    assert (new["index"], new["network"]) == (2, "net-2")
    assert new["attached"] is False
    assert [one["attached"] for one in shown["interfaces"][:2]] == [True, True]


def test_an_interface_is_unplugged(
    api: testing.TestClient, active: dict[str, Any]
) -> None:
    path = f"/v1/devices/{active['id']}/interfaces/1"
    answer = api.simulate_delete(path)
    assert answer.status_code == 202
    assert answer.json["device"]["interfaces"][1]["attached"] is False
    requests.refused(api.simulate_delete(path), 409, "conflict")


@pytest.mark.parametrize("index", ["7", "-1", "x", "\u0661", "99999"])
def test_what_is_not_there_can_not_be_unplugged(
    api: testing.TestClient, active: dict[str, Any], index: str
) -> None:
    path = f"/v1/devices/{active['id']}/interfaces/{index}"
    requests.refused(api.simulate_delete(path), 404, "not_found")


def test_the_last_interface_of_a_role_stays_while_there_are_services(
    api: testing.TestClient, active: dict[str, Any]
) -> None:
    requests.create_service(api, active["id"])
    requests.become(models.Device, active["id"], provisioning_status="ACTIVE")
    path = f"/v1/devices/{active['id']}/interfaces/0"
    error = requests.refused(api.simulate_delete(path), 409, "in_use")
    assert "delete them first" in error["detail"]


def test_a_device_that_is_busy_keeps_its_interfaces(
    api: testing.TestClient, active: dict[str, Any]
) -> None:
    requests.become(
        models.Device, active["id"], provisioning_status="PENDING_UPDATE"
    )
    requests.refused(attach(api, active, network="n"), 409, "conflict")


def test_a_driver_that_can_not_plug_says_so(
    api: testing.TestClient,
) -> None:
    template = requests.create_template(
        api,
        infra_driver="qemu",
        infra_options={},
        interfaces=[{"role": "ingress", "network": "user"}],
    )
    device = requests.create_device(api, template["id"])
    requests.activate(device)
    error = requests.refused(attach(api, device, network="n"), 409, "conflict")
    assert "cannot change its interfaces" in error["detail"]


def test_a_rebuild_is_asked_for_once(
    api: testing.TestClient, active: dict[str, Any]
) -> None:
    for replayed in (None, "true"):
        answer = api.simulate_post(
            f"/v1/devices/{active['id']}/rebuild",
            json={"rebuild": {}},
            headers={"Idempotency-Key": "once"},
        )
        assert answer.status_code == 202
        assert answer.headers.get("Idempotent-Replayed") == replayed
    assert answer.json["device"]["provisioning_status"] == "PENDING_UPDATE"


def test_a_new_interface_takes_no_place_of_the_templates(
    api: testing.TestClient, active: dict[str, Any]
) -> None:
    """Drivers trust the network that a template names at a place."""

    def unplugged(session: orm.Session) -> None:
        session.execute(
            sa.delete(models.DeviceInterface).where(
                models.DeviceInterface.device_id == active["id"],
                models.DeviceInterface.index == 1,
            )
        )

    db.write(unplugged)
    shown = attach(api, active, network="net-2").json["device"]
    assert [one["index"] for one in shown["interfaces"]] == [0, 2]


def test_an_address_that_another_has_is_refused(
    api: testing.TestClient, open_template: dict[str, Any]
) -> None:
    wish = {"role": "ingress", "network": "net-1", "address": "192.0.2.9"}
    assert create(api, open_template, wish).status_code == 202
    answer = create(api, open_template, wish)
    error = requests.refused(answer, 409, "address_taken")
    assert set(error["fields"]) == {"$.device.interfaces[0].address"}
    assert (
        create(api, open_template, {**wish, "network": "net-2"}).status_code
        == 202
    )


def test_an_address_that_another_has_is_not_attached(
    api: testing.TestClient,
    active: dict[str, Any],
    open_template: dict[str, Any],
) -> None:
    wish = {"role": "ingress", "network": "net-1", "address": "192.0.2.9"}
    assert create(api, open_template, wish).status_code == 202
    answer = api.simulate_post(
        f"/v1/devices/{active['id']}/interfaces", json={"interface": wish}
    )
    error = requests.refused(answer, 409, "address_taken")
    assert set(error["fields"]) == {"$.interface.address"}
