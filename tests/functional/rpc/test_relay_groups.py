"""A conductor per tenant: real relays of two groups, agents of two tenants."""

from typing import Any

import pytest

from tests.functional.rpc.house import BIN, House, eventually

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def tenants(house: House) -> House:
    """relay1 serves whoever comes, relay2 the project blue only."""
    house.groups["relay2"] = "blue"
    for name in ("conductor1", "relay1", "relay2"):
        house.start(name)
    house.ok(
        "POST",
        "/v1/relay-groups",
        {"relay_group": {"name": "blue", "project_id": "blue"}},
    )
    _await_relays(house, relay1=None, relay2="blue")
    return house


def _await_relays(house: House, **serve: str | None) -> None:
    def said() -> bool:
        found = house.ok("GET", "/v1/relays?alive=true")["relays"]
        return serve == {one["name"]: one["group_project_id"] for one in found}

    eventually(said)


def _refusals(house: House, device_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = house.ok(
        "GET",
        f"/v1/events?device_id={device_id}&type=device.relay_refused"
        "&all_projects=true",
    )["events"]
    return found


def _end(house: House, name: str) -> None:
    house.processes[name].terminate()
    house.processes[name].wait(30)


def test_each_tenants_agents_are_with_the_tenants_relay(
    tenants: House,
) -> None:
    blue = tenants.device("blue1", project="blue")
    assert tenants.show(blue)["relay_group"] == "blue"
    assert tenants.relay_of(blue) == "relay2"
    # It is told both, and does not believe the other tenant's.
    red, options = tenants.asked("red1", "relay2", "relay1", project="red")
    assert tenants.show(red)["relay_group"] == "default"
    agent = tenants.agent(
        red, options, lambda told: told["relays"].sort(key=_second(tenants))
    )
    tenants.says(
        agent, "the relay relay2 is of the relay group blue, not default"
    )
    eventually(lambda: tenants.relay_of(red) == "relay1")
    assert _refusals(tenants, red) == []
    # The tenant's relay dies: its device waits for it and goes nowhere else.
    before = tenants.show(blue)["agent"]["connected_at"]
    tenants.processes["relay2"].kill()
    tenants.processes["relay2"].wait(30)
    tenants.says(f"agent-{blue[:8]}", "refused")
    tenants.start("relay2")
    eventually(lambda: tenants.show(blue)["agent"]["connected_at"] != before)
    assert tenants.relay_of(blue) == "relay2"
    assert tenants.relay_of(red) == "relay1"
    assert _refusals(tenants, blue) == []


def _second(house: House) -> Any:
    """Puts the address of relay2 first."""
    return lambda address: not address.endswith(f":{house.port('relay2')}")


def _credulous(house: House) -> Any:
    """An agent that knows no groups, and nothing but relay2."""

    def change(told: dict[str, Any]) -> None:
        del told["relay_group"]
        told["relays"] = [f"127.0.0.1:{house.port('relay2')}"]

    return change


def test_another_tenants_relay_gets_no_certificate_and_no_session(
    tenants: House,
) -> None:
    red, options = tenants.asked("red1", "relay1", project="red")
    agent = tenants.agent(red, options, _credulous(tenants))
    tenants.says("relay2", "enrolment_refused")
    (event,) = eventually(lambda: _refusals(tenants, red))
    assert event["severity"] == "ERROR"
    assert event["code"] == "enrolment_refused"
    assert "relay2 is of the relay group blue" in event["message"]
    shown = tenants.show(red)
    assert shown["provisioning_status"] == "PENDING_CREATE"
    assert shown["status_code"] == "relay_refused"
    assert "relay2 is of the relay group blue" in shown["status_reason"]
    # By the right one it enrols, with the same token and key.
    _end(tenants, agent)
    agent = tenants.agent(red, options)
    eventually(lambda: tenants.show(red)["provisioning_status"] == "ACTIVE")
    assert tenants.show(red)["status_code"] is None
    # A certificate of its own opens no session there either.
    _end(tenants, agent)
    eventually(lambda: tenants.relay_of(red) is None)
    tenants.agent(red, options, _credulous(tenants))
    tenants.says("relay2", "certificate_refused")
    eventually(lambda: len(_refusals(tenants, red)) == 2)
    shown = tenants.show(red)
    assert shown["operating_status"] == "UNRESPONSIVE"
    assert shown["status_code"] == "relay_refused"
    assert tenants.relay_of(red) is None


def test_a_relay_that_moves_loses_its_sessions_and_gets_them_back(
    tenants: House,
) -> None:
    blue = tenants.device("blue1", project="blue")
    # It is not to be bound to another project by mistake.
    refused = tenants.api.simulate_patch(
        "/v1/relay-groups/blue",
        json={"relay_group": {"project_id": "green"}},
    )
    assert refused.status_code == 409
    assert "blue (1)" in refused.json["errors"][0]["detail"]
    # Its relay is of another group from now on, as its report says.
    tenants.processes["relay2"].terminate()
    assert tenants.processes["relay2"].wait(30) == 0
    tenants.groups["relay2"] = "green"
    tenants.start("relay2")
    agent = f"agent-{blue[:8]}"
    tenants.says(agent, "is of the relay group green, not blue")
    eventually(
        lambda: tenants.show(blue)["operating_status"] == "UNRESPONSIVE"
    )
    # A group without a row is for all who use it.
    tenants.processes["relay2"].terminate()
    tenants.processes["relay2"].wait(30)
    tenants.groups["relay2"] = "blue"
    tenants.ok("DELETE", "/v1/relay-groups/blue")
    tenants.start("relay2")
    eventually(lambda: tenants.show(blue)["operating_status"] == "ONLINE")
    assert tenants.show(blue)["relay_group"] == "blue"


def test_a_relay_with_another_groups_certificate_does_not_start(
    tenants: House,
) -> None:
    _end(tenants, "relay2")
    tenants.groups["relay2"] = "green"
    path = tenants.config("relay2", tenants.port("relay2"))
    tenants.spawn(
        "relay2", [str(BIN / "servicevm-relay"), "--config-file", str(path)]
    )
    assert tenants.processes["relay2"].wait(60) == 1
    said = tenants.log("relay2")
    assert "is of the relay group blue, and [relay] group is green" in said
    assert "relay-certificate relay2 --group green" in said
