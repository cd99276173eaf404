"""Processes of their own: they are listed, and one id leads through them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servicevm_agent.services.haproxy.process import Haproxy
from tests.functional.agent.backends import free_port
from tests.functional.rpc.house import House, eventually
from tests.unit.log_lines import kept

GLOBAL = "req-00000000-0000-4000-8000-00000000000a"


@pytest.fixture
def busy_house(house: House) -> Iterator[House]:
    """With a conductor and a relay; what agents leave is stopped after."""
    house.start("conductor1")
    house.start("relay1")
    yield house
    for service in house.folder.glob("agent-*/run/*"):
        Haproxy("/usr/sbin/haproxy", str(service)).stop()


def _service(device_id: str) -> dict[str, Any]:
    port = free_port()
    return {
        "service": {
            "name": "web",
            "device_id": device_id,
            "service_type": "loadbalancer",
            "config": {
                "listeners": [
                    {
                        "name": "web",
                        "protocol": "http",
                        "port": port,
                        "default_pool": "p",
                    }
                ],
                "pools": [
                    {
                        "name": "p",
                        "algorithm": "round_robin",
                        "members": [
                            {
                                "name": "b1",
                                "address": "127.0.0.1",
                                "port": port,
                            }
                        ],
                    }
                ],
            },
        }
    }


def _naming(log: str, request_id: str) -> str:
    return "\n".join(line for line in log.splitlines() if request_id in line)


def test_every_process_names_the_request_in_its_log(
    busy_house: House,
) -> None:
    device_id = busy_house.device("d1", "relay1")
    with kept() as asked:
        answer = busy_house.api.simulate_post(
            "/v1/services",
            json=_service(device_id),
            headers={"X-Openstack-Request-Id": GLOBAL},
        )
    assert answer.status_code == 202, answer.text
    request_id = answer.headers["X-Openstack-Request-Id"]
    service = answer.json["service"]
    path = f"/v1/services/{service['id']}"
    eventually(
        lambda: (
            busy_house.ok("GET", path)["service"]["provisioning_status"]
            == "ACTIVE"
        )
    )
    ids = f"[{GLOBAL} {request_id} admin default "
    assert any(ids in line and "POST /v1/services" in line for line in asked)
    conductor = _naming(busy_house.log("conductor1"), request_id)
    assert ids in conductor
    assert service["operation_id"] in conductor
    relay = _naming(busy_house.log("relay1"), request_id)
    assert ids in relay
    assert f"Device {device_id}: apply: answered" in relay
    agent = _naming(busy_house.log(f"agent-{device_id[:8]}"), request_id)
    assert f"apply service {service['id']}: generation 1" in agent

    # A question of the api reaches the device without an operation.
    stats = busy_house.api.simulate_get(f"{path}/stats")
    assert stats.status_code == 200, stats.text
    request_id = stats.headers["X-Openstack-Request-Id"]
    for name in ("relay1", f"agent-{device_id[:8]}"):
        assert _naming(busy_house.log(name), request_id), name


def test_processes_are_listed_and_a_drained_relay_is_told(
    busy_house: House,
) -> None:
    conductor, relay = (
        eventually(
            lambda noun=noun: busy_house.ok("GET", f"/v1/{noun}")[noun]
        )[0]
        for noun in ("conductors", "relays")
    )
    assert (conductor["name"], conductor["host"]) == ("conductor1", "here")
    assert conductor["alive"]
    assert (relay["name"], relay["group"]) == ("relay1", "default")
    assert relay["address"].endswith(f":{busy_house.port('relay1')}")
    path = f"/v1/relays/{relay['id']}"
    busy_house.ok("PATCH", path, {"relay": {"draining": True}})
    busy_house.says("relay1", "Draining: agents move")
    # A relay that is started again has another id, and still drains.
    process = busy_house.processes["relay1"]
    process.kill()
    process.wait(10)
    Path(busy_house.folder / "relay1.log").unlink()
    busy_house.start("relay1")
    busy_house.says("relay1", "Draining: agents move")
    (again,) = busy_house.ok("GET", "/v1/relays")["relays"]
    assert again["id"] != relay["id"]
    assert again["draining"]
