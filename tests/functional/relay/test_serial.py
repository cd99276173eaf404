"""The stream that never ends: either side may begin again at any time."""

import os
import selectors
import socket
import threading
import uuid
from collections.abc import Iterator

import pytest

from servicevm_agent import wire
from tests.functional.relay.agent import Agent, Gone, dial
from tests.functional.relay.conftest import House


class Port:
    """What QEMU is: holds the guest's bytes and dials the relay again."""

    def __init__(self, house: House) -> None:
        self.guest, self._host = socket.socketpair()
        self.guest.settimeout(20)
        self._house = house
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(10)
        self.guest.close()
        self._host.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                relay = dial(self._house.serial)
            except OSError:
                self._stop.wait(0.02)
                continue
            with relay:
                self._pump(relay)

    def _pump(self, relay: socket.socket) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(relay, selectors.EVENT_READ, self._host)
            selector.register(self._host, selectors.EVENT_READ, relay)
            while not self._stop.is_set():
                for key, _ in selector.select(0.05):
                    source = key.fileobj
                    assert isinstance(source, socket.socket)
                    try:
                        data = source.recv(65536)
                        key.data.sendall(data)
                    except OSError:
                        return
                    if not data:
                        return


@pytest.fixture
def port(house: House) -> Iterator[Port]:
    port = Port(house)
    yield port
    port.close()


def _agent(house: House, port: Port, device_id: str) -> Agent:
    pem, _ = house.credentials.issue(f"spiffe://local/device/{device_id}")
    context = house.credentials.context(pem, wire.ALPN_SESSION)
    return Agent(house.serial, context, sock=port.guest)


def _ping(house: House, agent: Agent, device_id: str) -> None:
    answers = []
    thread = threading.Thread(
        target=lambda: answers.append(
            house.relay.call(device_id, "ping", {"n": 1}, 10)
        )
    )
    thread.start()
    request = agent.asked()
    agent.wire.reply(request.id, request.params)
    agent.flush()
    thread.join(20)
    assert answers == [{"n": 1}]


def test_nonsense_before_the_first_session_is_skipped(
    house: House, port: Port, device_id: str
) -> None:
    port.guest.sendall(b"BIOS \x00\x00svm" + os.urandom(1000))
    agent = _agent(house, port, device_id)
    assert agent.hello()["epoch"] == 1
    _ping(house, agent, device_id)


def test_a_restarted_agent_is_heard_in_the_middle_of_a_record(
    house: House, port: Port, device_id: str
) -> None:
    agent = _agent(house, port, device_id)
    agent.hello()
    # A record of 16 KiB that will never end.
    port.guest.sendall(b"\x17\x03\x03\x40\x00" + b"half")
    agent.restart()
    assert agent.hello()["epoch"] == 2
    closed = house.conductor.wait_for_method("session_closed", device_id)
    assert closed[2:] == (1, "agent_restarted")
    _ping(house, agent, device_id)


def test_a_restarted_relay_wakes_the_agent(
    house: House, port: Port, device_id: str
) -> None:
    agent = _agent(house, port, device_id)
    agent.hello()
    house.relay.stop()
    # Bytes of the old session that the new relay will get first.
    agent.notify("heartbeat", {"services": {}, "boot_id": "boot-1"})
    agent.notify("heartbeat", {"services": {}, "boot_id": "boot-1"})
    house.start()
    with pytest.raises(Gone):
        agent.asked()
    agent.restart()
    assert agent.hello()["epoch"] == 2
    _ping(house, agent, device_id)


def test_after_a_broken_record_the_same_line_goes_on(
    house: House, port: Port, device_id: str
) -> None:
    agent = _agent(house, port, device_id)
    agent.hello()
    port.guest.sendall(b"\x17\x03\x03\x00\x20" + b"?" * 32)
    with pytest.raises(Gone):
        agent.asked()
    agent.restart()
    assert agent.hello()["epoch"] == 2
    closed = house.conductor.wait_for_method("session_closed", device_id)
    assert closed[2] == 1
    _ping(house, agent, device_id)


def test_another_device_on_the_line_has_its_own_identity(
    house: House, port: Port, device_id: str
) -> None:
    _agent(house, port, device_id).hello()
    other = str(uuid.uuid4())
    agent = _agent(house, port, other)
    agent.hello()
    _ping(house, agent, other)
    house.conductor.wait_for_method("session_closed", device_id, 1)


def test_who_begins_again_too_often_is_hung_up(house: House) -> None:
    with dial(house.serial) as sock:
        # Each of them would cost a TLS handshake.
        for _ in range(20):
            link = wire.SerialLink(agent=True)
            link.start(os.urandom(16), 0.0)
            try:
                sock.sendall(link.outgoing())
                wanted = 2 * wire.MARKER_SIZE
                while wanted > 0:
                    data = sock.recv(wanted)
                    if not data:
                        return
                    wanted -= wire.MARKER_SIZE + len(data)
            except ConnectionError:
                return
    pytest.fail("twenty handshakes in a row were allowed")


def test_a_guest_that_only_makes_noise_is_hung_up(
    house: House, device_id: str
) -> None:
    with dial(house.serial) as line, pytest.raises(ConnectionError):
        line.sendall(bytes(64 << 20))
    with house.agent(device_id, address=house.serial) as agent:
        assert agent.hello()["epoch"]
