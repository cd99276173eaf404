"""What services of one device occupy of it."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from falcon import testing

from servicevm.db import models
from servicevm.service_types import registry
from servicevm.service_types.base import Occupied
from servicevm.service_types.loadbalancer import LOADBALANCER
from tests.unit.api import requests

PORT = "$.service.config.listeners[1].port"


def _create(
    api: testing.TestClient, device_id: str, *ports: int, **more: Any
) -> testing.Result:
    return api.simulate_post(
        "/v1/services",
        json={
            "service": {
                "name": "second",
                "device_id": device_id,
                "service_type": "loadbalancer",
                "config": requests.config(*ports),
            }
            | more
        },
    )


def _change(
    api: testing.TestClient, service: dict[str, Any], *ports: int
) -> testing.Result:
    return api.simulate_patch(
        f"/v1/services/{service['id']}",
        json={"service": {"config": requests.config(*ports)}},
    )


def test_a_port_that_another_service_has_is_refused_at_its_field(
    api: testing.TestClient, device: dict[str, Any], service: dict[str, Any]
) -> None:
    error = requests.refused(
        _create(api, device["id"], 81, 80), 409, "port_taken"
    )
    assert error["fields"] == {
        PORT: f"Service web ({service['id']}) of the same device has TCP "
        "port 80; choose another port, or first change or delete web."
    }
    second = _create(api, device["id"], 81).json["service"]
    error = requests.refused(_change(api, second, 81, 80), 409, "port_taken")
    assert list(error["fields"]) == [PORT]
    shown = api.simulate_get(f"/v1/services/{second['id']}").json["service"]
    assert shown["config"] == requests.config(81)
    assert shown["generation"] == 1


def test_a_service_keeps_the_ports_that_it_has(
    api: testing.TestClient, service: dict[str, Any]
) -> None:
    assert _change(api, service, 80, 81).status_code == 202


def test_a_port_that_was_given_up_is_free_at_once(
    api: testing.TestClient, device: dict[str, Any], service: dict[str, Any]
) -> None:
    assert _change(api, service, 81).status_code == 202
    assert _create(api, device["id"], 80).status_code == 202


def test_another_device_has_ports_of_its_own(
    api: testing.TestClient, template: dict[str, Any], service: dict[str, Any]
) -> None:
    other = requests.create_device(api, template["id"])
    assert _create(api, other["id"], 80).status_code == 202


def test_a_service_that_is_being_deleted_has_its_port_until_it_is_gone(
    api: testing.TestClient, device: dict[str, Any], service: dict[str, Any]
) -> None:
    path = f"/v1/services/{service['id']}"
    assert api.simulate_delete(path).status_code == 202
    error = requests.refused(
        _create(api, device["id"], 81, 80), 409, "port_taken"
    )
    assert error["fields"] == {
        PORT: f"Service web ({service['id']}) of the same device, which is "
        "being deleted, still has TCP port 80; choose another port, or try "
        "again once web is gone."
    }


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Another type beside the load balancer, as a vendor's package has."""

    def install(name: str, **changed: Any) -> None:
        made = dataclasses.replace(LOADBALANCER, name=name, **changed)
        types = {"loadbalancer": LOADBALANCER, name: made}
        monkeypatch.setattr(registry, "service_types", lambda: types)

    return install


@pytest.mark.parametrize(
    ("protocol", "status"), [("tcp", 409), ("udp", 202)], ids=str
)
def test_ports_are_those_of_all_types_and_of_one_protocol(
    api: testing.TestClient,
    install: Callable[..., None],
    protocol: str,
    status: int,
) -> None:
    install("dns", occupies=lambda config: [Occupied("$", 80, protocol)])
    template = requests.create_template(
        api, service_types=["loadbalancer", "dns"]
    )
    device = requests.create_device(api, template["id"])
    requests.create_service(api, device["id"])
    answer = _create(api, device["id"], 8080, service_type="dns")
    assert answer.status_code == status, answer.text
    if status == 409:
        (error,) = answer.json["errors"]
        assert list(error["fields"]) == ["$.service.config"]


def test_a_type_occupies_nothing_unless_it_says_so(
    api: testing.TestClient, install: Callable[..., None]
) -> None:
    default = {
        one.name: one.default for one in dataclasses.fields(LOADBALANCER)
    }
    install("mirror", occupies=default["occupies"])
    template = requests.create_template(
        api, service_types=["loadbalancer", "mirror"]
    )
    device = requests.create_device(api, template["id"])
    requests.create_service(api, device["id"])
    answer = _create(api, device["id"], 80, service_type="mirror")
    assert answer.status_code == 202, answer.text


def test_a_service_of_a_type_that_is_gone_is_in_nobodys_way(
    api: testing.TestClient, device: dict[str, Any], service: dict[str, Any]
) -> None:
    requests.become(models.Service, service["id"], service_type="gone")
    assert _create(api, device["id"], 80).status_code == 202
