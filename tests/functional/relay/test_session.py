"""What a session does when all is well."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from servicevm.errors import (
    AGENT_BUSY,
    AGENT_ERROR,
    AGENT_NOT_CONNECTED,
    AGENT_TIMEOUT,
    PermanentError,
    TransientError,
)
from servicevm_agent import wire
from tests.functional.relay.agent import Address, Agent, Gone, Refused
from tests.functional.relay.conductor import PATIENCE
from tests.functional.relay.conftest import House

SERVICE = str(uuid.uuid4())
REPORT = {
    "generation": 3,
    "digest": "sha256:" + "0" * 64,
    "operating_status": "ONLINE",
    "failed_generation": None,
    "detail": "",
    "members": [],
}


def _address(house: House, transport: str) -> Address:
    return house.serial if transport == "serial" else house.tcp


@pytest.mark.parametrize("transport", ["tcp", "serial"])
def test_enrolment_gives_a_certificate_and_ends(
    house: House, transport: str, device_id: str
) -> None:
    token = "t" * 43
    house.conductor.tokens[token] = device_id
    context = house.credentials.context(None, wire.ALPN_ENROL)
    with Agent(_address(house, transport), context) as agent:
        answer = agent.request("enrol", {"token": token, "csr": "CSR"})
        assert answer == {
            "device_id": device_id,
            "certificate": "CERT",
            "ca_bundle": "CA",
        }
        agent.closed()
    _, _, _, peer, relay = house.conductor.wait_for_method("enrol")
    assert peer.startswith(f"{transport}:")
    assert relay == "local"


def test_a_serial_line_goes_on_after_enrolment(
    house: House, device_id: str
) -> None:
    token = "t" * 43
    house.conductor.tokens[token] = device_id
    context = house.credentials.context(None, wire.ALPN_ENROL)
    with Agent(house.serial, context) as agent:
        agent.request("enrol", {"token": token, "csr": "CSR"})
        agent.closed()
        pem, _ = house.credentials.issue(f"spiffe://local/device/{device_id}")
        again = Agent(
            house.serial,
            house.credentials.context(pem, wire.ALPN_SESSION),
            sock=agent.sock,
        )
        assert again.hello()["epoch"] == 1


def test_enrolment_with_a_wrong_token_is_refused(house: House) -> None:
    context = house.credentials.context(None, wire.ALPN_ENROL)
    with Agent(house.tcp, context) as agent:
        with pytest.raises(Refused, match="enrolment_refused"):
            agent.request("enrol", {"token": "x" * 43, "csr": "CSR"})
        agent.closed()


def test_only_enrol_exists_without_a_certificate(house: House) -> None:
    context = house.credentials.context(None, wire.ALPN_ENROL)
    with (
        Agent(house.tcp, context) as agent,
        pytest.raises(Refused, match="unknown_method"),
    ):
        agent.hello()


@pytest.mark.parametrize("transport", ["tcp", "serial"])
def test_hello_opens_a_session(
    house: House, transport: str, device_id: str
) -> None:
    agent = house.agent(device_id, address=_address(house, transport))
    answer = agent.hello(services={SERVICE: REPORT}, unknown="dropped")
    assert answer == {
        "epoch": 1,
        "heartbeat_interval": 10.0,
        "ca_bundle": "CA",
        "limits": {"rate": 50, "burst": 400},
    }
    opened = house.conductor.wait_for_method("session_opened", device_id)
    assert opened[4] == "local"
    assert opened[5]["services"] == {SERVICE: REPORT}
    assert "unknown" not in opened[5]
    assert house.relay.connected() == 1


@pytest.mark.parametrize("transport", ["tcp", "serial"])
def test_a_call_reaches_the_agent_and_its_answer_comes_back(
    house: House, transport: str, device_id: str
) -> None:
    agent = house.agent(device_id, address=_address(house, transport))
    agent.hello()
    house.background(agent.echo, house.stopping)
    answer = house.relay.call(device_id, "ping", {"data": "x" * 100_000}, 10)
    assert answer == {"data": "x" * 100_000}


def test_a_call_without_a_session_says_so(house: House) -> None:
    with pytest.raises(TransientError) as caught:
        house.relay.call(str(uuid.uuid4()), "ping", {}, 1)
    assert caught.value.reason is AGENT_NOT_CONNECTED


def test_a_call_that_is_not_answered_times_out(
    house: House, device_id: str
) -> None:
    house.agent(device_id).hello()
    with pytest.raises(TransientError) as caught:
        house.relay.call(device_id, "ping", {}, 0.05)
    assert caught.value.reason is AGENT_TIMEOUT


def _call_in_background(
    house: House, device_id: str, answer: Any
) -> BaseException | None:
    """Call `status`; the agent answers with `answer` (agent, id)."""
    agent = house.agent(device_id)
    agent.hello()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(house.relay.call, device_id, "status", {}, 10)
        answer(agent, agent.asked().id)
        agent.flush()
        return future.exception(10)


def test_what_the_agent_refuses_carries_its_words(
    house: House, device_id: str
) -> None:
    error = _call_in_background(
        house,
        device_id,
        lambda agent, id: agent.wire.refuse(id, -32000, "no_disk", "Full."),
    )
    assert isinstance(error, PermanentError)
    assert error.reason is AGENT_ERROR
    assert error.detail == "Full. [no_disk]"


def test_an_agent_that_is_busy_is_asked_again(
    house: House, device_id: str
) -> None:
    error = _call_in_background(
        house,
        device_id,
        lambda agent, id: agent.wire.refuse(
            id, -32000, "busy", "too many changes wait"
        ),
    )
    assert isinstance(error, TransientError)
    assert error.reason is AGENT_BUSY
    assert "too many changes wait" in error.detail


def test_an_answer_of_a_wrong_shape_is_an_error(
    house: House, device_id: str
) -> None:
    error = _call_in_background(
        house, device_id, lambda agent, id: agent.wire.reply(id, {"ready": 1})
    )
    assert isinstance(error, PermanentError)
    assert "result.ready must be true or false" in error.detail


def test_calls_fail_when_the_session_ends(
    house: House, device_id: str
) -> None:
    error = _call_in_background(
        house, device_id, lambda agent, id: agent.say(b"\xff" * 8)
    )
    assert isinstance(error, TransientError)
    assert error.reason is AGENT_NOT_CONNECTED


def test_beyond_sixteen_calls_some_wait_and_the_others_are_told_to(
    house: House, device_id: str
) -> None:
    agent = house.agent(device_id)
    agent.hello()
    with ThreadPoolExecutor(32) as pool:
        calls = [
            pool.submit(house.relay.call, device_id, "ping", {}, 10)
            for _ in range(32)
        ]
        requests = [agent.asked() for _ in range(16)]
        with pytest.raises(TransientError) as caught:
            house.relay.call(device_id, "ping", {}, 10)
        assert caught.value.reason is AGENT_BUSY
        for request in requests:
            agent.wire.reply(request.id, {})
        agent.flush()
        house.background(agent.echo, house.stopping)
        assert [call.result(10) for call in calls] == [{}] * 32
    assert house.relay.connected() == 1


def test_a_method_that_agents_do_not_have_is_a_mistake(
    house: House, device_id: str
) -> None:
    with pytest.raises(ValueError, match="exec"):
        house.relay.call(device_id, "exec", {}, 1)


def test_the_newest_session_wins(house: House, device_id: str) -> None:
    old = house.agent(device_id)
    assert old.hello()["epoch"] == 1
    new = house.agent(device_id)
    assert new.hello()["epoch"] == 2
    old.closed()
    closed = house.conductor.wait_for_method("session_closed", device_id)
    assert closed[2:] == (1, "newer_session")
    house.background(new.echo, house.stopping)
    assert house.relay.call(device_id, "ping", {"n": 1}, 10) == {"n": 1}


def test_a_revoked_certificate_is_refused(
    house: House, device_id: str
) -> None:
    pem, serial = house.credentials.issue(f"spiffe://local/device/{device_id}")
    house.conductor.revoked.add(serial)
    context = house.credentials.context(pem, wire.ALPN_SESSION)
    with Agent(house.tcp, context) as agent:
        with pytest.raises(Refused, match="certificate_refused"):
            agent.hello()
        agent.closed()
    assert house.relay.connected() == 0


def test_what_the_conductor_did_not_foresee_stays_inside(
    house: House, device_id: str
) -> None:
    house.conductor.fail["session_opened"] = RuntimeError("password=1234")
    agent = house.agent(device_id)
    with pytest.raises(Refused, match="internal_error"):
        agent.hello()
    agent.closed()


def test_close_session_closes_it_with_the_reason(
    house: House, device_id: str
) -> None:
    agent = house.agent(device_id)
    agent.hello()
    house.relay.close_session(device_id, "revoked")
    agent.closed()
    closed = house.conductor.wait_for_method("session_closed", device_id)
    assert closed[2:] == (1, "revoked")


def test_a_session_revoked_while_it_opens_is_closed(
    house: House, device_id: str
) -> None:
    agent = house.agent(device_id)
    house.conductor.door.clear()
    with ThreadPoolExecutor(1) as pool:
        greeted = pool.submit(agent.hello)
        house.conductor.wait_for_method("session_opened")
        house.relay.close_session(device_id, "the device was revoked")
        with pytest.raises(Gone):
            greeted.result(PATIENCE)
        house.conductor.door.set()
    told = house.conductor.wait_for_method("session_closed", device_id)
    assert told[3] == "the device was revoked"
    assert house.relay.connected() == 0


def test_heartbeats_are_gathered(house: House, device_id: str) -> None:
    agent = house.agent(device_id)
    agent.hello()
    house.conductor.fail["heartbeats"] = RuntimeError("database is away")
    agent.notify(
        "heartbeat",
        {"services": {SERVICE: REPORT}, "counters": {}, "boot_id": "boot-1"},
    )
    house.conductor.wait_for(lambda item: item[:2] == ("failed", "heartbeats"))
    agent.notify("heartbeat", {"services": {}, "boot_id": "boot-1"})
    # What the failed call carried is not lost.
    (_, relay, (beat, *_)) = house.conductor.wait_for_method("heartbeats")
    assert relay == "local"
    assert beat["device_id"] == device_id
    assert beat["epoch"] == 1
    assert 0 <= beat["age_us"] < 60_000_000
    assert beat["services"] == {SERVICE: REPORT}


def test_counters_of_a_session_that_ended_are_handed_on(
    house: House, device_id: str
) -> None:
    agent = house.agent(device_id)
    agent.hello()
    house.conductor.fail["counters"] = RuntimeError("database is away")
    for boot, total in (("boot-1", 5), ("boot-1", 7), ("boot-2", 1)):
        totals = dict.fromkeys(("connections_total", "bytes_in"), total)
        agent.notify(
            "heartbeat",
            {
                "services": {},
                "counters": {
                    SERVICE: {**totals, "bytes_out": 0, "errors_total": 1}
                },
                "boot_id": boot,
            },
        )
    house.conductor.wait_for_method("heartbeats")
    house.relay.close_session(device_id, "the device was revoked")
    house.conductor.wait_for_method("session_closed", device_id)
    house.conductor.wait_for(
        lambda item: (
            item[0] == "counters" and item[2][-1]["boot_id"] == "boot-2"
        )
    )
    told: dict[str, int] = {}
    for item in house.conductor.told:
        if item[0] == "counters":
            for tally in item[2]:
                assert tally["device_id"] == device_id
                totals = tally["services"][SERVICE]
                assert totals.keys() == {
                    "connections",
                    "bytes_in",
                    "bytes_out",
                }
                told[tally["boot_id"]] = totals["connections"]
    assert told == {"boot-1": 7, "boot-2": 1}


def test_results_are_acknowledged_once_they_are_taken(
    house: House, device_id: str
) -> None:
    agent = house.agent(device_id)
    agent.hello()
    result = {
        "service_id": SERVICE,
        "generation": 3,
        "digest": REPORT["digest"],
        "ok": True,
        "detail": "",
        "operating_status": "ONLINE",
    }
    house.conductor.fail["result"] = RuntimeError("database is away")
    with pytest.raises(Refused, match="internal_error"):
        agent.request("result", result)
    assert agent.request("result", result) == {}
    told = house.conductor.wait_for_method("result", device_id, 1)
    assert told[3] == result


def test_what_an_agent_says_keeps_its_order(
    house: House, device_id: str
) -> None:
    agent = house.agent(device_id)
    agent.hello()
    for n in range(20):
        agent.wire.notify(
            "event", {"type": "note", "severity": "INFO", "message": f"{n}"}
        )
    agent.flush()
    house.conductor.wait_for(
        lambda item: item[0] == "event" and item[3]["message"] == "19"
    )
    messages = [
        item[3]["message"]
        for item in house.conductor.told
        if item[0] == "event"
    ]
    assert messages == [str(n) for n in range(20)]


def test_a_certificate_is_renewed_over_the_session(
    house: House, device_id: str
) -> None:
    agent = house.agent(device_id)
    agent.hello()
    answer = agent.request("renew", {"csr": "CSR"})
    assert answer["certificate"] == "NEXT"
    *_, relay = house.conductor.wait_for_method("renew", device_id)
    assert relay == "local"


def test_a_wrong_shape_is_refused_and_the_session_lives(
    house: House, device_id: str
) -> None:
    agent = house.agent(device_id)
    agent.hello()
    with pytest.raises(Refused, match="invalid_params"):
        agent.request("renew", {"csr": 7})
    assert agent.request("renew", {"csr": "CSR"})["certificate"] == "NEXT"


def test_stop_says_goodbye(house: House, device_id: str) -> None:
    agent = house.agent(device_id)
    agent.hello()
    house.relay.stop()
    with pytest.raises(Gone):
        agent.asked()
    closed = house.conductor.wait_for_method("session_closed", device_id)
    assert closed[2:] == (1, "relay_stopping")
    assert not house.serial.exists()
    with pytest.raises(TransientError) as caught:
        house.relay.call(device_id, "ping", {}, 1)
    assert caught.value.reason is AGENT_NOT_CONNECTED


def test_two_hundred_sessions_answer(house: House) -> None:
    ids = [str(uuid.uuid4()) for _ in range(200)]
    agents = {}
    for device in ids:
        agents[device] = house.agent(device)
        agents[device].hello()
    assert house.relay.connected() == 200
    with ThreadPoolExecutor(8) as pool:

        def ping(device: str) -> Any:
            with ThreadPoolExecutor(1) as one:
                call = one.submit(
                    house.relay.call, device, "ping", {"id": device}, 10
                )
                request = agents[device].asked()
                agents[device].wire.reply(request.id, request.params)
                agents[device].flush()
                return call.result(10)["id"]

        assert list(pool.map(ping, ids)) == ids
