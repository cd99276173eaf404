"""The conductor: all its parts, and what other processes ask of it."""

import time
from collections.abc import Callable, Sequence

from oslo_config import cfg
from sqlalchemy import orm

from servicevm.conductor import actions, processes, traffic
from servicevm.conductor.agent_events import AgentEventsHandler
from servicevm.conductor.device_steps import DEVICE_STEPS
from servicevm.conductor.engine import Engine
from servicevm.conductor.reconciler import Reconciler
from servicevm.conductor.runner import Runner
from servicevm.conductor.service_steps import SERVICE_STEPS
from servicevm.conductor.upkeep import Upkeep
from servicevm.db import api as db
from servicevm.db import leases
from servicevm.db.locks import lock_device
from servicevm.db.presence import Presence
from servicevm.drivers import Drivers
from servicevm.rpc.base import AgentEvents, ConductorApi, Json, RelayApi
from servicevm.states import ProcessRole

__all__ = ["Conductor"]


class Conductor(ConductorApi, AgentEvents):
    """Claims operations and drives them; keeps statuses up to date.

    ``servicevm.db.api`` must have been configured. Any number of conductors
    may work on one database.

    :param hook: called with the name of every point at which being killed
        is worth a test; see servicevm.conductor.engine
    :param drivers: instead of those of the entry points
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        relay: RelayApi,
        *,
        drivers: Drivers | None = None,
        hook: Callable[[str], None] = lambda point: None,
        jitter: Callable[[], float] | None = None,
    ) -> None:
        self.owner = leases.new_owner()
        self._drivers = drivers or Drivers(conf, relay, self._died)
        self._upkeep = Upkeep(conf)
        self._engine = Engine(
            conf,
            self._drivers,
            {**DEVICE_STEPS, **SERVICE_STEPS},
            hook=hook,
            stopping=lambda: self._runner.stopping,
            jitter=jitter,
        )
        self._runner = Runner(conf, self._engine, self.owner)
        self.reconciler = Reconciler(
            conf, self._drivers, self.wake, self._died
        )
        self._agents = AgentEventsHandler(conf, self.wake, self._mend)
        self._presence = Presence(
            conf, ProcessRole.CONDUCTOR, count=self._drivers.share
        )

    def start(self) -> None:
        """Begin to work, in threads."""
        self._runner.start()
        self._upkeep.start(self.reconciler)
        self._presence.start()

    def stop(self, timeout: float) -> None:
        """Put down what is in hand; devices keep running.

        :param timeout: seconds, for all of it
        """
        deadline = time.monotonic() + timeout
        # First: nothing more is claimed, however long the rest takes.
        self._runner.stop(timeout)
        self._upkeep.stop(max(deadline - time.monotonic(), 0))
        self._presence.stop(max(deadline - time.monotonic(), 0))
        self._drivers.close()

    def run_once(self) -> bool:
        """Drive one operation that is due, in the calling thread.

        :returns: whether there was one
        """
        self._upkeep.run_errands()
        claim = self._engine.claim(self.owner)
        if claim is None:
            return False
        self._engine.drive(claim)
        return True

    def drain(self, limit: int = 1000) -> int:
        """Drive all that is due now, in the calling thread.

        :param limit: most turns; more means that something does not settle
        :returns: how many turns it took
        :raises RuntimeError: at the limit
        """
        for turn in range(limit):
            if not self.run_once():
                return turn
        raise RuntimeError(f"not settled after {limit} turns")

    def next_due(self) -> int | None:
        """When the next operation that waits is due, in microseconds."""
        with db.reader() as session:
            return leases.next_due(session, db.now(session))

    # -- ConductorApi -------------------------------------------------------

    def wake(self) -> None:
        self._runner.wake()

    def call_service(
        self,
        host: Json | None,
        service_id: str,
        action: str,
        arguments: Json,
    ) -> Json:
        return actions.call_service(
            self._drivers, host, service_id, action, arguments
        )

    def console_log(self, device_id: str, max_bytes: int) -> str:
        return actions.console_log(self._drivers, device_id, max_bytes)

    # -- AgentEvents --------------------------------------------------------

    def enrol(
        self, token: str, csr: str, peer: str, relay: str | None = None
    ) -> Json:
        return self._agents.enrol(token, csr, peer, relay)

    def renew(
        self, device_id: str, serial: str, csr: str, relay: str | None = None
    ) -> Json:
        return self._agents.renew(device_id, serial, csr, relay)

    def session_opened(
        self, device_id: str, serial: str, relay: str, hello: Json
    ) -> Json:
        return self._agents.session_opened(device_id, serial, relay, hello)

    def session_closed(self, device_id: str, epoch: int, reason: str) -> None:
        self._agents.session_closed(device_id, epoch, reason)

    def heartbeats(self, relay: str, beats: Sequence[Json]) -> Sequence[Json]:
        return self._agents.heartbeats(relay, beats)

    def counters(self, relay: str, tallies: Sequence[Json]) -> None:
        traffic.counters(relay, tallies)

    def result(self, device_id: str, epoch: int, result: Json) -> None:
        self._agents.result(device_id, epoch, result)

    def event(self, device_id: str, epoch: int, event: Json) -> None:
        self._agents.event(device_id, epoch, event)

    def relay_report(self, report: Json) -> Json:
        return processes.relay_report(report)

    # -- errands ------------------------------------------------------------

    def _died(self, device_id: str) -> None:
        """A driver says that a machine stopped."""

        def wake(session: orm.Session) -> None:
            # What waits for it to come up need not wait for its poll.
            lock_device(session, device_id)
            leases.wake(session, db.now(session), device_id=device_id)

        def look() -> None:
            db.write(wake)
            self.wake()
            self.reconciler.observe(device_id)

        self._upkeep.soon(look)

    def _mend(self, device_id: str) -> None:
        self._upkeep.soon(lambda: self.reconciler.mend(device_id))
