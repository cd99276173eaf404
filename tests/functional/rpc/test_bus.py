"""What crosses the bus, on a real RabbitMQ."""

import time
from typing import Any

import pytest
from oslo_config import cfg
from oslo_messaging._drivers import impl_rabbit

from servicevm import logs
from servicevm.errors import (
    AGENT_NOT_CONNECTED,
    BAD_REQUEST,
    INTERNAL,
    RELAY_UNREACHABLE,
    UNAVAILABLE,
    PermanentError,
    ServicevmError,
    TransientError,
)
from servicevm.rpc import bus, messages, oslo
from tests.functional.rpc.conftest import Serve
from tests.functional.rpc.house import eventually
from tests.functional.rpc.recorder import (
    CERTIFICATE,
    DEVICE,
    ERRORS,
    HELLO,
    SERVICE,
    Recorder,
)

#: Of a call that no process can hear.
UNHEARD = "nobody"


def test_the_api_asks_a_conductor(
    conf: cfg.ConfigOpts, recorder: Recorder
) -> None:
    conductor = oslo.OsloConductor(conf)
    asked = {"deep": [1, None, "ü"]}
    host = {"device_id": DEVICE, "mgmt_driver": "agent", "relay": None}
    answer = conductor.call_service(host, SERVICE, "stats", asked)
    assert answer == {"by": "c1"}
    assert conductor.console_log(DEVICE, 100) == "c1"
    conductor.wake()
    assert recorder.woken.wait(20)
    assert recorder.told == [
        ("call_service", host, SERVICE, "stats", asked),
        ("console_log", DEVICE, 100),
    ]


def test_a_relay_tells_a_conductor(
    conf: cfg.ConfigOpts, recorder: Recorder
) -> None:
    events = oslo.OsloAgentEvents(conf)
    beat = {"device_id": DEVICE, "epoch": 6, "age_us": 12}
    result = {
        "service_id": SERVICE,
        "generation": 3,
        "digest": "",
        "ok": False,
        "operating_status": "DEAD",
        "detail": "no",
    }
    totals = {"connections": 1, "bytes_in": 2, "bytes_out": 3}
    tally = {
        "device_id": DEVICE,
        "boot_id": "b",
        "services": {SERVICE: totals},
    }
    event = {"type": "hot", "severity": "WARNING", "message": "It is hot."}
    report = {
        "name": "r1",
        "host": "here",
        "group": "default",
        "version": "1",
        "address": "",
        "sessions": 0,
        "started_at": 5,
    }
    assert events.enrol("t" * 43, "CSR", "tcp:1", "r1") == CERTIFICATE
    assert events.renew(DEVICE, "ab12", "CSR", "r1") == CERTIFICATE
    opened = events.session_opened(DEVICE, "ab12", "r1", HELLO)
    assert opened == {"epoch": 7, "ca_bundle": "B"}
    assert events.heartbeats("r1", [beat]) == [
        {"device_id": DEVICE, "epoch": 6, "reason": "moved"}
    ]
    events.counters("r1", [tally])
    events.result(DEVICE, 7, result)
    events.event(DEVICE, 7, event)
    events.session_closed(DEVICE, 7, "it left")
    assert events.relay_report(report) == {"draining": True}
    assert recorder.told == [
        ("enrol", "t" * 43, "CSR", "tcp:1", "r1"),
        ("renew", DEVICE, "ab12", "CSR", "r1"),
        ("session_opened", DEVICE, "ab12", "r1", HELLO),
        ("heartbeats", "r1", [beat]),
        ("counters", "r1", [tally]),
        ("result", DEVICE, 7, result),
        ("event", DEVICE, 7, event),
        ("session_closed", DEVICE, 7, "it left"),
        ("relay_report", report),
    ]


def test_a_conductor_asks_the_relay_that_holds_the_session(
    conf: cfg.ConfigOpts, serve: Serve
) -> None:
    relays = {name: Recorder(name) for name in ("r1", "r2")}
    for name, relay in relays.items():
        serve(bus.RELAYS, name, messages.RELAY_API, relay)
    held = {DEVICE: "r2", SERVICE: "r1"}
    asked = oslo.OsloRelay(conf, held.get)
    assert asked.call(DEVICE, "ping", {"data": 1}, 5.0) == {"relay": "r2"}
    assert asked.call(SERVICE, "ping", {}, 5.0) == {"relay": "r1"}
    assert asked.close_session(DEVICE, "revoked")
    assert relays["r2"].told == [
        ("call", DEVICE, "ping", {"data": 1}, 5.0),
        ("close_session", DEVICE, "revoked"),
    ]
    assert relays["r1"].told == [("call", SERVICE, "ping", {}, 5.0)]


def test_a_device_without_a_session_is_not_connected(
    conf: cfg.ConfigOpts,
) -> None:
    relay = oslo.OsloRelay(conf, lambda device_id: None)
    with pytest.raises(TransientError) as caught:
        relay.call(DEVICE, "ping", {}, 5.0)
    assert caught.value.reason is AGENT_NOT_CONNECTED
    assert not relay.close_session(DEVICE, "revoked")


def test_a_relay_that_is_gone_is_waited_for_no_longer_than_asked(
    conf: cfg.ConfigOpts,
) -> None:
    relay = oslo.OsloRelay(conf, lambda device_id: UNHEARD)
    begun = time.monotonic()
    with pytest.raises(TransientError) as caught:
        relay.call(DEVICE, "ping", {}, 0.5)
    assert caught.value.reason is RELAY_UNREACHABLE
    assert UNHEARD in caught.value.detail
    assert time.monotonic() - begun < 0.5 + 2 * bus.GRACE + 1
    assert not relay.close_session(DEVICE, "revoked")


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_an_error_comes_back_as_it_was(
    conf: cfg.ConfigOpts, recorder: Recorder, error: ServicevmError
) -> None:
    recorder.failure = error
    with pytest.raises(type(error)) as caught:
        oslo.OsloConductor(conf).console_log(DEVICE, 1)
    assert caught.value.reason is error.reason
    assert caught.value.detail == error.detail
    assert caught.value.fields == error.fields


def test_a_defect_comes_back_without_its_insides(
    conf: cfg.ConfigOpts, recorder: Recorder
) -> None:
    recorder.failure = RuntimeError("password=secret")
    with pytest.raises(TransientError) as caught:
        oslo.OsloConductor(conf).console_log(DEVICE, 1)
    assert caught.value.reason is INTERNAL
    assert "secret" not in str(caught.value.to_dict())


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("console_log", {"device_id": "../x", "max_bytes": 1}),
        ("console_log", {"device_id": DEVICE}),
        ("console_log", {"device_id": DEVICE, "max_bytes": -1}),
        ("console_log", ["not", "an", "object"]),
        ("call_service", {"service_id": SERVICE, "action": "x"}),
    ],
    ids=["id", "missing", "negative", "list", "no-arguments"],
)
def test_an_ill_shaped_message_is_refused_by_who_receives_it(
    conf: cfg.ConfigOpts, recorder: Recorder, method: str, arguments: Any
) -> None:
    answered = raw(conf, bus.CONDUCTORS).call({}, method, arguments=arguments)
    assert answered["error"]["code"] == BAD_REQUEST.code
    assert recorder.told == []


@pytest.mark.parametrize("method", ["drain", "_handler", "stop", "__init__"])
def test_a_method_that_is_no_message_is_refused(
    conf: cfg.ConfigOpts, recorder: Recorder, method: str
) -> None:
    with pytest.raises(bus.oslo_messaging.RemoteError):
        raw(conf, bus.CONDUCTORS).call({}, method, arguments={})
    assert recorder.told == []


def test_an_ill_shaped_answer_is_not_taken(
    conf: cfg.ConfigOpts, recorder: Recorder
) -> None:
    recorder.answer = {"not": "a text"}
    with pytest.raises(PermanentError) as caught:
        oslo.OsloConductor(conf).console_log(DEVICE, 1)
    assert caught.value.reason is INTERNAL


def test_the_id_of_the_request_goes_along(
    conf: cfg.ConfigOpts, recorder: Recorder
) -> None:
    request = "req-0d4a2c1e-93f5-4c0a-9d5b-3a3d0c7b0001"
    conductor = oslo.OsloConductor(conf)
    with logs.about(request):
        conductor.console_log(DEVICE, 1)
    conductor.console_log(DEVICE, 1)
    assert recorder.requests == [request, None]


def test_who_waits_for_a_message_rests(
    conf: cfg.ConfigOpts, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    conductor = oslo.OsloConductor(conf)
    conductor.console_log(DEVICE, 1)
    rests: list[float] = []
    wait = impl_rabbit.Connection.consume

    def note(self: Any, timeout: float) -> None:
        rests.append(timeout)
        wait(self, timeout=timeout)

    monkeypatch.setattr(impl_rabbit.Connection, "consume", note)
    conductor.console_log(DEVICE, 1)
    # Of who has answered, and of who has the answer.
    eventually(lambda: len(rests) > 2)
    assert min(rests) >= bus.LOOK


def test_two_conductors_share_the_load(
    conf: cfg.ConfigOpts, serve: Serve
) -> None:
    for name in ("c1", "c2"):
        serve(bus.CONDUCTORS, name, messages.CONDUCTOR_API, Recorder(name))
    conductor = oslo.OsloConductor(conf)
    by = [conductor.console_log(DEVICE, 1) for _ in range(20)]
    assert {"c1", "c2"} == set(by)
    assert min(by.count("c1"), by.count("c2")) >= 5


def test_who_waits_for_a_device_does_not_hold_up_the_relays(
    conf: cfg.ConfigOpts, recorder: Recorder
) -> None:
    recorder.gate.clear()
    conductor, events = oslo.OsloConductor(conf), oslo.OsloAgentEvents(conf)
    # Twice as many as there are threads to serve them.
    waiting = [
        conductor._client._daemons.submit(
            lambda: conductor.console_log(DEVICE, 1)
        )
        for _ in range(8)
    ]
    eventually(lambda: len(recorder.told) >= 4)
    begun = time.monotonic()
    events.heartbeats("r1", [])
    assert time.monotonic() - begun < 2
    recorder.gate.set()
    assert [one.result(20) for one in waiting] == ["c1"] * 8


def test_a_wrong_transport_url_is_told_without_its_password(
    conf: cfg.ConfigOpts,
) -> None:
    conf.set_override("transport_url", "nonsense://u:geheim@h:1/")
    with pytest.raises(PermanentError) as caught:
        bus.transport(conf)
    assert caught.value.reason is UNAVAILABLE
    assert "geheim" not in caught.value.detail
    assert "rabbit://" in caught.value.detail


def raw(conf: cfg.ConfigOpts, topic: str) -> Any:
    """A sender that checks nothing."""
    return bus.oslo_messaging.get_rpc_client(
        bus.transport(conf),
        bus.oslo_messaging.Target(exchange=bus.EXCHANGE, topic=topic),
        timeout=15,
    )
