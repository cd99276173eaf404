"""A connection without a certificate: one request for one, then the end."""

from typing import TYPE_CHECKING, Any

from servicevm.relay import limits as bounds
from servicevm.relay.endings import Ending
from servicevm.relay.lane import Lane
from servicevm.relay.refusal import refuse
from servicevm.relay.schemas import ENROLMENT
from servicevm.relay.switchboard import Switchboard
from servicevm_agent import wire

if TYPE_CHECKING:
    from servicevm.relay.connection import Connection


class Enrolment:
    """Speaker of ``svm-enrol/1``: `enrol`, once, is all there is."""

    __slots__ = (
        "_asked",
        "_board",
        "_connection",
        "_end_at",
        "_ending",
        "_lane",
        "_over",
        "_wire",
    )

    def __init__(self, connection: "Connection", board: Switchboard) -> None:
        self._connection = connection
        self._board = board
        self._lane = Lane(board.crew, 1)
        self._asked = False
        self._over = False
        self._end_at: float | None = None
        self._ending = Ending.ENROLLED
        self._wire = wire.Session(
            ENROLMENT, max_frame=bounds.ENROL_FRAME, burst=2
        )

    def receive(self, data: bytes, now: float) -> None:
        """:raises WireError: close the connection"""
        for event in self._wire.receive(data, now):
            if self._asked or not isinstance(event, wire.Request):
                raise wire.WireError("bad_message", "one enrol, once")
            self._asked = True
            self._enrol(event)
        self._flush()

    def ended(self, ending: Ending, detail: str) -> None:
        """Nothing to undo: the same CSR again gets the same answer."""
        self._over = True

    def overdue(self, now: float) -> Ending | None:
        """Once it has its answer; before, the handshake's deadline holds."""
        if self._end_at is not None and now >= self._end_at:
            return self._ending
        return None

    def _enrol(self, request: wire.Request) -> None:
        asked = ENROLMENT["enrol"](request.params)
        events, peer = self._board.events, self._connection.peer
        relay = self._board.limits.name

        def answered(result: Any, error: BaseException | None) -> None:
            if self._over:
                return
            now = self._board.loop.time()
            if error is None:
                answer = {
                    name: result[name]
                    for name in ("device_id", "certificate", "ca_bundle")
                }
                self._wire.reply(request.id, answer)
            else:
                self._ending = Ending.SESSION_REFUSED
                code = refuse(self._wire, request.id, error, "enrol")
                self._board.endings.refused(peer, f"enrol: {code}", now)
            self._end_at = now + bounds.LAST_WORD
            self._flush()

        self._lane.submit(
            lambda: events.enrol(asked["token"], asked["csr"], peer, relay),
            answered,
        )

    def _flush(self) -> None:
        if not self._over:
            self._connection.send(self._wire.outgoing())
