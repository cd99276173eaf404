"""Agents that are sent to other relays, and sessions that are over."""

import uuid

import pytest

from tests.functional.relay.agent import Agent, Refused
from tests.functional.relay.conftest import House

UNKNOWN_METHOD = -32601
REFUSED = -32000


def open_session(house: House) -> tuple[str, Agent]:
    device_id = str(uuid.uuid4())
    agent = house.agent(device_id)
    agent.hello()
    return device_id, agent


def drain(house: House) -> None:
    """As before a stop: at once, and in the background."""
    house.background(house.relay.move_all, 15)


def test_a_relay_reports_itself(house: House) -> None:
    host, port = house.tcp
    _, report = house.conductor.wait_for_method("relay_report")
    assert report["name"] == "local"
    assert report["group"] == "default"
    assert report["address"] == f"{host}:{port}"
    assert report["sessions"] == 0


def test_a_relay_reports_where_it_is_to_be_dialled(quiet_house: House) -> None:
    quiet_house.option("advertise", "relay1.example.org:9891")
    quiet_house.start()
    _, report = quiet_house.conductor.wait_for_method("relay_report")
    assert report["address"] == "relay1.example.org:9891"


def test_a_relay_without_a_port_is_dialled_nowhere(quiet_house: House) -> None:
    quiet_house.option("advertise", "relay1.example.org:9891")
    quiet_house.option("bind_port", None)
    quiet_house.start()
    _, report = quiet_house.conductor.wait_for_method("relay_report")
    assert report["address"] == ""


def test_an_agent_is_told_to_move(house: House) -> None:
    _, agent = open_session(house)
    drain(house)
    asked = agent.asked()
    assert asked.method == "move"
    assert 0 < asked.params["within_s"] <= 60


def test_an_agent_that_does_not_know_how_to_move_is_hung_up(
    house: House,
) -> None:
    _, agent = open_session(house)
    drain(house)
    asked = agent.asked()
    agent.wire.refuse(asked.id, UNKNOWN_METHOD, "unknown_method", "what?")
    agent.flush()
    agent.closed()


def test_an_agent_that_has_nowhere_to_go_stays_until_the_end(
    house: House,
) -> None:
    device_id, agent = open_session(house)
    drain(house)
    asked = agent.asked()
    agent.wire.refuse(asked.id, REFUSED, "nowhere", "there is none")
    agent.flush()
    house.background(agent.echo, house.stopping)
    assert house.relay.call(device_id, "ping", {"n": 1}, 10) == {"n": 1}


def test_a_draining_relay_takes_no_new_session(house: House) -> None:
    _, agent = open_session(house)
    drain(house)
    assert agent.asked().method == "move"
    newcomer = house.agent()
    with pytest.raises(Refused, match="unavailable"):
        newcomer.hello()


def test_a_serial_line_is_taken_while_draining(house: House) -> None:
    _, first = open_session(house)
    drain(house)
    assert first.asked().method == "move"
    device_id = str(uuid.uuid4())
    agent = house.agent(device_id, address=house.serial)
    agent.hello()
    house.background(agent.echo, house.stopping)
    assert house.relay.call(device_id, "ping", {"n": 1}, 10) == {"n": 1}


@pytest.mark.parametrize(
    ("why", "ending"),
    [
        ("", "newer_session"),
        ("It is not for this relay.", "It is not for this relay."),
    ],
)
def test_a_session_that_is_over_elsewhere_is_closed_at_its_next_beat(
    house: House, why: str, ending: str
) -> None:
    device_id, agent = open_session(house)
    house.conductor.stale[device_id] = why
    agent.notify("heartbeat", {"services": {}, "boot_id": "boot-1"})
    agent.closed()
    *_, said = house.conductor.wait_for_method("session_closed", device_id)
    assert said == ending
