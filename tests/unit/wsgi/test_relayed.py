"""Whose calls an api process makes itself, and whose it leaves to others."""

from typing import Any

import pytest
from oslo_config import cfg

from servicevm.db import whereabouts
from servicevm.drivers.mgmt.agent import AgentMgmtDriver
from servicevm.drivers.mgmt.noop import NoopMgmtDriver
from servicevm.errors import (
    AGENT_NOT_CONNECTED,
    AGENT_TIMEOUT,
    ServicevmError,
    TransientError,
)
from servicevm.rpc.base import Json, RelayApi
from servicevm.wsgi.relayed import RelayedCalls
from tests.unit.api.conductor import RecordingConductor
from tests.unit.log_lines import kept

_DEVICE = "00000000-0000-4000-8000-000000000001"
_SERVICE = "00000000-0000-4000-8000-000000000002"


class Relays(RelayApi):
    """Answers as those on a bus: where the device is, it asks.

    :ivar calls: name of the relay, and what it was asked
    :ivar refusal: what it raises, if set
    """

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.refusal: ServicevmError | None = None

    def call(
        self, device_id: str, method: str, params: Json, timeout: float
    ) -> Any:
        relay = whereabouts.relay_of(device_id)
        if relay is None:
            raise TransientError(AGENT_NOT_CONNECTED)
        self.calls.append((relay, device_id, method, dict(params)))
        if self.refusal is not None:
            raise self.refusal
        return {"listeners": []}

    def close_session(self, device_id: str, reason: str) -> bool:
        raise AssertionError("an api process ends no session")


@pytest.fixture
def relays() -> Relays:
    return Relays()


@pytest.fixture
def conductor() -> RecordingConductor:
    made = RecordingConductor()
    made.answer = {"by": "a conductor"}
    return made


@pytest.fixture
def calls(conductor: RecordingConductor, relays: Relays) -> RelayedCalls:
    return RelayedCalls(cfg.ConfigOpts(), conductor, relays)


def _host(driver: str, relay: str | None = "r1") -> Json:
    return {"device_id": _DEVICE, "mgmt_driver": driver, "relay": relay}


def test_a_relayed_call_meets_neither_conductor_nor_database(
    calls: RelayedCalls, conductor: RecordingConductor, relays: Relays
) -> None:
    # No database is configured here: a query would fail.
    answer = calls.call_service(_host("agent"), _SERVICE, "stats", {"a": 1})
    assert answer == {"listeners": []}
    asked = {"service_id": _SERVICE, "action": "stats", "arguments": {"a": 1}}
    assert relays.calls == [("r1", _DEVICE, "action", asked)]
    assert conductor.calls == []


def test_a_device_without_a_session_is_not_connected(
    calls: RelayedCalls, relays: Relays
) -> None:
    with pytest.raises(TransientError) as caught:
        calls.call_service(_host("agent", None), _SERVICE, "stats", {})
    assert caught.value.reason is AGENT_NOT_CONNECTED
    assert relays.calls == []


def test_what_the_relay_raises_is_what_the_user_gets(
    calls: RelayedCalls, relays: Relays
) -> None:
    relays.refusal = TransientError(AGENT_TIMEOUT, "10 s are over.")
    with pytest.raises(TransientError) as caught:
        calls.call_service(_host("agent"), _SERVICE, "stats", {})
    assert caught.value is relays.refusal


def test_a_conductor_makes_the_calls_of_other_drivers(
    calls: RelayedCalls, conductor: RecordingConductor, relays: Relays
) -> None:
    host = _host("noop")
    asked = (host, _SERVICE, "stats", {})
    assert calls.call_service(*asked) == {"by": "a conductor"}
    assert conductor.calls == [("call_service", *asked)]
    assert relays.calls == []


def test_a_conductor_is_asked_where_the_driver_is_not_installed(
    calls: RelayedCalls, conductor: RecordingConductor
) -> None:
    asked = (_host("acme"), _SERVICE, "stats", {})
    with kept() as lines:
        for _ in range(2):
            assert calls.call_service(*asked) == {"by": "a conductor"}
    assert conductor.calls == [("call_service", *asked)] * 2
    (line,) = [line for line in lines if "acme" in line]
    assert "Conductors are asked" in line


def test_hints_and_console_logs_are_for_a_conductor(
    calls: RelayedCalls, conductor: RecordingConductor
) -> None:
    conductor.log = "Linux"
    calls.wake()
    assert calls.console_log(_DEVICE, 3) == "nux"
    assert conductor.calls == [("wake",), ("console_log", _DEVICE, 3)]


def test_the_drivers_say_whether_a_relay_is_all_they_need() -> None:
    assert AgentMgmtDriver.relayed
    # Its devices are files of the conductor's host.
    assert not NoopMgmtDriver.relayed
