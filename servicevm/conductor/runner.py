"""The threads that claim operations, drive them and keep their leases."""

import threading
import time
from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial

from oslo_config import cfg
from oslo_db.exception import DBError
from oslo_log import log
from sqlalchemy import orm
from sqlalchemy.exc import SQLAlchemyError

from servicevm import clock
from servicevm.conductor import metrics
from servicevm.conductor.engine import Claim, Engine
from servicevm.conductor.pace import Pace
from servicevm.db import api as db
from servicevm.db import leases

__all__ = ["Runner"]

LOG = log.getLogger(__name__)

#: Seconds that a look waits for more room, while there is little: one claim
#: for several costs little more than one for one.
GATHER = 0.05
#: Seconds after which it is looked again for what others held; twice as long
#: after each time in vain.
AGAIN = 0.05
#: Seconds after which a look that the database refused is repeated.
PAUSE = 1.0


class Runner:
    """Drives what is due, `workers` operations at a time; see `Pace`.

    Hints come by `wake`; without them it looks every ``poll_interval``, and
    when the next operation that waits is due.
    """

    def __init__(
        self, conf: cfg.ConfigOpts, engine: Engine, owner: str
    ) -> None:
        self._conf = conf
        self._engine = engine
        self._owner = owner
        self._lock = threading.Lock()
        self._held: dict[str, Future[None]] = {}
        self._pace = Pace(conf.conductor.workers)
        self._hint = threading.Event()
        self._dropped = threading.Event()
        self._stop = threading.Event()
        self._over = threading.Event()
        self._pool: ThreadPoolExecutor | None = None
        self._threads: list[threading.Thread] = []
        #: Looks in a row that ended without what they had found.
        self._in_vain = 0

    def wake(self) -> None:
        """There may be something to claim. Any thread."""
        self._hint.set()

    def start(self) -> None:
        """Begin; the operations of dead conductors of this host are free."""
        freed = 0
        try:
            freed = db.write(
                lambda session: leases.orphaned(
                    session, self._owner, db.now(session)
                )
            )
        except (DBError, SQLAlchemyError):
            # Away again just now: their leases end by themselves.
            LOG.exception("Cannot look for operations of the last run.")
        if freed:
            LOG.info("Going on with %d operations of the last run.", freed)
        self._stop.clear()
        self._over.clear()
        self._pool = ThreadPoolExecutor(
            self._conf.conductor.workers, thread_name_prefix="worker"
        )
        for name, target in (("claim", self._claim), ("lease", self._keep)):
            thread = threading.Thread(target=target, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    @property
    def stopping(self) -> bool:
        """Whether operations are to be put down between two steps."""
        return self._stop.is_set()

    def stop(self, timeout: float) -> None:
        """End the threads; what is in hand is put down after its step.

        :param timeout: seconds; what takes longer is taken over by its
            lease's end
        """
        self._stop.set()
        self._hint.set()
        if self._pool is None:
            return
        deadline = time.monotonic() + timeout
        claiming, keeping = self._threads
        claiming.join(max(deadline - time.monotonic(), 0))
        with self._lock:
            held = list(self._held.values())
        wait(held, max(deadline - time.monotonic(), 0))
        self._over.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        keeping.join(max(deadline - time.monotonic(), 0))
        self._pool = None
        self._threads.clear()

    def _claim(self) -> None:
        while not self._stop.is_set():
            pause = self._conf.conductor.poll_interval
            try:
                self._hint.clear()
                if self._dropped.is_set():
                    self._take_back()
                while self._fill():
                    pass
                if self._room() > 0:
                    pause = min(pause, self._until_next(), self._again())
            except Exception:
                # The database is away or full: everything waits for it. Or
                # a defect: a conductor that never looks again helps nobody.
                LOG.exception("Cannot look for operations.")
                pause = PAUSE
                # A claim may be ours without our having heard of it.
                self._dropped.set()
            self._hint.wait(pause)
            self._gather()

    def _gather(self) -> None:
        """Wait until there is room for half of all; while a worker has
        nothing to do, not for long."""
        until: float | None = None
        while not self._stop.is_set():
            # Before the look: what ends after it is not to be missed.
            self._hint.clear()
            room, most = self._room(), self._pace.room
            if room >= (most + 1) // 2:
                return
            left = None
            if most - room < self._conf.conductor.workers:
                now = time.monotonic()
                until = until or now + GATHER
                left = until - now
                if left <= 0:
                    return
            self._hint.wait(left)

    def _again(self) -> float:
        """Seconds until what others held may be free: nobody hints then."""
        self._in_vain = self._in_vain + 1 if self._engine.lost else 0
        if self._in_vain == 0:
            return float("inf")
        return AGAIN * 2.0 ** min(self._in_vain - 1, 10)

    def _until_next(self) -> float:
        """Seconds until the next operation that waits is due."""
        now = db.lately()
        with db.reader() as session:
            due = leases.next_due(session, now)
        return float("inf") if due is None else (due - now) / clock.SECOND

    def _fill(self) -> bool:
        """Claim as many operations as there is room for, if they are due.

        :returns: whether it is worth another try
        """
        room = self._room()
        taken = 0
        if room > 0 and not self._stop.is_set():
            for claim in self._engine.claims(self._owner, room):
                self._submit(claim)
                taken += 1
        # Where there is room for more, another conductor may have taken it.
        return 0 < taken < room

    def _room(self) -> int:
        """How many more operations can be held; one that ends hints."""
        with self._lock:
            return self._pace.room - len(self._held)

    def _take_back(self) -> None:
        """Free what was dropped while the database was away."""
        with self._lock:
            held = list(self._held)
        # Cleared before, not after: more may be dropped meanwhile.
        self._dropped.clear()
        try:
            freed = db.write(
                lambda session: leases.release(
                    session, self._owner, held, db.now(session)
                )
            )
        except (DBError, SQLAlchemyError):
            self._dropped.set()
            raise
        if freed:
            LOG.info("Taking up %d operations that were dropped.", freed)

    def _submit(self, claim: Claim) -> None:
        assert self._pool is not None  # noqa: S101 - for the types
        operation = claim.operation
        with self._lock:
            future = self._pool.submit(self._drive, claim)
            self._held[operation.id] = future
            metrics.HELD.set(len(self._held))

        def ended(done: Future[None]) -> None:
            with self._lock:
                # It may have been claimed again by now.
                if self._held.get(operation.id) is done:
                    del self._held[operation.id]
                    metrics.HELD.set(len(self._held))
            if not done.cancelled() and done.exception() is not None:
                # Its lease is no longer kept: it is taken up again.
                self._dropped.set()
                metrics.DROPPED.inc()
                LOG.error(
                    "Operation %s was dropped.",
                    operation.id,
                    exc_info=done.exception(),
                )
            # What waited for it, or for a worker, may go on.
            self._hint.set()

        future.add_done_callback(ended)

    def _drive(self, claim: Claim) -> None:
        began = time.monotonic()
        try:
            self._engine.drive(claim)
        finally:
            self._pace.took(time.monotonic() - began)

    def _keep(self) -> None:
        """Renew leases at a third of their time, until nothing is held."""
        lease = self._conf.conductor.lease
        while not self._over.wait(lease / 3):
            with self._lock:
                held = list(self._held)
            if not held:
                continue
            try:
                db.write(partial(self._renew, held))
            except (DBError, SQLAlchemyError):
                # Too many of these, and another conductor takes over; the
                # fence keeps the two apart.
                LOG.exception("Cannot renew leases.")

    def _renew(self, held: Collection[str], session: orm.Session) -> None:
        lease = int(self._conf.conductor.lease * clock.SECOND)
        leases.renew(session, self._owner, held, db.now(session), lease)
