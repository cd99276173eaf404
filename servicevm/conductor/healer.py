"""Heals devices that are lost, and sick services, as templates say.

What is to be done is decided by `servicevm.healing`; here it is made sure
that it may be done: no hold, no breaker, no outage of our own side, and two
sources that agree. Everything is written, so that any conductor goes on
where another one was killed; what it has seen of our own side it keeps to
itself, because a conductor that begins has seen nothing yet.
"""

import random
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from oslo_config import cfg
from oslo_db.exception import DBError
from oslo_log import log

from servicevm import clock, errors
from servicevm.conductor import episodes, hosted, patients, sick, views
from servicevm.conductor.breaker import Breaker, domains
from servicevm.conductor.channel import Channel
from servicevm.conductor.patients import Patient
from servicevm.db import api as db
from servicevm.db import holds
from servicevm.drivers import Drivers
from servicevm.drivers.infra.base import DeviceState
from servicevm.drivers.mgmt.base import MgmtDriver
from servicevm.healing import Verdict, Waits, decide, missing
from servicevm.states import (
    Action,
    OperatingStatus,
)

__all__ = ["Healer"]

LOG = log.getLogger(__name__)

_DOWN = {DeviceState.STOPPED, DeviceState.FAILED, DeviceState.ABSENT}


#: Most devices that are asked about in one look: each may take seconds not
#: to answer, and others wait for their turn.
ASKED = 10


@dataclass
class _Look:
    """One look at all.

    :param stopped: domains whose breaker has tripped
    :param held: ids of the devices that operators hold
    :param ask: devices that may be asked about yet
    """

    now: int
    stopped: Collection[str]
    held: Collection[str]
    ask: int


class Healer:
    """One look at a time; the conductor's thread calls `look`."""

    def __init__(self, conf: cfg.ConfigOpts, drivers: Drivers) -> None:
        self._conf = conf
        self._drivers = drivers
        self._channel = Channel(int(conf.healing.outage_grace * clock.SECOND))
        self._breaker = Breaker(conf)
        self._limit = int(conf.healing.max_parallel)

    def look(self) -> bool:
        """Do what is due.

        :returns: whether there are operations to claim
        :raises DBError: the database is away
        """
        if not self._conf.healing.enabled:
            return False
        try:
            return self._look()
        except DBError:
            self._channel.lost()
            raise

    def _look(self) -> bool:
        with db.reader() as session:
            now = db.now(session)
            self._channel.look(session, now)
            found = patients.read(session) + sick.read(session)
            held = holds.covering(session, found)
        look = _Look(now, self._breaker.look(), set(held), ASKED)
        # Those that are in doubt must not stand in the way of others.
        random.shuffle(found)
        return any([self._seen(one, look) for one in found])

    def _seen(self, patient: Patient, look: _Look) -> bool:
        try:
            return self._see(self._able(patient), look)
        except errors.ServicevmError as error:
            LOG.warning("Cannot heal on device %s: %s", patient.id, error)
            return False

    def _see(self, patient: Patient, look: _Look) -> bool:
        """Do what is due for one; whether there is an operation now."""
        if patient.episode is None:
            if patient.policy.ladder and self._may_blame(patient, look.now):
                db.write(partial(episodes.begin, patient))
            return False
        decision = decide(
            patient.policy, patient.episode, lost=patient.lost, now=look.now
        )
        if decision.verdict is Verdict.TRY and decision.action is not None:
            return self._try(patient, decision.action, look)
        if decision.verdict is Verdict.CLOSE:
            db.write(partial(episodes.close, patient))
        elif decision.verdict is Verdict.GIVE_UP:
            db.write(partial(episodes.give_up, patient))
        return False

    def _able(self, patient: Patient) -> Patient:
        """With what its drivers cannot do taken off the ladder."""
        infra = self._drivers.infra(patient.infra_driver)
        mgmt = self._drivers.mgmt(patient.mgmt_driver)
        unable = missing(infra.capabilities, restarts=mgmt.restarts)
        return patient._replace(policy=patient.policy.without(unable))

    def _may_blame(self, patient: Patient, now: int) -> bool:
        if patient.failed or patient.operating == OperatingStatus.DEAD:
            # Its infra driver says so, or its agent never came back, or,
            # of a service, the agent does.
            return self._channel.settled(now)
        return self._channel.clear(patient.relay, patient.relay_group, now)

    def _try(self, patient: Patient, action: Action, look: _Look) -> bool:
        waits = self._waits_for(patient, look)
        if waits is None:
            timeout = self._conf.conductor.operation_timeout
            waits = db.write(
                partial(
                    episodes.attempt,
                    patient,
                    action,
                    limit=self._limit,
                    timeout=timeout,
                )
            )
        if waits is not None and waits != patient.waits_for:
            db.write(partial(episodes.wait, patient, waits))
        return waits is None

    def _waits_for(self, patient: Patient, look: _Look) -> Waits | None:
        """Why it is not the time to try, though it is due."""
        if patient.id in look.held:
            return Waits.HOLD
        if not self._may_blame(patient, look.now):
            return Waits.CHANNEL
        within = domains(patient.relay_group, patient.facts)
        if any(domain in look.stopped for domain in within):
            return Waits.BREAKER
        if look.ask == 0:
            return Waits.TURN
        look.ask -= 1
        return None if self._confirmed(patient) else Waits.DOUBT

    def _confirmed(self, patient: Patient) -> bool:
        """Ask the source that did not say that the device is lost."""
        with db.reader() as session:
            device = views.load_device(session, patient.id)
        if device is None:
            return False
        infra = self._drivers.infra(device.infra_driver)
        mgmt = self._drivers.mgmt(device.mgmt_driver)
        try:
            if patient.service_id is not None:
                return _is_sick(patient, patient.service_id, mgmt)
            state = infra.observe(device.spec()).state
            if patient.failed:
                return state is not DeviceState.BUILDING
            if patient.operating == OperatingStatus.DEAD:
                # An agent that answers is in a machine that runs.
                return state in _DOWN and (
                    mgmt.silent or not mgmt.observe(patient.id).connected
                )
            return (
                state is not DeviceState.BUILDING
                and not mgmt.observe(patient.id).connected
            )
        except errors.ServicevmError as error:
            LOG.warning("Cannot ask of device %s: %s", patient.id, error)
            return False


def _is_sick(patient: Patient, service_id: str, mgmt: MgmtDriver) -> bool:
    """Ask the device itself whether the service still does not serve.

    :raises ServicevmError: it cannot be asked
    """
    report = mgmt.observe(patient.id)
    seen = report.services.get(service_id)
    if not (report.connected and report.ready) or seen is None:
        return False
    if seen.operating_status == OperatingStatus.DEAD:
        return True
    # What was written of it is not true any more.
    db.write(partial(hosted.hear, patient.id, report.services))
    return False
