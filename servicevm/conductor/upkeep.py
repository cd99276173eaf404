"""The thread that gives the reconciler its turns."""

import contextlib
import queue
import threading
import time
from collections.abc import Callable

from oslo_config import cfg
from oslo_log import log

from servicevm.conductor.reconciler import Reconciler

__all__ = ["Upkeep"]

LOG = log.getLogger(__name__)

#: Seconds between two looks at who is heard of.
LOOK = 1.0
#: Most errands that wait; what is dropped is found by the next sweep.
MAX_ERRANDS = 10_000


class Upkeep:
    """Looks every second, sweeps every ``reconcile_interval``, and at once
    does errands that came up: a device died, a device has strays."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._interval = float(conf.conductor.reconcile_interval)
        self._errands: queue.Queue[Callable[[], None] | None] = queue.Queue(
            MAX_ERRANDS
        )
        self._thread: threading.Thread | None = None

    def soon(self, errand: Callable[[], None]) -> None:
        """Have it done by the thread; dropped where too many wait."""
        try:
            self._errands.put_nowait(errand)
        except queue.Full:
            LOG.warning("Too many errands; the next sweep finds it.")

    def start(self, reconciler: Reconciler) -> None:
        self._thread = threading.Thread(
            target=self._run, args=(reconciler,), name="upkeep", daemon=True
        )
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """End the thread, at most after `timeout` seconds."""
        if self._thread is not None:
            deadline = time.monotonic() + timeout
            # Full where it hangs in one of very many.
            with contextlib.suppress(queue.Full):
                self._errands.put(None, timeout=timeout)
            self._thread.join(max(deadline - time.monotonic(), 0))
            self._thread = None

    def run_errands(self) -> None:
        """Do what waits, in the calling thread."""
        while not self._errands.empty():
            errand = self._errands.get_nowait()
            if errand is not None:
                errand()

    def _run(self, reconciler: Reconciler) -> None:
        _guarded(reconciler.watch)
        swept = float("-inf")
        pause = min(LOOK, self._interval)
        looked = time.monotonic()
        while True:
            now = time.monotonic()
            if now >= swept + self._interval:
                _guarded(reconciler.sweep)
                swept = now
            left = max(looked + pause - time.monotonic(), 0)
            try:
                errand = self._errands.get(timeout=left)
            except queue.Empty:
                _guarded(reconciler.look)
                looked = time.monotonic()
                continue
            if errand is None:
                return
            _guarded(errand)


def _guarded(errand: Callable[[], None]) -> None:
    """Do it; a defect in one turn must not be the end of all others."""
    try:
        errand()
    except Exception:
        LOG.exception("A turn of the reconciler failed.")
