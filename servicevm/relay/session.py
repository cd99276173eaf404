"""An authenticated agent: what it says, and what it is asked."""

import time
from concurrent.futures import Future
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import orjson

from servicevm.errors import (
    AGENT_NOT_CONNECTED,
    UNAVAILABLE,
    TransientError,
)
from servicevm.relay import limits as bounds
from servicevm.relay.admission import SERIAL
from servicevm.relay.calls import Calls
from servicevm.relay.endings import Ending
from servicevm.relay.identity import Identity
from servicevm.relay.lane import Lane
from servicevm.relay.metrics import DROPPED, OPENED, SESSIONS
from servicevm.relay.refusal import refuse
from servicevm.relay.schemas import METHODS, REQUESTS, cleaned_beat
from servicevm.relay.switchboard import Switchboard
from servicevm_agent import wire

if TYPE_CHECKING:
    from servicevm.relay.connection import Connection


class _Stage(Enum):
    NEW = auto()  # waits for hello
    OPENING = auto()  # the conductor is asked
    OPEN = auto()
    REFUSED = auto()  # has its answer, may close by itself
    ENDED = auto()


# To name one by its class takes a call of Python 3.11's `enum`: as long as the
# rate limit of a heartbeat, and there were four of them.
_OPEN = _Stage.OPEN
_ENDED = _Stage.ENDED


class AgentSession:
    """Speaker of ``svm/1``: one device, as its certificate says.

    :ivar epoch: 0 until the conductor accepted the session
    """

    __slots__ = (
        "_board",
        "_calls",
        "_connection",
        "_end_at",
        "_ending",
        "_heard_at",
        "_identity",
        "_lane",
        "_stage",
        "_wire",
        "epoch",
    )

    def __init__(
        self,
        connection: "Connection",
        board: Switchboard,
        identity: Identity,
    ) -> None:
        self._connection = connection
        self._board = board
        self._identity = identity
        self._lane = Lane(board.crew, bounds.LANE_LENGTH)
        self._wire = wire.Session(
            METHODS,
            max_frame=board.limits.max_frame,
            max_in_flight=bounds.CALLS_IN_FLIGHT,
            rate=wire.RELAY.rate,
            burst=wire.RELAY.burst,
            reader=orjson.loads,
        )
        self._calls = Calls(board.loop, self._wire, self._flush)
        self._stage = _Stage.NEW
        self._heard_at = board.loop.time()
        self._ending = ""
        self._end_at: float | None = None
        self.epoch = 0

    @property
    def device_id(self) -> str:
        return self._identity.device_id

    @property
    def movable(self) -> bool:
        """Whether its agent may reach another relay: a serial line ends
        here."""
        return not self._connection.peer.startswith(SERIAL)

    # -- for the connection -------------------------------------------------

    def receive(self, data: bytes, now: float) -> None:
        """:raises WireError: close the connection"""
        self._heard_at = now
        for event in self._wire.receive(data, now):
            if self._stage is _ENDED:
                return
            if isinstance(event, wire.Notification):
                self._told(event)
            elif isinstance(event, wire.Request):
                self._asked(event)
            else:
                self._calls.answered(event)
        self._flush()

    def ended(self, ending: Ending, detail: str) -> None:
        """Called once; nothing can be sent any more."""
        if self._stage is _OPEN:
            SESSIONS.dec()
        self._stage = _ENDED
        self._ending = detail or ending.value
        self._board.opening.discard(self)
        self._board.registry.remove(self)
        self._board.beats.forget(self.device_id, self.epoch)
        self._calls.fail(
            TransientError(
                AGENT_NOT_CONNECTED, f"The session ended: {self._ending}"
            )
        )
        if self.epoch:
            self._tell_closed()

    def overdue(self, now: float) -> Ending | None:
        """Whether it must end now, and why."""
        if self._end_at is not None and now >= self._end_at:
            return Ending.SESSION_REFUSED
        if now - self._heard_at >= self._board.limits.dead_after:
            return Ending.SILENT
        if time.time() >= self._identity.not_after:
            return Ending.CERTIFICATE_EXPIRED
        return None

    # -- for the relay ------------------------------------------------------

    def call(
        self,
        method: str,
        params: dict[str, Any],
        timeout: float,
        answer: Future[Any],
    ) -> None:
        """Ask the agent; `answer` gets what `RelayApi.call` says."""
        if self._connection.blocked:
            self._calls.busy(answer, "it does not read what it is sent")
        else:
            self._calls.start(method, params, timeout, answer)

    def close(self, ending: Ending, detail: str = "") -> None:
        """End the session from our side."""
        if self._stage is not _ENDED:
            self._connection.end(ending, detail)

    # -- what the agent says ------------------------------------------------

    def _told(self, message: wire.Notification) -> None:
        if self._stage is not _OPEN or message.method == "hello":
            self._expect_open(message.method)
        try:
            if message.method == "heartbeat":
                self._beat(message.params)
                return
            params = REQUESTS[message.method](message.params)
        except ValueError as error:
            raise wire.WireError("bad_message", str(error)) from None
        if message.method not in ("result", "event"):
            raise wire.WireError(
                "bad_message", f"{message.method} must be a request"
            )
        if not self._forward(message.method, params, None):
            DROPPED.inc()

    def _asked(self, request: wire.Request) -> None:
        if request.method != "hello" or self._stage is not _Stage.NEW:
            self._expect_open(request.method)
        try:
            if request.method == "heartbeat":
                self._beat(request.params)
                self._wire.reply(request.id, {})
                return
            params = REQUESTS[request.method](request.params)
        except ValueError as error:
            self._wire.refuse(
                request.id, wire.INVALID_PARAMS, "invalid_params", str(error)
            )
            return
        if self._stage is _Stage.NEW:
            self._open(request.id, params)
        elif not self._forward(request.method, params, request.id):
            busy = TransientError(UNAVAILABLE, "Too much waits; try again.")
            refuse(self._wire, request.id, busy, request.method)

    def _expect_open(self, method: str) -> None:
        if self._stage is _OPEN and method != "hello":
            return
        if self._stage is _Stage.NEW:
            self._connection.end(Ending.HELLO_MISSING, f"{method} came first")
            raise wire.WireError("bad_message", "hello must come first")
        raise wire.WireError("bad_message", f"{method} out of turn")

    def _beat(self, params: dict[str, Any]) -> None:
        board, device_id = self._board, self._identity.device_id
        news: dict[str, Any] = {}
        # Most bring no news, and of the same services more than before.
        if params.get("services") != news or not board.tallies.grow(
            device_id, params.get("boot_id"), params.get("counters")
        ):
            beat = cleaned_beat(params)
            news, counters = beat["services"], beat.get("counters")
            if counters:
                board.tallies.add(device_id, beat["boot_id"], counters)
        board.beats_heard += 1
        board.beats.add(device_id, self.epoch, self._heard_at, news)

    def _forward(
        self, method: str, params: dict[str, Any], request_id: int | None
    ) -> bool:
        """Hand a message to the conductor; answer when it was taken."""
        events, device_id, epoch = (
            self._board.events,
            self.device_id,
            self.epoch,
        )
        serial, relay = self._identity.serial, self._board.limits.name

        def hand_over() -> Any:
            if method == "renew":
                return events.renew(device_id, serial, params["csr"], relay)
            if method == "result":
                events.result(device_id, epoch, params)
            else:
                events.event(device_id, epoch, params)
            return {}

        def taken(result: Any, error: BaseException | None) -> None:
            if self._stage is _ENDED:
                return
            if request_id is not None and error is None:
                self._wire.reply(request_id, dict(result))
            elif request_id is not None and error is not None:
                refuse(self._wire, request_id, error, method)
            self._flush()

        return self._lane.submit(hand_over, taken)

    # -- opening and closing ------------------------------------------------

    def _open(self, request_id: int, hello: dict[str, Any]) -> None:
        board = self._board
        self._stage = _Stage.OPENING
        # Between the two of us: conductors are not told.
        limits = wire.allowance(hello.pop("limits", None), wire.OLD_AGENT)
        self._wire.keep_pace(limits)
        if (
            len(board.registry) >= board.limits.max_sessions
            and board.registry.get(self.device_id) is None
        ):
            full = TransientError(UNAVAILABLE, "This relay is full.")
            self._refuse_hello(request_id, full)
            return
        if board.draining and self.movable:
            drained = TransientError(
                UNAVAILABLE, "This relay takes no new sessions."
            )
            self._refuse_hello(request_id, drained)
            return
        events, relay = board.events, board.limits.name
        device_id, serial = self.device_id, self._identity.serial

        def opened(result: Any, error: BaseException | None) -> None:
            board.opening.discard(self)
            if error is None:
                self.epoch = result["epoch"]
                if self._stage is _ENDED:
                    self._tell_closed()
                else:
                    self._opened(request_id, result)
            elif self._stage is not _ENDED:
                self._refuse_hello(request_id, error)

        def ask() -> Any:
            if self._stage is _ENDED:
                # The conductor was away for long. It is not told now: the
                # agent is in another session by then.
                raise TransientError(AGENT_NOT_CONNECTED)
            return events.session_opened(device_id, serial, relay, hello)

        board.opening.add(self)
        self._lane.submit(ask, opened)

    def _refuse_hello(self, request_id: int, error: BaseException) -> None:
        code = refuse(self._wire, request_id, error, "hello")
        now = self._board.loop.time()
        self._board.endings.refused(
            f"device {self.device_id}", f"hello: {code}", now
        )
        self._stage = _Stage.REFUSED
        self._end_at = now + bounds.LAST_WORD
        self._flush()

    def _opened(self, request_id: int, accepted: dict[str, Any]) -> None:
        loser = self._board.registry.add(self)
        if loser is self:
            self._connection.end(Ending.NEWER_SESSION)
            return
        if loser is not None:
            loser.close(Ending.NEWER_SESSION)
        self._stage = _OPEN
        SESSIONS.inc()
        OPENED.inc()
        self._heard_at = self._board.loop.time()
        self._connection.authenticated()
        self._wire.reply(
            request_id,
            {
                "epoch": self.epoch,
                "heartbeat_interval": self._board.limits.heartbeat_interval,
                "ca_bundle": accepted["ca_bundle"],
                "limits": wire.RELAY._asdict(),
            },
        )
        self._flush()

    def _tell_closed(self) -> None:
        events, device_id, epoch = (
            self._board.events,
            self.device_id,
            self.epoch,
        )
        ending = self._ending

        def told(_: Any, error: BaseException | None) -> None:
            # Not tried again: a session that beats no more looks closed.
            if error is not None:
                self._board.endings.failed(device_id, error)

        self._lane.submit(
            lambda: events.session_closed(device_id, epoch, ending),
            told,
            always=True,
        )

    def _flush(self) -> None:
        if self._stage is not _ENDED:
            data = self._wire.outgoing()
            if data:
                self._connection.send(data)
