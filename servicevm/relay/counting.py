"""Hands on what agents have counted, now and then and in bulk."""

import asyncio
from collections.abc import Callable

from servicevm.relay import limits as bounds
from servicevm.relay.switchboard import Switchboard
from servicevm.relay.tallies import batches


class Counting:
    """On the loop only.

    :param went_wrong: notes whether what it names was taken; told
        ``counters``
    """

    def __init__(
        self,
        board: Switchboard,
        went_wrong: Callable[[str, BaseException | None], bool],
    ) -> None:
        self._board = board
        self._went_wrong = went_wrong
        self._under_way = False

    async def run(self) -> None:
        """Hand on all that waits every ``counters_interval``."""
        while True:
            await asyncio.sleep(self._board.limits.counters_interval)
            if not self._under_way:
                self.hand_on()

    def hand_on(self) -> None:
        """Hand on all that waits; it is known to be taken later."""
        board = self._board
        if not len(board.tallies):
            return
        self._under_way = True
        left = batches(
            board.tallies.take(),
            most=bounds.TALLIES_PER_CALL,
            most_services=bounds.TOTALS_PER_CALL,
        )

        def hand_over() -> None:
            while left:
                board.events.counters(board.limits.name, left[0])
                del left[0]

        def taken(_: object, error: BaseException | None) -> None:
            self._under_way = False
            if self._went_wrong("counters", error):
                for part in left:
                    board.tallies.give_back(part)

        board.crew.run(hand_over, taken)
