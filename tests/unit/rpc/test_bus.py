"""What `bus.LOOK` relies on, which oslo.messaging does not promise.

Where one of these fails after an upgrade of it: see whether who waits for a
message still looks up all the time (`test_who_waits_for_a_message_rests`
with a broker), and take `LOOK` away or set what is there instead.
"""

import ast
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from servicevm.rpc import bus
from servicevm.rpc.bus import amqpdriver

LEAST = "ACK_REQUEUE_EVERY_SECONDS_MIN"
MOST = "ACK_REQUEUE_EVERY_SECONDS_MAX"
PATIENCE = 10.0


class Silence:
    """A connection by which nothing comes; time does not pass.

    :ivar rests: seconds for which each look would have waited
    :ivar enough: set after as many looks as were asked for
    """

    def __init__(self, looks: int) -> None:
        self.rests: list[float] = []
        self.enough = threading.Event()
        self._looks = looks
        self._stopped = threading.Event()

    def declare_direct_consumer(self, *arguments: object) -> None:
        """Nobody will send anything."""

    def consume(self, timeout: float) -> None:
        self.rests.append(timeout)
        if len(self.rests) >= self._looks:
            self.enough.set()
            assert self._stopped.wait(PATIENCE)
        raise amqpdriver.rpc_common.Timeout

    def stop_consuming(self) -> None:
        self._stopped.set()


@pytest.fixture
def silence() -> Iterator[Silence]:
    made = Silence(3)
    yield made
    made.stop_consuming()


@pytest.fixture
def shipped() -> dict[str, float]:
    """Numbers of the library's module as it is delivered."""
    source = Path(amqpdriver.__file__).read_text()
    return {
        target.id: node.value.value
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, float)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def test_the_library_has_the_number_that_we_change(
    shipped: dict[str, float],
) -> None:
    assert LEAST in shipped, (
        f"oslo.messaging has no {LEAST} any more: bus.LOOK changes nothing"
    )
    assert vars(amqpdriver)[LEAST] == bus.LOOK
    assert shipped[LEAST] < bus.LOOK, (
        "oslo.messaging rests longer by itself: bus.LOOK makes it worse"
    )
    assert bus.LOOK <= shipped[MOST]


def test_who_waits_for_a_call_begins_with_it(silence: Silence) -> None:
    listener = amqpdriver.RpcAMQPListener(
        SimpleNamespace(prefetch_size=1), silence
    )
    waiting = threading.Thread(target=listener.poll)
    waiting.start()
    assert silence.enough.wait(PATIENCE)
    listener.stop()
    waiting.join(PATIENCE)
    assert silence.rests == [bus.LOOK, bus.LOOK * 2, bus.LOOK * 4]


def test_who_waits_for_an_answer_begins_with_it(silence: Silence) -> None:
    waiter = amqpdriver.ReplyWaiter("reply", silence, [])
    assert silence.enough.wait(PATIENCE)
    waiter.stop()
    assert silence.rests == [bus.LOOK, bus.LOOK * 2, bus.LOOK * 4]
