"""The relay: start, stop, and what conductors ask of it."""

import asyncio
import functools
import itertools
import logging
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import CancelledError, Future
from importlib.metadata import version
from typing import Any

import uvloop

from servicevm import clock, pki
from servicevm.errors import (
    AGENT_NOT_CONNECTED,
    AGENT_TIMEOUT,
    TransientError,
)
from servicevm.relay import call_log
from servicevm.relay import limits as bounds
from servicevm.relay.beats import aged, batches
from servicevm.relay.connection import Connection
from servicevm.relay.counting import Counting
from servicevm.relay.endings import Ending
from servicevm.relay.limits import Limits
from servicevm.relay.listening import SerialSocket, tcp_socket
from servicevm.relay.metrics import BEATS, CALLS, CERTIFICATE
from servicevm.relay.movement import Movement
from servicevm.relay.schemas import RESULTS
from servicevm.relay.switchboard import Switchboard
from servicevm.rpc.base import AgentEvents, Json

LOG = logging.getLogger(__name__)

#: Seconds beyond a call's own deadline until its caller gives up on us.
_GRACE = 2.0
#: Seconds that listening may take; resolving a name is the longest part.
_START = 30.0
#: Seconds that connections get to close when the relay stops.
_FAREWELL = 1.0
#: Seconds until work of the background begins again after a failure.
_AGAIN = 1.0


class Relay:
    """One asyncio loop in a thread of its own.

    `call` and `close_session` (`servicevm.rpc.base.RelayApi`) may be used
    from any thread but that one.

    :param conf: with the options of `servicevm.conf` registered
    :param agent_events: told what agents say, from a few threads
    :param certificate: what it serves with
    """

    def __init__(
        self,
        conf: Any,
        agent_events: AgentEvents,
        certificate: pki.RelayCertificate,
    ) -> None:
        self._limits = Limits.from_conf(conf)
        self._events = agent_events
        self._certificate = certificate
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._board: Switchboard | None = None
        self._stopping: asyncio.Event | None = None
        self._stop_timeout = 0.0
        self._flushing = False
        self._started_at = 0
        self._movement: Movement | None = None
        self._failing: set[str] = set()
        #: Where agents dial over TCP, once started: (host, port).
        self.tcp_address: tuple[str, int] | None = None

    # -- life ---------------------------------------------------------------

    def start(self) -> None:
        """Listen; returns when agents can come.

        :raises PermanentError: PORT_TAKEN
        """
        if self._thread is not None:
            raise RuntimeError("the relay was started before")
        started: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._loop_over, args=(started,), name="relay", daemon=True
        )
        self._thread.start()
        started.result(_START)

    def _loop_over(self, started: Future[None]) -> None:
        # Hands a heartbeat over in half of the time that asyncio's takes.
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._run(started))

    def stop(self, timeout: float = 10.0) -> None:
        """Close every session politely; twice does no harm.

        :param timeout: seconds for the conductor to take what is under way
        """
        thread, loop, stopping = self._thread, self._loop, self._stopping
        if thread is None or loop is None or stopping is None:
            return
        self._stop_timeout = timeout
        try:
            loop.call_soon_threadsafe(stopping.set)
        except RuntimeError:
            pass  # the loop has ended already
        thread.join(timeout + 2 * _FAREWELL + 5)
        if thread.is_alive():
            LOG.error("The relay did not stop in time")

    def move_all(self, timeout: float) -> None:
        """Have the agents that can go to other relays; take no new ones.

        :param timeout: seconds
        """
        loop, movement = self._loop, self._movement
        if loop is None or movement is None:
            return
        left = asyncio.run_coroutine_threadsafe(movement.all(timeout), loop)
        try:
            here = left.result(timeout + _GRACE)
        except CancelledError:
            return  # the relay was stopped meanwhile
        if here:
            LOG.warning("%d agents did not move in time", here)

    # -- RelayApi -----------------------------------------------------------

    def call(
        self, device_id: str, method: str, params: Json, timeout: float
    ) -> Any:
        """See `servicevm.rpc.base.RelayApi.call`; also AGENT_BUSY."""
        if method not in RESULTS:
            raise ValueError(f"agents have no method {method!r}")
        answer: Future[Any] = Future()
        answer.add_done_callback(call_log.ending(device_id, method))
        given = call_log.traced(method, params)
        self._soon(self._call, device_id, method, given, timeout, answer)
        try:
            return answer.result(timeout + _GRACE)
        except TimeoutError:
            raise TransientError(
                AGENT_TIMEOUT, "The relay did not answer in time."
            ) from None

    def close_session(self, device_id: str, reason: str) -> bool:
        """See `servicevm.rpc.base.RelayApi.close_session`."""
        try:
            self._soon(self._close, device_id, reason)
        except TransientError:
            pass  # a relay that does not run holds no session
        return True

    def connected(self) -> int:
        """How many sessions are open."""
        return 0 if self._board is None else len(self._board.registry)

    def _soon(self, function: Any, *arguments: Any) -> None:
        loop = self._loop
        try:
            if loop is not None:
                loop.call_soon_threadsafe(function, *arguments)
                return
        except RuntimeError:
            pass  # the loop has ended
        raise TransientError(AGENT_NOT_CONNECTED, "The relay is not running.")

    # -- on the loop --------------------------------------------------------

    def _call(
        self,
        device_id: str,
        method: str,
        params: dict[str, Any],
        timeout: float,
        answer: Future[Any],
    ) -> None:
        board = self._board
        session = None if board is None else board.registry.get(device_id)
        if session is None:
            CALLS.labels(AGENT_NOT_CONNECTED.code).inc()
            answer.set_exception(TransientError(AGENT_NOT_CONNECTED))
        else:
            session.call(method, params, timeout, answer)

    def _close(self, device_id: str, reason: str) -> None:
        board = self._board
        if board is None:
            return
        # Also one that is allowed already and does not know it yet: a
        # device that was revoked meanwhile must not slip through.
        for session in [
            one for one in board.opening if one.device_id == device_id
        ]:
            session.close(Ending.CLOSED_BY_CONTROL, reason)
        held = board.registry.get(device_id)
        if held is not None:
            held.close(Ending.CLOSED_BY_CONTROL, reason)

    async def _run(self, started: Future[None]) -> None:
        loop = asyncio.get_running_loop()
        serial: SerialSocket | None = None
        servers: list[asyncio.Server] = []
        try:
            board = Switchboard(
                loop,
                self._limits,
                self._events,
                self._certificate.context,
            )
            if self._limits.serial_socket is not None:
                serial = SerialSocket(self._limits.serial_socket)
                servers.append(
                    await loop.create_unix_server(
                        lambda: Connection(board, serial=True),
                        sock=serial.socket,
                    )
                )
            if self._limits.bind_port is not None:
                listener = tcp_socket(
                    self._limits.bind_host, self._limits.bind_port
                )
                self.tcp_address = listener.getsockname()[:2]
                servers.append(
                    await loop.create_server(
                        lambda: Connection(board, serial=False),
                        sock=listener,
                    )
                )
        except BaseException as error:
            for server in servers:
                server.close()
            if serial is not None:
                serial.close()
            started.set_exception(error)
            return
        self._board, self._loop = board, loop
        self._stopping = asyncio.Event()
        self._started_at = clock.now_us()
        self._movement = Movement(board)
        counting = Counting(board, self._went_wrong)
        tasks = [
            loop.create_task(_kept_up(work))
            for work in (
                functools.partial(self._sweep, board),
                functools.partial(self._flush_beats, board),
                functools.partial(self._report, board, self._movement),
                self._movement.run,
                counting.run,
                functools.partial(self._look_at_certificate, board),
            )
        ]
        started.set_result(None)
        await self._stopping.wait()
        for server in servers:
            server.close()
        if serial is not None:
            serial.close()
        for task in tasks:
            task.cancel()
        await self._farewell(board, counting)
        self._board = None

    async def _farewell(self, board: Switchboard, counting: Counting) -> None:
        for connection in list(board.connections):
            connection.end(Ending.RELAY_STOPPING)
        until = board.loop.time() + _FAREWELL
        while board.connections and board.loop.time() < until:
            await asyncio.sleep(0.01)
        for connection in list(board.connections):
            connection.sweep(float("inf"))
        counting.hand_on()
        if not await board.crew.stop(self._stop_timeout):
            LOG.warning("The conductor did not take everything in time")

    async def _sweep(self, board: Switchboard) -> None:
        while True:
            await asyncio.sleep(self._limits.sweep_interval)
            BEATS.inc(board.beats_heard)
            board.beats_heard = 0
            now = board.loop.time()
            for connection in list(board.connections):
                connection.sweep(now)

    async def _look_at_certificate(self, board: Switchboard) -> None:
        while True:
            if await asyncio.to_thread(self._certificate.look):
                board.context = self._certificate.context
            CERTIFICATE.set(self._certificate.not_after / clock.SECOND)
            await asyncio.sleep(bounds.CERTIFICATE_EVERY)

    async def _flush_beats(self, board: Switchboard) -> None:
        while True:
            await asyncio.sleep(self._limits.flush_interval)
            if len(board.beats) and not self._flushing:
                self._flush(board, board.beats.take())

    def _flush(
        self, board: Switchboard, beats: Sequence[dict[str, Any]]
    ) -> None:
        """Hand beats over; at most one flush is under way."""
        self._flushing = True
        left = batches(
            beats,
            most=bounds.BEATS_PER_CALL,
            most_news=bounds.NEWS_PER_CALL,
        )
        stale: list[Json] = []

        def hand_over() -> None:
            while left:
                stale.extend(
                    self._events.heartbeats(
                        self._limits.name, aged(left[0], board.loop.time())
                    )
                )
                del left[0]

        def taken(_: Any, error: BaseException | None) -> None:
            self._flushing = False
            for one in stale:
                session = board.registry.get(one["device_id"])
                if session is None or session.epoch != one["epoch"]:
                    continue
                if one.get("reason"):
                    session.close(Ending.CLOSED_BY_CONTROL, one["reason"])
                else:
                    session.close(Ending.NEWER_SESSION)
            if self._went_wrong("heartbeats", error):
                # Not those of sessions that ended meanwhile.
                board.beats.give_back(
                    [
                        beat
                        for beat in itertools.chain.from_iterable(left)
                        if (session := board.registry.get(beat["device_id"]))
                        and session.epoch == beat["epoch"]
                    ]
                )

        board.crew.run(hand_over, taken)

    async def _report(self, board: Switchboard, movement: Movement) -> None:
        """Say that this relay lives; learn whether it is to drain."""
        idle = asyncio.Event()

        def taken(told: Any, error: BaseException | None) -> None:
            if not self._went_wrong("reports", error):
                movement.draining = bool(told["draining"])
            idle.set()

        while True:
            report = {
                "name": self._limits.name,
                "host": self._limits.host,
                "group": self._limits.group,
                "version": version("servicevm"),
                "address": self._dialled_at(),
                "sessions": len(board.registry),
                "started_at": self._started_at,
            }
            idle.clear()
            board.crew.run(
                functools.partial(self._events.relay_report, report), taken
            )
            await idle.wait()
            # One that was lost is made good soon: conductors do not call a
            # relay that they have not heard of.
            await asyncio.sleep(
                bounds.REPORT_AGAIN
                if "reports" in self._failing
                else bounds.REPORT_EVERY
            )

    def _dialled_at(self) -> str:
        """``host:port`` for agents; empty where none can come."""
        if self.tcp_address is None:
            return ""
        host, port = self.tcp_address
        bound = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return self._limits.advertise or bound

    def _went_wrong(self, what: str, error: BaseException | None) -> bool:
        """Note whether the conductor took something; logged when it changes.

        :param what: in the plural
        """
        if error is None:
            if what in self._failing:
                LOG.info("The %s are taken again.", what)
            self._failing.discard(what)
            return False
        if what not in self._failing:
            expected = isinstance(error, TransientError)
            LOG.warning(
                "The %s are not taken for now: %s",
                what,
                error,
                exc_info=None if expected else error,
            )
        self._failing.add(what)
        return True


async def _kept_up(work: Callable[[], Awaitable[None]]) -> None:
    """Do work that has no end: a defect in it must not end it silently."""
    while True:
        try:
            await work()
        except Exception:
            LOG.exception("Work of the relay failed; it begins again")
        await asyncio.sleep(_AGAIN)
