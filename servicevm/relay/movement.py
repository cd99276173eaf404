"""Sending agents to other relays, so many a second."""

import asyncio
import logging
import math
from concurrent.futures import Future
from typing import Any

from servicevm.errors import PermanentError
from servicevm.relay import limits as bounds
from servicevm.relay.endings import Ending
from servicevm.relay.session import AgentSession
from servicevm.relay.switchboard import Switchboard

LOG = logging.getLogger(__name__)

#: Seconds between two turns; an agent moves at a random moment within them.
_TURN = 1.0
#: Seconds that an agent gets to answer.
_ANSWER = 10.0
#: Part of the time of a stop in which all are to have been told.
_TELLING = 0.5
#: How the answer of an agent that is older than `move` ends.
_UNKNOWN = "[unknown_method]"


class Movement:
    """Used on the loop only.

    An agent that does not know `move` loses its session, which moves it as
    well. One that has no other relay says so and stays.
    """

    def __init__(self, board: Switchboard) -> None:
        self._board = board
        #: Epochs of the sessions that were told, by device.
        self._told: dict[str, int] = {}
        #: The same of those that have nowhere to go.
        self._stay: dict[str, int] = {}
        self._draining = False
        self._leaving = False

    @property
    def draining(self) -> bool:
        return self._draining

    @draining.setter
    def draining(self, wanted: bool) -> None:
        # What a conductor says while the relay stops is about the others.
        wanted = wanted or self._leaving
        if wanted != self._draining:
            LOG.info(
                "Draining: agents move to other relays."
                if wanted
                else "No longer draining: agents may come again."
            )
        self._draining = self._board.draining = wanted
        if not wanted:
            self._told.clear()
            self._stay.clear()

    async def run(self) -> None:
        """Move some in each turn, while draining."""
        while True:
            await asyncio.sleep(_TURN)
            if self._draining:
                self.turn(bounds.MOVES_PER_SECOND)

    async def all(self, timeout: float) -> int:
        """Move all of them; the relay is about to stop.

        :param timeout: seconds
        :returns: how many are still here
        """
        self._leaving = True
        self.draining = True
        until = self._board.loop.time() + timeout
        most = max(
            bounds.MOVES_PER_SECOND,
            math.ceil(len(self._here()) / max(timeout * _TELLING, _TURN)),
        )
        told_at = float("-inf")
        while (here := len(self._here())) and self._board.loop.time() < until:
            if self._board.loop.time() >= told_at + _TURN:
                told_at = self._board.loop.time()
                self.turn(most)
            await asyncio.sleep(0.05)
        return here

    def turn(self, most: int) -> None:
        """Tell up to `most` that were not told yet."""
        for session in self._here()[:]:
            if self._told.get(session.device_id) == session.epoch:
                continue
            if not most:
                return
            most -= 1
            self._told[session.device_id] = session.epoch
            self._tell(session)

    def _here(self) -> list[AgentSession]:
        return [
            session
            for session in self._board.registry
            if session.movable
            and self._stay.get(session.device_id) != session.epoch
        ]

    def _tell(self, session: AgentSession) -> None:
        answer: Future[Any] = Future()

        def answered(future: Future[Any]) -> None:
            error = future.exception()
            if not isinstance(error, PermanentError):
                return  # it goes, or its session ends anyhow
            if error.detail.endswith(_UNKNOWN):
                session.close(Ending.RELAY_DRAINING)
            else:
                self._stay[session.device_id] = session.epoch

        answer.add_done_callback(answered)
        session.call("move", {"within_s": _TURN}, _ANSWER, answer)
