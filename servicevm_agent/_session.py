"""One JSON-RPC 2.0 peer as a state machine: no sockets, no clock."""

from __future__ import annotations

from typing import (
    Any,
    Callable,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Union,
)

from servicevm_agent._frames import (
    MAX_FRAME,
    Decoder,
    Message,
    Reader,
    WireError,
    encode,
)
from servicevm_agent._pace import Allowance, Pace, weight

METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
_REFUSED = -32000
#: Seconds after its time that a call may still be answered; a peer that takes
#: longer is broken, and its answer is one that nobody waits for.
_LATE = 60.0
#: Bytes of text that a peer's error message may bring in.
_MAX_TEXT = 4096
_MAX_ID = (1 << 53) - 1

Params = Dict[str, Any]
#: Raises ValueError with a sentence if the parameters have a wrong shape.
Check = Callable[[Params], object]


class Request(NamedTuple):
    """The peer asks; answer with `Session.reply` or `Session.refuse`."""

    id: int
    method: str
    params: Params


class Notification(NamedTuple):
    """The peer tells; there is nothing to answer."""

    method: str
    params: Params


class Response(NamedTuple):
    """The answer to our call `id`."""

    id: int
    result: Any


class Failure(NamedTuple):
    """Our call `id` was refused.

    :param code: JSON-RPC error code
    :param reason: stable and machine readable, may be empty
    :param message: a sentence
    """

    id: int
    code: int
    reason: str
    message: str


class Expired(NamedTuple):
    """Our call `id` was not answered in time; a late answer is dropped."""

    id: int


Event = Union[Request, Notification, Response, Failure]


class Session:
    """One side of a session; both sides may call and be called.

    :param methods: what the other side may ask of us
    :param max_in_flight: calls waiting for an answer, in each direction; the
        peer's further ones are refused as ``busy``
    :param rate: messages a second that the peer may send in the long run, a
        large one counting several times; answers to our own calls are not
        counted, were they late
    :param burst: messages that it may send at once after a silence
    :param reader: of JSON; see `Decoder`

    Times are seconds on any monotonic clock of the caller.
    """

    __slots__ = (
        "_burst",
        "_calls",
        "_decoder",
        "_late",
        "_max_frame",
        "_max_in_flight",
        "_methods",
        "_next_id",
        "_outgoing",
        "_pace",
        "_rate",
        "_refilled_at",
        "_tokens",
        "_unanswered",
    )

    def __init__(
        self,
        methods: Mapping[str, Check],
        *,
        max_frame: int = MAX_FRAME,
        max_in_flight: int = 16,
        rate: float = 20.0,
        burst: float = 100,
        reader: Optional[Reader] = None,
    ) -> None:
        self._methods = methods
        self._max_frame = max_frame
        self._max_in_flight = max_in_flight
        self._rate = rate
        self._burst = float(burst)
        self._tokens = float(burst)
        self._refilled_at: Optional[float] = None
        self._decoder = Decoder(max_frame, reader)
        self._outgoing = bytearray()
        self._next_id = 1
        self._pace: Optional[Pace] = None
        self._calls: Dict[int, float] = {}  # our calls: id -> deadline
        # Those that we gave up. The peer still has them.
        self._late: Dict[int, float] = {}
        self._unanswered: Dict[int, None] = {}  # the peer's calls

    def receive(self, data: bytes, now: float) -> List[Event]:
        """Return what `data` means.

        Unknown methods and bad parameters of requests are answered here.

        :raises WireError: close the session
        """
        events: List[Event] = []
        for message, size in self._decoder.frames(data):
            if message.get("jsonrpc") != "2.0":
                raise WireError("bad_message", "not JSON-RPC 2.0")
            if "method" in message:
                self._take_tokens(now, weight(size))
                event: Optional[Event] = self._asked(message)
            else:
                event = self._answered(message, now, size)
            if event is not None:
                events.append(event)
        return events

    def call(
        self, method: str, params: Params, *, now: float, timeout: float
    ) -> int:
        """Ask the peer; return the id that its answer will carry.

        :raises WireError: ``too_many_in_flight``, ``frame_too_large``
        """
        if not self.room(now):
            raise WireError("too_many_in_flight", method)
        call_id = self._next_id
        size = self._send({"id": call_id, "method": method, "params": params})
        self._next_id += 1
        self._calls[call_id] = now + timeout
        if self._pace is not None:
            self._pace.sent(size, now, call_id)
        return call_id

    def notify(
        self, method: str, params: Params, *, now: Optional[float] = None
    ) -> None:
        """Tell the peer.

        :param now: needed to keep a pace
        """
        size = self._send({"method": method, "params": params})
        if self._pace is not None and now is not None:
            self._pace.sent(size, now)

    def keep_pace(self, limit: Allowance) -> None:
        """Have `ready_at` say when a peer with this limit takes more."""
        self._pace = Pace(limit, self._max_frame)

    def ready_at(self, now: float) -> float:
        """When a message may be sent that the peer will not take amiss.

        :returns: a time, `now` if at once; infinity if not before an answer
        """
        if self._pace is None:
            return now
        self._forget_late(now)
        return self._pace.ready_at(now)

    def room(self, now: float) -> bool:
        """Whether there may be one more call in flight."""
        self._forget_late(now)
        return len(self._calls) + len(self._late) < self._max_in_flight

    def reply(self, id: int, result: Any) -> None:
        """Answer the peer's call `id`.

        :raises KeyError: if there is no such call or it has its answer
        """
        if id not in self._unanswered:
            raise KeyError(id)
        self._send({"id": id, "result": result})
        del self._unanswered[id]

    def refuse(self, id: int, code: int, reason: str, message: str) -> None:
        """Refuse the peer's call `id`.

        :raises KeyError: if there is no such call or it has its answer
        """
        if id not in self._unanswered:
            raise KeyError(id)
        self._send_error(id, code, reason, message)
        del self._unanswered[id]

    def expire(self, now: float) -> List[Expired]:
        """Give up the calls whose time is over."""
        late = [id for id, deadline in self._calls.items() if deadline <= now]
        for call_id in late:
            self._late[call_id] = self._calls.pop(call_id) + _LATE
        return [Expired(call_id) for call_id in late]

    def next_expiry(self) -> Optional[float]:
        """When `expire` has something to do next."""
        return min(self._calls.values(), default=None)

    def outgoing(self) -> bytes:
        """Return, once, the bytes that wait to be sent."""
        if not self._outgoing:
            return b""
        data = bytes(self._outgoing)
        self._outgoing = bytearray()
        return data

    def _asked(self, message: Message) -> Optional[Event]:
        method = message["method"]
        params = message.get("params", {})
        if not isinstance(method, str) or not isinstance(params, dict):
            raise WireError("bad_message", "method or params of wrong type")
        check = self._methods.get(method)
        if "id" not in message:
            if check is None:
                return None  # JSON-RPC: a notification is never answered
            try:
                check(params)
            except ValueError as error:
                raise WireError("bad_message", f"{method}: {error}") from None
            return Notification(method, params)
        call_id = _checked_id(message)
        if call_id in self._unanswered:
            raise WireError("bad_message", f"id {call_id} is in use")
        if check is None:
            self._send_error(
                call_id,
                METHOD_NOT_FOUND,
                "unknown_method",
                f"there is no method {method[:64]}",
            )
            return None
        try:
            check(params)
        except ValueError as error:
            self._send_error(
                call_id, INVALID_PARAMS, "invalid_params", str(error)
            )
            return None
        if len(self._unanswered) >= self._max_in_flight:
            # No reason to hang up: the rate bounds what comes of it.
            self._send_error(
                call_id, _REFUSED, "busy", "too many calls are under way"
            )
            return None
        self._unanswered[call_id] = None
        return Request(call_id, method, params)

    def _answered(
        self, message: Message, now: float, size: int
    ) -> Optional[Event]:
        call_id = _checked_id(message)
        if call_id >= self._next_id or ("result" in message) == (
            "error" in message
        ):
            raise WireError("bad_message", "an answer to nothing we asked")
        if self._calls.pop(call_id, None) is None:
            if call_id in self._late:
                self._forget(call_id, now)
            else:
                self._take_tokens(now, weight(size))
            return None
        if self._pace is not None:
            self._pace.answered(call_id, now)
        if "result" in message:
            return Response(call_id, message["result"])
        error = message["error"]
        if not isinstance(error, dict):
            raise WireError("bad_message", "error is not an object")
        code, text = error.get("code"), error.get("message")
        data = error.get("data")
        reason = data.get("reason", "") if isinstance(data, dict) else ""
        if (
            type(code) is not int
            or not isinstance(text, str)
            or not isinstance(reason, str)
        ):
            raise WireError("bad_message", "error of wrong shape")
        return Failure(call_id, code, reason[:64], text[:_MAX_TEXT])

    def _forget_late(self, now: float) -> None:
        """Make room where the peer will not answer any more."""
        for call_id in [i for i, at in self._late.items() if at <= now]:
            self._forget(call_id, now)

    def _forget(self, call_id: int, now: float) -> None:
        del self._late[call_id]
        if self._pace is not None:
            self._pace.answered(call_id, now)

    def _take_tokens(self, now: float, count: int) -> None:
        tokens, before = self._tokens, self._refilled_at
        if before is not None and now > before:
            tokens += (now - before) * self._rate
            if tokens > self._burst:
                tokens = self._burst
        self._refilled_at = now
        if tokens < count:
            raise WireError("rate_limited")
        self._tokens = tokens - count

    def _send(self, message: Message) -> int:
        frame = encode({"jsonrpc": "2.0", **message}, self._max_frame)
        self._outgoing += frame
        return len(frame)

    def _send_error(
        self, id: int, code: int, reason: str, message: str
    ) -> None:
        self._send(
            {
                "id": id,
                "error": {
                    "code": code,
                    "message": message[:_MAX_TEXT],
                    "data": {"reason": reason},
                },
            }
        )


def _checked_id(message: Message) -> int:
    value = message.get("id")
    # bool is an int in Python, not in JSON.
    if type(value) is not int or not 0 <= value <= _MAX_ID:
        raise WireError("bad_message", "id is not a small integer")
    return value
