import pytest

from servicevm.errors import AGENT_NOT_CONNECTED, TransientError
from servicevm.rpc.local import LateRelay


class Recorder:
    def __init__(self):
        self.calls = []

    def call(self, device_id, method, params, timeout):
        self.calls.append((device_id, method, params, timeout))
        return {"pong": params}

    def close_session(self, device_id, reason):
        self.calls.append((device_id, reason))


def test_before_the_relay_is_there_nobody_is_connected():
    with pytest.raises(TransientError) as caught:
        LateRelay().call("d", "ping", {}, 1.0)
    assert caught.value.reason is AGENT_NOT_CONNECTED


def test_before_the_relay_is_there_no_session_has_to_be_closed():
    LateRelay().close_session("d", "gone")


def test_then_calls_go_straight_through():
    late, relay = LateRelay(), Recorder()
    late.bind(relay)
    assert late.call("d", "ping", {"n": 1}, 2.0) == {"pong": {"n": 1}}
    late.close_session("d", "gone")
    assert relay.calls == [("d", "ping", {"n": 1}, 2.0), ("d", "gone")]
