"""One JSON-RPC peer, alone and against another."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from servicevm_agent.wire import (
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    Decoder,
    Expired,
    Failure,
    Notification,
    Request,
    Response,
    Session,
    WireError,
    encode,
)


def check(params: dict[str, Any]) -> None:
    if "bad" in params:
        raise ValueError("'bad' is not a parameter")


METHODS = {"do": check, "tell": check}


def feed(session: Session, message: dict[str, Any], now: float = 0) -> Any:
    return session.receive(encode({"jsonrpc": "2.0", **message}), now)


def sent(session: Session) -> list[dict[str, Any]]:
    return Decoder().feed(session.outgoing())


def test_a_call_is_answered() -> None:
    ours, theirs = Session({}), Session(METHODS)
    call_id = ours.call("do", {"x": 1}, now=0, timeout=1)
    assert theirs.receive(ours.outgoing(), 0) == [
        Request(call_id, "do", {"x": 1})
    ]
    theirs.reply(call_id, {"y": 2})
    assert ours.receive(theirs.outgoing(), 0) == [Response(call_id, {"y": 2})]
    assert ours.next_expiry() is None


def test_a_call_is_refused_with_code_reason_and_sentence() -> None:
    ours, theirs = Session({}), Session(METHODS)
    call_id = ours.call("do", {}, now=0, timeout=1)
    theirs.receive(ours.outgoing(), 0)
    theirs.refuse(call_id, -32000, "busy", "Come back later.")
    assert ours.receive(theirs.outgoing(), 0) == [
        Failure(call_id, -32000, "busy", "Come back later.")
    ]


def test_a_notification_arrives_and_is_not_answered() -> None:
    ours, theirs = Session({}), Session(METHODS)
    ours.notify("tell", {"x": 1})
    assert theirs.receive(ours.outgoing(), 0) == [
        Notification("tell", {"x": 1})
    ]
    assert theirs.outgoing() == b""


@pytest.mark.parametrize(
    ("method", "params", "code", "reason"),
    [
        ("exec", {}, METHOD_NOT_FOUND, "unknown_method"),
        ("do", {"bad": 1}, INVALID_PARAMS, "invalid_params"),
    ],
    ids=["unknown method", "bad parameters"],
)
def test_what_may_not_be_asked_is_refused_without_the_caller(
    method: str, params: dict[str, Any], code: int, reason: str
) -> None:
    session = Session(METHODS)
    assert feed(session, {"id": 7, "method": method, "params": params}) == []
    (answer,) = sent(session)
    assert answer["id"] == 7
    assert answer["error"]["code"] == code
    assert answer["error"]["data"]["reason"] == reason


@pytest.mark.parametrize(
    "message",
    [
        {"id": 1, "method": 5},
        {"id": 1, "method": "do", "params": [1]},
        {"id": True, "method": "do"},
        {"id": -1, "method": "do"},
        {"id": "x", "method": "do"},
        {"id": 1.5, "method": "do"},
        {"id": None, "method": "do"},
        {"id": 99, "result": 1},
        {"id": 1},
        {"result": 1},
        {"id": 0, "result": 1, "error": {}},
        {"method": "tell", "params": {"bad": 1}},
        {"jsonrpc": "1.0", "id": 1, "method": "do"},
    ],
    ids=lambda message: json.dumps(message),
)
def test_a_message_of_wrong_shape_closes_the_session(
    message: dict[str, Any],
) -> None:
    with pytest.raises(WireError) as caught:
        feed(Session(METHODS), message)
    assert caught.value.reason == "bad_message"


@pytest.mark.parametrize(
    "error",
    [
        1,
        {},
        {"code": 1},
        {"code": "1", "message": "x"},
        {"code": 1, "message": "x", "data": {"reason": 3}},
    ],
    ids=repr,
)
def test_an_error_of_wrong_shape_closes_the_session(error: Any) -> None:
    session = Session({})
    call_id = session.call("do", {}, now=0, timeout=1)
    with pytest.raises(WireError, match="bad_message"):
        feed(session, {"id": call_id, "error": error})


def test_an_unknown_notification_is_ignored() -> None:
    session = Session(METHODS)
    assert feed(session, {"method": "news", "params": {}}) == []
    assert session.outgoing() == b""


def test_a_call_expires_once_and_its_late_answer_is_dropped() -> None:
    ours, theirs = Session({}), Session(METHODS)
    call_id = ours.call("do", {}, now=0, timeout=5)
    theirs.receive(ours.outgoing(), 0)
    assert ours.next_expiry() == 5
    assert ours.expire(4.9) == []
    assert ours.expire(5) == [Expired(call_id)]
    assert ours.expire(6) == []
    theirs.reply(call_id, {})
    assert ours.receive(theirs.outgoing(), 7) == []


def test_more_calls_than_allowed_are_not_sent() -> None:
    session = Session({}, max_in_flight=2)
    session.call("do", {}, now=0, timeout=1)
    session.call("do", {}, now=0, timeout=1)
    with pytest.raises(WireError) as caught:
        session.call("do", {}, now=0, timeout=1)
    assert caught.value.reason == "too_many_in_flight"
    assert len(sent(session)) == 2


def test_a_peer_that_asks_too_much_at_once_is_told_to_wait() -> None:
    session = Session(METHODS, max_in_flight=2)
    for call_id in (1, 2):
        feed(session, {"id": call_id, "method": "do"})
    assert feed(session, {"id": 3, "method": "do"}) == []
    (refusal,) = sent(session)
    assert refusal["id"] == 3
    assert refusal["error"]["data"] == {"reason": "busy"}
    session.reply(1, {})
    assert feed(session, {"id": 3, "method": "do"}) != []


def test_a_call_that_was_given_up_is_in_flight_until_its_late_answer() -> None:
    session = Session({}, max_in_flight=1, burst=0)
    call_id = session.call("do", {}, now=0, timeout=1)
    session.expire(1)
    assert not session.room(2)
    assert feed(session, {"id": call_id, "result": 1}, now=2) == []
    assert session.room(2)


def test_a_call_that_is_never_answered_is_forgotten_after_a_minute() -> None:
    session = Session({}, max_in_flight=1)
    session.call("do", {}, now=0, timeout=1)
    session.expire(1)
    assert not session.room(60.9)
    assert session.room(61)


def test_an_id_in_use_is_not_used_again() -> None:
    session = Session(METHODS)
    feed(session, {"id": 1, "method": "do"})
    with pytest.raises(WireError, match="in use"):
        feed(session, {"id": 1, "method": "do"})


def test_an_answer_is_given_once() -> None:
    session = Session(METHODS)
    feed(session, {"id": 1, "method": "do"})
    session.reply(1, {})
    with pytest.raises(KeyError):
        session.reply(1, {})
    with pytest.raises(KeyError):
        session.refuse(1, 0, "", "")


def test_the_rate_is_limited_and_silence_earns_a_burst() -> None:
    session = Session(METHODS, rate=10, burst=3)
    note = {"method": "tell", "params": {}}
    for _ in range(3):
        feed(session, note, now=100)
    with pytest.raises(WireError) as caught:
        feed(session, note, now=100)
    assert caught.value.reason == "rate_limited"
    feed(session, note, now=100.25)
    for _ in range(3):
        feed(session, note, now=200)


def test_large_messages_use_the_rate_up_sooner() -> None:
    session = Session(METHODS, rate=10, burst=20)
    large = {"method": "tell", "params": {"x": "y" * (1 << 19)}}
    feed(session, large, now=100)  # 9 of 20
    feed(session, large, now=100)
    with pytest.raises(WireError, match="rate_limited"):
        feed(session, large, now=100)
    feed(session, large, now=101)


def test_a_clock_that_stands_or_goes_back_earns_nothing() -> None:
    session = Session(METHODS, rate=10, burst=2)
    feed(session, {"method": "tell"}, now=10)
    feed(session, {"method": "tell"}, now=9)
    with pytest.raises(WireError, match="rate_limited"):
        feed(session, {"method": "tell"}, now=9)


def test_answers_that_nobody_waits_for_are_rate_limited() -> None:
    session = Session({}, burst=2)
    call_id = session.call("do", {}, now=0, timeout=1)
    session.expire(2)
    for _ in range(3):  # the first is a late one
        feed(session, {"id": call_id, "result": 1}, now=2)
    with pytest.raises(WireError, match="rate_limited"):
        feed(session, {"id": call_id, "result": 1}, now=2)


def test_a_frame_too_large_is_not_sent_and_leaves_no_trace() -> None:
    session = Session(METHODS, max_frame=200)
    with pytest.raises(WireError, match="frame_too_large"):
        session.call("do", {"x": "y" * 300}, now=0, timeout=1)
    assert session.outgoing() == b""
    assert session.next_expiry() is None
    feed(session, {"id": 1, "method": "do"})
    with pytest.raises(WireError, match="frame_too_large"):
        session.reply(1, "y" * 300)
    session.refuse(1, -32000, "too_large", "The answer is too large.")
    assert len(sent(session)) == 1


@given(st.binary(max_size=200))
def test_garbage_closes_the_session_or_is_incomplete(data: bytes) -> None:
    session = Session(METHODS)
    try:
        events = session.receive(data, 0)
    except WireError:
        return
    assert events == []


class TwoSessions(RuleBasedStateMachine):
    """Both sides call and are called over two lossless, slow pipes."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.peers = [
            Session(METHODS, max_in_flight=4, burst=10**6) for _ in range(2)
        ]
        self.pipes = [b"", b""]  # pipes[i]: bytes on their way to peer i
        self.asked: list[dict[int, Any]] = [{}, {}]
        self.to_answer: list[list[Request]] = [[], []]
        self.told: list[list[Any]] = [[], []]  # expected at peer i
        self.gone: list[set[int]] = [set(), set()]

    def flush(self, side: int) -> None:
        self.pipes[1 - side] += self.peers[side].outgoing()

    @rule(side=st.integers(0, 1), x=st.integers(0, 9), bad=st.booleans())
    def call(self, side: int, x: int, bad: bool) -> None:
        params = {"x": x, "bad": 1} if bad else {"x": x}
        full = not self.peers[side].room(self.now)
        assert full or len(self.asked[side]) < 4
        try:
            call_id = self.peers[side].call(
                "do", params, now=self.now, timeout=10
            )
        except WireError as error:
            reason = error.reason
        else:
            reason = ""
        assert reason == ("too_many_in_flight" if full else "")
        if full:
            return
        assert call_id not in self.gone[side]
        self.asked[side][call_id] = (self.now + 10, x, bad)
        self.flush(side)

    @rule(side=st.integers(0, 1), x=st.integers(0, 9))
    def notify(self, side: int, x: int) -> None:
        self.peers[side].notify("tell", {"x": x})
        self.told[1 - side].append(x)
        self.flush(side)

    @precondition(lambda self: any(self.to_answer))
    @rule(data=st.data(), refuse=st.booleans())
    def answer(self, data: st.DataObject, refuse: bool) -> None:
        side = data.draw(
            st.sampled_from([i for i in (0, 1) if self.to_answer[i]])
        )
        which = data.draw(st.integers(0, len(self.to_answer[side]) - 1))
        request = self.to_answer[side].pop(which)
        if refuse:
            self.peers[side].refuse(request.id, -32000, "no", "No.")
        else:
            self.peers[side].reply(request.id, request.params["x"])
        self.flush(side)

    @precondition(lambda self: any(self.pipes))
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        side = data.draw(st.sampled_from([i for i in (0, 1) if self.pipes[i]]))
        size = data.draw(st.integers(1, len(self.pipes[side])))
        piece, self.pipes[side] = (
            self.pipes[side][:size],
            self.pipes[side][size:],
        )
        events = self.peers[side].receive(piece, self.now)
        self.flush(side)
        for event in events:
            self.take(side, event)

    def take(self, side: int, event: Any) -> None:
        if isinstance(event, Notification):
            assert event.params["x"] == self.told[side].pop(0)
        elif isinstance(event, Request):
            assert "bad" not in event.params
            self.to_answer[side].append(event)
        else:
            _, x, bad = self.asked[side].pop(event.id)
            self.gone[side].add(event.id)
            if isinstance(event, Response):
                assert not bad
                assert event.result == x
            elif event.reason == "busy":
                # Only where calls expired long ago and were made again
                # while the peer still works on the old ones.
                assert self.gone[side]
            else:
                assert event.reason == ("invalid_params" if bad else "no")

    @rule(seconds=st.integers(1, 6))
    def wait(self, seconds: int) -> None:
        self.now += seconds
        for side in (0, 1):
            due = {
                id
                for id, (deadline, _, _) in self.asked[side].items()
                if deadline <= self.now
            }
            expired = {e.id for e in self.peers[side].expire(self.now)}
            assert expired == due
            for call_id in due:
                del self.asked[side][call_id]
                self.gone[side].add(call_id)

    @invariant()
    def next_expiry_is_the_earliest(self) -> None:
        for side in (0, 1):
            deadlines = [d for d, _, _ in self.asked[side].values()]
            assert self.peers[side].next_expiry() == min(
                deadlines, default=None
            )


test_two_sessions = TwoSessions.TestCase
