"""Bad agents lose their session; others do not notice."""

import json
import logging
import socket
import ssl
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from servicevm import pki
from servicevm.errors import TransientError
from servicevm_agent import wire
from tests.functional.relay.agent import Agent, Gone, Refused, dial
from tests.functional.relay.conftest import House
from tests.functional.relay.credentials import Credentials


def _hears_the_end(sock: socket.socket) -> None:
    """Read until the relay closes."""
    try:
        while sock.recv(65536):
            pass
    except ConnectionError:
        return


def _ended(caplog: pytest.LogCaptureFixture, code: str) -> bool:
    return any(
        record.name.startswith("servicevm.relay")
        and f"closed: {code}" in record.getMessage()
        for record in caplog.records
    )


def _frame(payload: bytes) -> bytes:
    return len(payload).to_bytes(4, "big") + payload


def _message(**fields: object) -> bytes:
    return wire.encode({"jsonrpc": "2.0", **fields})


HELLO = {
    "proto": 1,
    "agent_version": "1.0",
    "boot_id": "b",
    "ready": True,
    "services": {},
}
EVENT = {"type": "note", "severity": "INFO", "message": "m"}
DEEP = b'{"a":' * 5000 + b"1" + b"}" * 5000

#: What is said right after TLS is up, and how it ends.
BEFORE_HELLO = {
    "oversize length": (b"\xff\xff\xff\xff", "protocol_error"),
    "empty frame": (b"\0\0\0\0", "protocol_error"),
    "not JSON": (_frame(b"GET / HTTP/1.1"), "protocol_error"),
    "not UTF-8": (_frame(b'{"a":"\xff"}'), "protocol_error"),
    "not an object": (_frame(b"[1]"), "protocol_error"),
    "deep JSON": (_frame(DEEP), "protocol_error"),
    "NaN": (_frame(b'{"jsonrpc":"2.0","id":NaN}'), "protocol_error"),
    "not JSON-RPC": (_frame(b"{}"), "protocol_error"),
    "an answer to nothing": (_message(id=1, result={}), "protocol_error"),
    "no hello": (
        _message(method="event", params=EVENT),
        "hello_missing",
    ),
    "a request before hello": (
        _message(id=1, method="renew", params={"csr": "CSR"}),
        "hello_missing",
    ),
    "an id in use": (
        _message(id=1, method="hello", params=HELLO)
        + _message(id=1, method="hello", params=HELLO),
        "protocol_error",
    ),
    "a message before hello is answered": (
        _message(id=1, method="hello", params=HELLO)
        + _message(method="event", params=EVENT),
        "protocol_error",
    ),
}

#: What is said on an open session.
AFTER_HELLO = {
    "a second hello": _message(id=9, method="hello", params=HELLO),
    "a heartbeat of a wrong shape": _message(
        method="heartbeat", params={"services": []}
    ),
    "a number of a million digits": _frame(
        b'{"jsonrpc":"2.0","id":' + b"9" * 1_000_000 + b"}"
    ),
    "a flood": _message(method="event", params=EVENT) * 500,
    "a flood of requests": b"".join(
        _message(id=n, method="exec", params={}) for n in range(100, 600)
    ),
}


@pytest.mark.parametrize("case", BEFORE_HELLO)
@pytest.mark.parametrize("transport", ["tcp", "serial"])
def test_nonsense_before_hello_ends_the_session(
    house: House,
    transport: str,
    case: str,
    device_id: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    said, code = BEFORE_HELLO[case]
    bystander = house.echo(device_id)
    agent = house.agent(
        address=house.tcp if transport == "tcp" else house.serial
    )
    agent.say(said)
    agent.closed()
    assert _ended(caplog, code)
    assert house.relay.call(device_id, "ping", {"n": 1}, 10) == {"n": 1}
    assert bystander.channel is not None


@pytest.mark.parametrize("case", AFTER_HELLO)
def test_nonsense_on_an_open_session_ends_it(
    house: House,
    case: str,
    device_id: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    house.echo(device_id)
    agent = house.agent()
    agent.hello()
    agent.say(AFTER_HELLO[case])
    _hears_the_end(agent.sock)
    assert _ended(caplog, "protocol_error")
    assert house.relay.call(device_id, "ping", {"n": 1}, 10) == {"n": 1}


@pytest.mark.parametrize(
    "said",
    [b"GET / HTTP/1.0\r\n\r\n", b"\0" * 64, b"\x16\x03\x01\x40\x00" * 9000],
    ids=["HTTP", "zeros", "half a client hello"],
)
def test_what_is_not_tls_is_hung_up(
    house: House, said: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with dial(house.tcp) as sock:
        sock.sendall(said)
        _hears_the_end(sock)
    assert _ended(caplog, "tls_failed")


def _two_names(credentials: Credentials) -> bytes:
    return credentials.issue(
        f"spiffe://local/device/{uuid.uuid4()}",
        f"spiffe://local/device/{uuid.uuid4()}",
    )[0]


IDENTITIES: dict[str, Callable[[Credentials], bytes]] = {
    "no name": lambda credentials: credentials.issue()[0],
    "two names": _two_names,
    "a relay": lambda c: c.issue("spiffe://local/relay/local")[0],
    "another deployment": lambda c: c.issue(
        f"spiffe://elsewhere/device/{uuid.uuid4()}"
    )[0],
    "no UUID": lambda c: c.issue("spiffe://local/device/1")[0],
    "more after the UUID": lambda c: c.issue(
        f"spiffe://local/device/{uuid.uuid4()}/x"
    )[0],
}


@pytest.mark.parametrize("case", IDENTITIES)
def test_a_certificate_that_names_no_device_is_refused(
    house: House, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    pem = IDENTITIES[case](house.credentials)
    context = house.credentials.context(pem, wire.ALPN_SESSION)
    with Agent(house.tcp, context) as agent, pytest.raises(Gone):
        agent.hello()
    assert _ended(caplog, "identity_refused")


def test_a_certificate_of_another_ca_is_refused(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house.conf.set_override("dir", str(tmp_path / "other"), group="pki")
    pki.ensure(house.conf)
    other = Credentials(tmp_path / "other", tmp_path)
    pem, _ = other.issue(f"spiffe://local/device/{uuid.uuid4()}")
    context = other.context(
        pem, wire.ALPN_SESSION, bundle=house.credentials.bundle
    )
    with Agent(house.tcp, context) as agent, pytest.raises(Gone):
        agent.hello()
    assert _ended(caplog, "tls_failed")


@pytest.mark.parametrize(
    ("alpn", "code"),
    [
        ((wire.ALPN_SESSION,), "no_certificate"),
        ((), "no_protocol"),
        (("h2",), "no_protocol"),
    ],
    ids=["no certificate", "no protocol", "another protocol"],
)
def test_without_certificate_or_protocol_there_is_no_session(
    house: House,
    alpn: tuple[str, ...],
    code: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    context = house.credentials.context(None, *alpn)
    with Agent(house.tcp, context) as agent, pytest.raises(Gone):
        agent.hello()
    assert _ended(caplog, code)


@pytest.mark.parametrize("transport", ["tcp", "serial"])
def test_nothing_older_than_tls_1_3_is_spoken(
    house: House,
    device_id: str,
    transport: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    pem, _ = house.credentials.issue(f"spiffe://local/device/{device_id}")
    for protocol in (wire.ALPN_SESSION, wire.ALPN_ENROL):
        context = house.credentials.context(pem, protocol)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        address = house.serial if transport == "serial" else house.tcp
        with (
            dial(address) as sock,
            pytest.raises(Gone),
        ):
            Agent(address, context, sock=sock)
    assert _ended(caplog, "tls_failed: UNSUPPORTED_PROTOCOL")
    assert house.relay.connected() == 0
    assert house.echo(device_id)


def test_who_never_finishes_the_handshake_is_hung_up(
    quiet_house: House, caplog: pytest.LogCaptureFixture
) -> None:
    quiet_house.option("handshake_timeout", 0.2)
    quiet_house.start()
    with dial(quiet_house.tcp) as sock:
        sock.sendall(b"\x16")
        _hears_the_end(sock)
    assert _ended(caplog, "handshake_timeout")


def test_who_never_says_hello_is_hung_up(
    quiet_house: House, caplog: pytest.LogCaptureFixture
) -> None:
    quiet_house.option("handshake_timeout", 0.5)
    quiet_house.start()
    quiet_house.agent().closed()
    assert _ended(caplog, "handshake_timeout")


def test_who_falls_silent_is_closed(
    quiet_house: House, device_id: str
) -> None:
    quiet_house.option("dead_after", 0.3)
    quiet_house.start()
    agent = quiet_house.agent(device_id)
    agent.hello()
    agent.closed()
    closed = quiet_house.conductor.wait_for_method("session_closed", device_id)
    assert closed[3] == "silent"


def test_a_session_ends_with_its_certificate(
    house: House, device_id: str
) -> None:
    pem, _ = house.credentials.issue(
        f"spiffe://local/device/{device_id}", life=2.5
    )
    context = house.credentials.context(pem, wire.ALPN_SESSION)
    with Agent(house.tcp, context) as agent:
        agent.hello()
        agent.closed()
    closed = house.conductor.wait_for_method("session_closed", device_id)
    assert closed[3] == "certificate_expired"


@pytest.mark.parametrize("transport", ["tcp", "serial"])
def test_who_does_not_read_is_dropped_while_others_are_served(
    quiet_house: House, transport: str, device_id: str
) -> None:
    house = quiet_house
    house.option("drain_timeout", 0.5)
    house.start()
    house.echo(device_id)
    slow_id = str(uuid.uuid4())
    slow = house.agent(
        slow_id, address=house.tcp if transport == "tcp" else house.serial
    )
    slow.hello()
    load = {"data": "x" * 1_000_000}
    with ThreadPoolExecutor(16) as pool:
        calls = [
            pool.submit(house.relay.call, slow_id, "ping", load, 20)
            for _ in range(16)
        ]
        for n in range(20):
            assert house.relay.call(device_id, "ping", {"n": n}, 10)
        errors = [call.exception(20) for call in calls]
    assert all(isinstance(error, TransientError) for error in errors)
    closed = house.conductor.wait_for_method("session_closed", slow_id)
    assert closed[3] == "not_draining"


def test_one_address_cannot_keep_others_from_the_door(
    quiet_house: House, device_id: str
) -> None:
    quiet_house.option("max_unauthenticated_per_peer", 2)
    quiet_house.start()
    with dial(quiet_house.tcp) as one, dial(quiet_house.tcp) as two:
        with dial(quiet_house.tcp) as three:
            _hears_the_end(three)
        # The serial lines are another door.
        agent = quiet_house.agent(device_id, address=quiet_house.serial)
        agent.hello()
        one.sendall(b"nonsense")
        _hears_the_end(one)
        quiet_house.agent().hello()
        assert two.fileno() >= 0


def test_a_full_relay_refuses_more_but_not_those_it_knows(
    quiet_house: House, device_id: str
) -> None:
    quiet_house.option("max_sessions", 1)
    quiet_house.start()
    quiet_house.agent(device_id).hello()
    stranger = quiet_house.agent()
    with pytest.raises(Refused, match="unavailable"):
        stranger.hello()
    stranger.closed()
    assert quiet_house.agent(device_id).hello()["epoch"] == 2


def test_a_slow_conductor_holds_nobody_but_the_one_it_is_slow_for(
    house: House, device_id: str
) -> None:
    house.echo(device_id)
    slow = house.agent()
    slow.hello()
    house.conductor.gate.clear()
    result = {
        "service_id": str(uuid.uuid4()),
        "generation": 1,
        "digest": "",
        "ok": False,
        "operating_status": "OFFLINE",
    }
    for n in range(10):
        slow.wire.call("result", result, now=0.0, timeout=1e9)
        assert n < 16
    slow.flush()
    assert house.relay.call(device_id, "ping", {"n": 1}, 10) == {"n": 1}
    assert house.agent().hello()["epoch"] == 3
    house.conductor.gate.set()
    slow.request("event", EVENT)


def test_a_secret_is_never_logged(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = "secret" * 8
    context = house.credentials.context(None, wire.ALPN_ENROL)
    with Agent(house.tcp, context) as agent:
        with pytest.raises(Refused):
            agent.request("enrol", {"token": token, "csr": "CSR"})
        agent.closed()
    assert token not in caplog.text
    assert json.dumps(token) not in caplog.text
