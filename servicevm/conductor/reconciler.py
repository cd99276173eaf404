"""Compares what should be with what is, and sweeps up.

Nothing here is needed for an operation to go on: it finds what happened by
itself (a machine died, an agent fell silent) and what no operation is about
any more (leftovers of both kinds).
"""

from collections.abc import Callable
from functools import partial

from oslo_config import cfg
from oslo_log import log
from sqlalchemy import orm

from servicevm import errors
from servicevm.conductor import hosted, presence, resync, views
from servicevm.conductor.healer import Healer
from servicevm.conductor.janitor import Janitor
from servicevm.db import api as db
from servicevm.db import holds, models, operations
from servicevm.db.locks import lock_device
from servicevm.drivers import Drivers
from servicevm.drivers.infra.base import DeviceSpec, DeviceState, Observation
from servicevm.states import OperatingStatus, ProvisioningStatus

__all__ = ["Reconciler"]

LOG = log.getLogger(__name__)

_DOWN = {
    DeviceState.STOPPED: errors.DEVICE_DIED,
    DeviceState.FAILED: errors.DEVICE_DIED,
    DeviceState.ABSENT: errors.DEVICE_MISSING,
}


class Reconciler:
    """One pass at a time; the conductor's thread calls `look` and `sweep`.

    :param wake: called when there are operations to claim
    :param died: given to the drivers; called with the id of a device that
        stopped, in any thread
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        drivers: Drivers,
        wake: Callable[[], None],
        died: Callable[[str], None],
    ) -> None:
        self._conf = conf
        self._drivers = drivers
        self._wake = wake
        self._died = died
        self._janitor = Janitor(conf, drivers)
        self._healer = Healer(conf, drivers)

    def look(self) -> None:
        """The cheap part: who is heard of, and what to do about those who
        are not. Every second or so."""
        presence.look(presence.Patience.of(self._conf))
        if self._healer.look():
            self._wake()

    def sweep(self) -> None:
        """The whole comparison. Every ``reconcile_interval``."""
        with db.reader() as session:
            active = list(
                views.all_devices(session, ProvisioningStatus.ACTIVE)
            )
        for device in active:
            self._observe(device)
            if self._drivers.mgmt(device.mgmt_driver).silent:
                self._remove_strays(device)
        restarted = self._janitor.restart_stuck()
        behind = self._behind()
        if restarted or behind:
            self._wake()
        self._janitor.delete_leftovers()
        self._janitor.forget_expired()
        self._janitor.forget_holds()
        self._janitor.forget_processes()
        self._janitor.mend_usage()
        self._janitor.forget_history()

    def observe(self, device_id: str) -> None:
        """Look at one device, and say so if it died or came back."""
        with db.reader() as session:
            device = views.load_device(session, device_id)
        if (
            device is None
            or device.row.provisioning_status != ProvisioningStatus.ACTIVE
        ):
            return
        self._observe(device)

    def _observe(self, device: views.DeviceView) -> None:
        device_id = device.row.id
        try:
            infra = self._drivers.infra(device.infra_driver)
            seen = infra.observe(device.spec())
        except errors.ServicevmError as error:
            LOG.warning("Cannot observe device %s: %s", device_id, error)
            return
        if _as_before(device, seen):
            return
        if db.write(partial(_observed, device_id, seen)):
            self._hear(device)

    def _hear(self, device: views.DeviceView) -> None:
        """Ask a device that came back for its services."""
        try:
            report = self._drivers.mgmt(device.mgmt_driver).observe(
                device.row.id
            )
        except errors.ServicevmError as error:
            LOG.warning("Cannot ask device %s: %s", device.row.id, error)
            return
        if report.connected:
            db.write(partial(hosted.hear, device.row.id, report.services))

    def mend(self, device_id: str) -> None:
        """Ask a device what it has, and set right what differs."""
        with db.reader() as session:
            device = views.load_device(session, device_id)
        if (
            device is None
            or device.row.provisioning_status != ProvisioningStatus.ACTIVE
        ):
            return
        self._remove_strays(device)

    def _remove_strays(self, device: views.DeviceView) -> None:
        device_id, mgmt = device.row.id, self._drivers.mgmt(device.mgmt_driver)
        try:
            report = mgmt.observe(device_id)
            if not report.connected or not report.services:
                return
            with db.reader() as session:
                strays = resync.strays(session, device_id, report.services)
                if strays and holds.of(session, device.row) is not None:
                    return
            for service_id, generation in strays.items():
                LOG.info(
                    "Device %s has the service %s, which nobody knows.",
                    device_id,
                    service_id,
                )
                mgmt.remove(device_id, service_id, generation)
        except errors.ServicevmError as error:
            LOG.warning("Cannot mend device %s: %s", device_id, error)

    def watch(self) -> None:
        """Have the infra drivers report machines that stop."""
        known: dict[str, list[DeviceSpec]] = {}
        with db.reader() as session:
            for device in views.all_devices(session):
                known.setdefault(device.infra_driver, []).append(device.spec())
        for name, specs in known.items():
            try:
                self._drivers.infra(name).watch(specs, self._died)
            except errors.ServicevmError as error:
                LOG.warning("Cannot watch devices of %s: %s", name, error)

    def _behind(self) -> bool:
        """Services whose newest generation no operation brings there."""
        with db.reader() as session:
            late = resync.late(session)
            held = holds.covering(session, late)
        found: list[str] = []
        for device in late:
            if device.id not in held:
                found += db.write(partial(self._repair, device.id))
        return bool(found)

    def _repair(self, device_id: str, session: orm.Session) -> list[str]:
        lock_device(session, device_id)
        row = session.get(models.Device, device_id)
        if row is None or row.operating_status != OperatingStatus.ONLINE:
            return []
        return resync.repair(session, self._conf, device_id, None)


def _as_before(device: views.DeviceView, seen: Observation) -> bool:
    """Whether there is nothing to write: of most looks at most devices."""
    dead = device.row.operating_status == OperatingStatus.DEAD
    if seen.state in _DOWN:
        return dead and all(
            service.operating_status == OperatingStatus.DEAD
            for service in device.services
        )
    return not (dead and seen.state is DeviceState.RUNNING)


def _observed(device_id: str, seen: Observation, session: orm.Session) -> bool:
    """Write what was seen of a device.

    :returns: whether it is back
    """
    lock_device(session, device_id)
    row = session.get(models.Device, device_id)
    if (
        row is None
        or row.provisioning_status != ProvisioningStatus.ACTIVE
        or operations.live(session, device_id) is not None
    ):
        return False
    reason = _DOWN.get(seen.state)
    if reason is not None:
        named = errors.REASONS.get(seen.code or "", reason)
        presence.set_status(
            session,
            row,
            OperatingStatus.DEAD,
            named,
            seen.detail or named.title,
        )
        hosted.follow(session, row, OperatingStatus.DEAD, db.now(session))
    elif (
        row.operating_status == OperatingStatus.DEAD
        and seen.state is DeviceState.RUNNING
    ):
        presence.set_status(session, row, OperatingStatus.ONLINE)
        return True
    return False
