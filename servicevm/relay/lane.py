"""Calls to the conductor of one session, one after another."""

from collections import deque

from servicevm.relay.crew import Call, Crew, Done


class Lane:
    """Keeps the order: at most one call of a lane is under way.

    Used from the loop's thread only.

    :param length: calls that may wait
    """

    __slots__ = ("_busy", "_crew", "_length", "_waiting")

    def __init__(self, crew: Crew, length: int) -> None:
        self._crew = crew
        self._length = length
        self._busy = False
        # None until needed: most sessions hardly ever wait.
        self._waiting: deque[tuple[Call, Done]] | None = None

    def submit(self, call: Call, done: Done, *, always: bool = False) -> bool:
        """Have `call` done after the earlier ones.

        :param always: even if the lane is full (a session's end)
        :returns: False if the lane is full; then nothing happens
        """
        if not self._busy:
            self._start(call, done)
            return True
        if self._waiting is None:
            self._waiting = deque()
        if len(self._waiting) >= self._length and not always:
            return False
        self._waiting.append((call, done))
        return True

    def _start(self, call: Call, done: Done) -> None:
        self._busy = True

        def ended(result: object, error: BaseException | None) -> None:
            # Busy until `done` returns: what it submits comes last.
            try:
                done(result, error)
            finally:
                self._busy = False
                if self._waiting:
                    self._start(*self._waiting.popleft())

        self._crew.run(call, ended)
