"""A broker that dies, hangs, or is not there: latency, and nothing else."""

import os
import signal
import time

import pytest
from oslo_config import cfg

from servicevm.errors import RELAY_UNREACHABLE, UNAVAILABLE, TransientError
from servicevm.rpc import bus, messages, oslo
from servicevm.rpc.server import Server
from tests.functional.rpc.conftest import Serve
from tests.functional.rpc.house import eventually
from tests.functional.rpc.recorder import DEVICE, Recorder
from tools.cluster.rabbitmq import RabbitMq

pytestmark = pytest.mark.timeout(300)


def test_requests_go_on_after_the_broker_was_killed(
    broker: RabbitMq, conf: cfg.ConfigOpts, recorder: Recorder, serve: Serve
) -> None:
    relay = Recorder("r1")
    serve(bus.RELAYS, "r1", messages.RELAY_API, relay)
    conductor = oslo.OsloConductor(conf)
    asked = oslo.OsloRelay(conf, lambda device_id: "r1")
    assert conductor.console_log(DEVICE, 1) == "c1"
    assert asked.call(DEVICE, "ping", {}, 5.0) == {"relay": "r1"}
    # RabbitMQ 3.10 forgets quorum queues that are younger than three minutes
    # when it is killed, unless it was restarted since; see the manual.
    broker.restart()
    eventually(lambda: _answers(conductor))
    broker.kill()
    begun = time.monotonic()
    with pytest.raises(TransientError) as caught:
        conductor.console_log(DEVICE, 1)
    assert caught.value.reason is UNAVAILABLE
    with pytest.raises(TransientError) as caught:
        asked.call(DEVICE, "ping", {}, 1.0)
    assert caught.value.reason is RELAY_UNREACHABLE
    assert time.monotonic() - begun < 10 + 3 + 2 * bus.GRACE + 2
    broker.start()

    def answered() -> bool:
        try:
            conductor.console_log(DEVICE, 1)
            asked.call(DEVICE, "ping", {}, 2.0)
            return True
        except TransientError:
            return False

    eventually(answered)
    recorder.woken.clear()
    conductor.wake()
    assert recorder.woken.wait(20)


def test_a_broker_that_hangs_is_waited_for_no_longer_than_asked(
    broker: RabbitMq, conf: cfg.ConfigOpts, recorder: Recorder
) -> None:
    fresh = oslo.OsloAgentEvents(conf)
    used = oslo.OsloConductor(conf)
    used.console_log(DEVICE, 1)
    assert broker.pid is not None
    os.kill(broker.pid, signal.SIGSTOP)
    try:
        for ask in (
            lambda: used.console_log(DEVICE, 1),
            # Has no connection yet: that hangs elsewhere.
            lambda: fresh.session_closed(DEVICE, 1, "over"),
        ):
            begun = time.monotonic()
            with pytest.raises(TransientError) as caught:
                ask()
            assert caught.value.reason is UNAVAILABLE
            assert time.monotonic() - begun < 10 + bus.GRACE + 2
    finally:
        os.kill(broker.pid, signal.SIGCONT)
    eventually(lambda: _answers(used))


def test_a_hint_neither_waits_nor_fails_without_a_broker(
    conf: cfg.ConfigOpts,
) -> None:
    conf.set_override("transport_url", "rabbit://u:p@127.0.0.1:1/")
    conductor = oslo.OsloConductor(conf)
    begun = time.monotonic()
    for _ in range(10_000):
        conductor.wake()
    assert time.monotonic() - begun < 1


def test_a_call_without_a_broker_fails_in_time(conf: cfg.ConfigOpts) -> None:
    conf.set_override("transport_url", "rabbit://u:p@127.0.0.1:1/")
    begun = time.monotonic()
    with pytest.raises(TransientError) as caught:
        oslo.OsloConductor(conf).console_log(DEVICE, 1)
    assert caught.value.reason is UNAVAILABLE
    assert time.monotonic() - begun < 10 + bus.GRACE + 2


def test_who_started_before_the_broker_listens_when_it_comes(
    broker: RabbitMq, conf: cfg.ConfigOpts
) -> None:
    server = Server(
        conf, bus.CONDUCTORS, "c9", messages.CONDUCTOR_API, Recorder("c9"), 2
    )
    broker.stop()
    try:
        server.start()
        assert not server.listening(1)
    finally:
        broker.start()
    assert server.listening(60)
    assert server.stop(20)


def test_who_never_met_a_broker_stops_at_once(conf: cfg.ConfigOpts) -> None:
    conf.set_override("transport_url", "rabbit://u:p@127.0.0.1:1/")
    server = Server(
        conf, bus.CONDUCTORS, "c9", messages.CONDUCTOR_API, Recorder("c9"), 2
    )
    server.start()
    assert not server.listening(0.5)
    begun = time.monotonic()
    assert server.stop(5)
    assert time.monotonic() - begun < 1


def _answers(conductor: oslo.OsloConductor) -> bool:
    try:
        return conductor.console_log(DEVICE, 1) == "c1"
    except TransientError:
        return False
