"""Requests that most tests begin with."""

from typing import Any

import sqlalchemy as sa
from falcon import testing

from servicevm.db import api as db
from servicevm.db import models

CONFIG: dict[str, Any] = {
    "listeners": [
        {"name": "web", "protocol": "http", "port": 80, "default_pool": "web"}
    ],
    "pools": [
        {
            "name": "web",
            "algorithm": "round_robin",
            "members": [{"name": "b1", "address": "192.0.2.11", "port": 8080}],
        }
    ],
}


def config(*ports: int) -> dict[str, Any]:
    """`CONFIG` with a listener on each of these ports."""
    (listener,) = CONFIG["listeners"]
    return CONFIG | {
        "listeners": [
            listener | {"name": f"l{port}", "port": port} for port in ports
        ]
    }


def agent_session(device_id: str, **values: object) -> models.AgentSession:
    """Of an agent that is connected."""
    return models.AgentSession(
        **{
            "device_id": device_id,
            "epoch": 1,
            "relay": "local",
            "connected": True,
            "serial": "ab",
            "boot_id": "b",
            "agent_version": "1",
            "ready": True,
            "connected_at": 0,
            "last_seen": 1_000_000,
        }
        | values
    )


UNKNOWN = "00000000-0000-4000-8000-00000000dead"


def template_body(**changed: Any) -> dict[str, Any]:
    return {
        "device_template": {
            "name": "small",
            "infra_driver": "noop",
            "mgmt_driver": "noop",
            "interfaces": [
                {"role": "ingress", "network": "user"},
                {
                    "role": "egress",
                    "network": "bridge:br0",
                    "cidr": "192.0.2.0/28",
                    "gateway": "192.0.2.1",
                },
            ],
            "service_types": ["loadbalancer"],
            "slots": 2,
        }
        | changed
    }


def create_template(api: testing.TestClient, **changed: Any) -> dict[str, Any]:
    answer = api.simulate_post(
        "/v1/device-templates", json=template_body(**changed)
    )
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json["device_template"]
    return found


def create_device(
    api: testing.TestClient, template_id: str, **changed: Any
) -> dict[str, Any]:
    answer = api.simulate_post(
        "/v1/devices",
        json={"device": {"name": "d1", "template_id": template_id} | changed},
    )
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json["device"]
    return found


def create_service(
    api: testing.TestClient, device_id: str, **changed: Any
) -> dict[str, Any]:
    answer = api.simulate_post(
        "/v1/services",
        json={
            "service": {
                "name": "web",
                "device_id": device_id,
                "service_type": "loadbalancer",
                "config": CONFIG,
            }
            | changed
        },
    )
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json["service"]
    return found


def trip_breaker(domain: str = "fleet") -> None:
    """Have healing stop in a domain, as a conductor does."""
    with db.writer() as session:
        session.add(
            models.Breaker(domain=domain, tripped_at=1, lost=3, devices=4)
        )


def create_relay_group(
    api: testing.TestClient, name: str = "edge", **given: Any
) -> dict[str, Any]:
    answer = api.simulate_post(
        "/v1/relay-groups", json={"relay_group": {"name": name, **given}}
    )
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json["relay_group"]
    return found


def set_hold(api: testing.TestClient, **given: Any) -> dict[str, Any]:
    answer = api.simulate_post(
        "/v1/holds", json={"hold": {"reason": "Hands off", **given}}
    )
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json["hold"]
    return found


def become(model: Any, row_id: str, **values: Any) -> None:
    """Do what the conductor would: change columns of a row."""
    with db.writer() as session:
        session.execute(
            sa.update(model).where(model.id == row_id).values(**values)
        )


def activate(device: dict[str, Any]) -> None:
    become(
        models.Device,
        device["id"],
        provisioning_status="ACTIVE",
        operating_status="ONLINE",
        launched_at=5,
    )
    finish(device["operation_id"])


def finish(operation_id: str, state: str = "SUCCEEDED") -> None:
    become(models.Operation, operation_id, state=state, finished_at=6)


def refused(answer: testing.Result, status: int, code: str) -> dict[str, Any]:
    """The one error of an answer, checked for its form."""
    assert answer.status_code == status, answer.text
    (error,) = answer.json["errors"]
    assert error["status"] == status
    assert error["code"] == code, error
    assert error["title"]
    assert error["hint"]
    assert error["links"] == []
    assert error["request_id"] == answer.headers["X-Openstack-Request-Id"]
    found: dict[str, Any] = error
    return found
