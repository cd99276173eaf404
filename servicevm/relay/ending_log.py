"""One log line for each ending, as long as they are not too many."""

import logging

from servicevm.relay.endings import ORDINARY, Ending
from servicevm.relay.metrics import ENDINGS
from servicevm.relay.token_bucket import TokenBucket

LOG = logging.getLogger(__name__)

_LINES_PER_SECOND = 20.0
_LINES_AT_ONCE = 200


class EndingLog:
    """Says why connections and sessions ended.

    Whoever reaches a port can end connections as fast as he likes; the log
    must not grow as fast.
    """

    def __init__(self) -> None:
        self._bucket = TokenBucket(_LINES_PER_SECOND, _LINES_AT_ONCE)
        self._unsaid = 0

    def note(self, who: str, ending: Ending, detail: str, now: float) -> None:
        """:param who: the device, or the address of a stranger"""
        ENDINGS.labels(ending.value).inc()
        if not self._may_speak(now):
            return
        LOG.log(
            logging.INFO if ending in ORDINARY else logging.WARNING,
            "%s: closed: %s%s",
            who,
            ending.value,
            f": {detail}" if detail else "",
        )

    def refused(self, who: str, what: str, now: float) -> None:
        """An agent was told no; it may close before we do."""
        if self._may_speak(now):
            LOG.warning("%s: refused: %s", who, what)

    def _may_speak(self, now: float) -> bool:
        if not self._bucket.take(now):
            self._unsaid += 1
            return False
        if self._unsaid:
            LOG.warning("%d endings were not logged", self._unsaid)
            self._unsaid = 0
        return True

    def failed(self, device_id: str, error: BaseException) -> None:
        """The conductor could not be told of a session's end."""
        LOG.error(
            "device %s: the end of its session was not taken",
            device_id,
            exc_info=error,
        )
