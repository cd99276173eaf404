"""The agent's process and the relay: speed is no reason to hang up."""

import itertools
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest

from servicevm import pki
from servicevm.errors import AGENT_BUSY, TransientError
from servicevm.relay import limits as bounds
from servicevm.rpc.base import Json
from servicevm_agent import wire
from tests.functional.relay.agent import Agent
from tests.functional.relay.conductor import PATIENCE, MemoryConductor
from tests.functional.relay.conftest import House

ROOT = Path(__file__).resolve().parents[3]


class Signing(MemoryConductor):
    """Gives one device a real certificate."""

    def __init__(self, authority: pki.Authority, device_id: str) -> None:
        super().__init__()
        self._authority = authority
        self._device_id = device_id

    def enrol(
        self, token: str, csr: str, peer: str, relay: str | None = None
    ) -> Json:
        leaf = self._authority.sign(csr, self._device_id)
        return {
            "device_id": self._device_id,
            "certificate": leaf.certificate,
            "ca_bundle": self._authority.ca_bundle,
        }

    def session_opened(
        self, device_id: str, serial: str, relay: str, hello: Json
    ) -> Json:
        opened = super().session_opened(device_id, serial, relay, hello)
        return {**opened, "ca_bundle": self._authority.ca_bundle}


@pytest.fixture
def process(
    quiet_house: House, device_id: str
) -> Iterator[subprocess.Popen[bytes]]:
    """The agent's, in a session with the relay."""
    house = quiet_house
    authority = pki.authority(house.conf)
    house.conductor = Signing(authority, device_id)
    house.start()
    folder = Path(tempfile.mkdtemp(prefix="svm-", dir="/tmp"))
    host, port = house.tcp
    document = {
        "version": 1,
        "device_id": device_id,
        "deployment_id": house.conf.deployment_id,
        "token": "t" * 43,
        "ca_bundle": authority.ca_bundle,
        "transport": {"type": "tcp", "relays": [f"{host}:{port}"]},
        "interfaces": [],
    }
    (folder / "servicevm.json").write_text(json.dumps(document))
    options = {
        "state": folder / "state",
        "run": folder / "run",
        "bootstrap": folder / "servicevm.json",
        "netns": "",
        "bind-address": "127.0.0.1",
    }
    agent = subprocess.Popen(
        [sys.executable, "-m", "servicevm_agent"]
        + [f"--{name}={value}" for name, value in options.items()],
        cwd=ROOT,
    )
    house.conductor.wait_for_method("session_opened", device_id)
    yield agent
    agent.send_signal(signal.SIGCONT)
    agent.terminate()
    agent.wait(PATIENCE)
    shutil.rmtree(folder)


def _never_closed(house: House) -> bool:
    told = {item[0] for item in house.conductor.told}
    return house.relay.connected() == 1 and "session_closed" not in told


def _flood(house: House, device_id: str, calls: int) -> None:
    """As fast as can be, from as many threads as may wait at once."""
    count = itertools.count()

    def caller() -> None:
        while (n := next(count)) < calls:
            answer = house.relay.call(device_id, "ping", {"data": n}, 10)
            assert answer == {"data": n}

    with ThreadPoolExecutor(bounds.CALLS_HELD) as pool:
        for done in [pool.submit(caller) for _ in range(bounds.CALLS_HELD)]:
            done.result()


@pytest.mark.usefixtures("process")
def test_two_thousand_calls_as_fast_as_can_be(
    quiet_house: House, device_id: str
) -> None:
    _flood(quiet_house, device_id, 2000)
    assert _never_closed(quiet_house)


def test_what_an_agent_cannot_take_is_busy_and_the_session_goes_on(
    quiet_house: House,
    device_id: str,
    process: subprocess.Popen[bytes],
) -> None:
    house = quiet_house
    house.relay.call(device_id, "ping", {"data": 0}, 10)
    process.send_signal(signal.SIGSTOP)
    gate = threading.Barrier(bounds.CALLS_HELD + 8)

    def call() -> Any:
        gate.wait(PATIENCE)
        return house.relay.call(device_id, "ping", {"data": 0}, 10)

    with ThreadPoolExecutor(gate.parties) as pool:
        calls = [pool.submit(call) for _ in range(gate.parties)]
        # Those that are refused, and those whose turn does not come.
        busy: set[Any] = set()
        while len(busy) < gate.parties - bounds.CALLS_IN_FLIGHT:
            busy = {one for one in calls if one.done()}
            wait(set(calls) - busy, 0.1)
        for one in busy:
            error = one.exception()
            assert isinstance(error, TransientError)
            assert error.reason is AGENT_BUSY
        process.send_signal(signal.SIGCONT)
        for one in set(calls) - busy:
            assert one.result() == {"data": 0}
    _flood(house, device_id, 100)
    assert _never_closed(house)


def test_answers_that_come_late_are_no_reason_to_hang_up(
    quiet_house: House,
    device_id: str,
    process: subprocess.Popen[bytes],
) -> None:
    house = quiet_house
    house.relay.call(device_id, "ping", {"data": 0}, 10)
    process.send_signal(signal.SIGSTOP)
    with ThreadPoolExecutor(bounds.CALLS_HELD) as pool:
        for _ in range(3):
            calls = [
                pool.submit(
                    house.relay.call, device_id, "ping", {"data": 0}, 0.2
                )
                for _ in range(bounds.CALLS_HELD)
            ]
            for one in calls:
                assert isinstance(one.exception(), TransientError)
    process.send_signal(signal.SIGCONT)
    _flood(house, device_id, 100)
    assert _never_closed(house)


def test_an_agent_that_says_no_limits_has_the_old_ones(
    house: House, device_id: str
) -> None:
    pem, _ = house.credentials.issue(f"spiffe://local/device/{device_id}")
    with Agent(
        house.tcp,
        house.credentials.context(pem, wire.ALPN_SESSION),
        limit=wire.OLD_AGENT,
    ) as agent:
        agent.hello()
        house.background(agent.echo, house.stopping)
        count = itertools.count()

        def caller() -> None:
            while (n := next(count)) < 260:
                house.relay.call(device_id, "ping", {"n": n}, 10)

        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(caller) for _ in range(4)]:
                done.result()
        assert _never_closed(house)
        house.stopping.set()
