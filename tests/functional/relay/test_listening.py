"""The unix socket: whose it is, who may dial it, what it replaces."""

import socket
import stat
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from servicevm import pki
from servicevm.errors import PORT_TAKEN, PermanentError
from servicevm.relay import limits as bounds
from servicevm.relay import service
from servicevm.relay.service import Relay
from tests.functional.relay.conductor import PATIENCE
from tests.functional.relay.conftest import House

BEAT = {"services": {}, "boot_id": "boot-1"}


def test_only_its_owner_may_dial_the_serial_socket(house: House) -> None:
    assert stat.S_IMODE(house.serial.stat().st_mode) == 0o600
    assert stat.S_IMODE(house.serial.parent.stat().st_mode) == 0o700


def test_the_socket_of_a_killed_relay_is_replaced(
    quiet_house: House, device_id: str
) -> None:
    quiet_house.serial.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(quiet_house.serial))
    quiet_house.start()
    agent = quiet_house.agent(device_id, address=quiet_house.serial)
    assert agent.hello()["epoch"] == 1


def test_the_socket_of_a_living_relay_is_not_taken(
    house: House, device_id: str
) -> None:
    second = Relay(
        house.conf, house.conductor, pki.relay_certificate(house.conf)
    )
    with pytest.raises(PermanentError) as caught:
        second.start()
    assert caught.value.reason is PORT_TAKEN
    second.stop()
    agent = house.agent(device_id, address=house.serial)
    assert agent.hello()["epoch"] == 1


def test_a_file_in_the_way_is_not_removed(quiet_house: House) -> None:
    quiet_house.serial.parent.mkdir()
    quiet_house.serial.write_text("precious")
    with pytest.raises(PermanentError, match="is no socket"):
        quiet_house.start()
    assert quiet_house.serial.read_text() == "precious"


def test_a_taken_port_says_so_and_leaves_nothing(quiet_house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        quiet_house.option("bind_port", taken.getsockname()[1])
        with pytest.raises(PermanentError) as caught:
            quiet_house.start()
    assert caught.value.reason is PORT_TAKEN
    assert not quiet_house.serial.exists()
    names = [thread.name for thread in threading.enumerate()]
    quiet_house.relay.stop()
    assert names.count("relay") <= 1


def test_a_path_that_no_socket_can_have_says_so(quiet_house: House) -> None:
    quiet_house.option("serial_socket", f"/tmp/{'x' * 200}/relay.sock")
    with pytest.raises(PermanentError, match="too long"):
        quiet_house.start()


def test_new_sessions_have_the_certificate_that_is_there_now(
    quiet_house: House, device_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = quiet_house
    monkeypatch.setattr(bounds, "CERTIFICATE_EVERY", 0.05)
    house.start()
    old = house.echo(device_id)
    assert old.channel is not None
    before = old.channel.peer_certificate_der()
    (Path(house.conf.pki.dir) / "relay-local.pem").unlink()
    pki.ensure(house.conf)

    def served() -> bytes | None:
        channel = house.agent().channel
        assert channel is not None
        return channel.peer_certificate_der()

    until = time.monotonic() + PATIENCE
    while served() == before:
        assert time.monotonic() < until, "the old one is served for ever"
    assert house.relay.call(device_id, "ping", {"n": 1}, 10) == {"n": 1}


def test_a_defect_ends_no_work_of_the_background(
    quiet_house: House, device_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The beats of agents are still handed over after it."""
    real, failed = Relay._flush, threading.Event()

    def flush(relay: Relay, *arguments: Any) -> None:
        if not failed.is_set():
            failed.set()
            raise ZeroDivisionError
        real(relay, *arguments)

    monkeypatch.setattr(Relay, "_flush", flush)
    monkeypatch.setattr(service, "_AGAIN", 0.01)
    quiet_house.start()
    agent = quiet_house.agent(device_id)
    agent.hello()
    agent.notify("heartbeat", BEAT)
    assert failed.wait(PATIENCE)
    agent.notify("heartbeat", BEAT)
    quiet_house.conductor.wait_for_method("heartbeats")
