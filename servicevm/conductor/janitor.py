"""Sweeps up what no operation is about: rows and external things."""

import time
from functools import cache, partial

import sqlalchemy as sa
from oslo_config import cfg
from oslo_log import log
from sqlalchemy import orm

from servicevm import clock, errors
from servicevm.db import api as db
from servicevm.db import (
    holds,
    leases,
    models,
    operations,
    processes,
    purge,
    usage,
)
from servicevm.db.locks import lock_device, lock_service
from servicevm.drivers import INFRA, Drivers, driver_names
from servicevm.states import (
    Action,
    Initiator,
    ProvisioningStatus,
    ResourceType,
)

__all__ = ["Janitor"]

LOG = log.getLogger(__name__)

#: Seconds between two looks for history that is too old.
FORGET_EVERY = 3600.0
#: Days that revoked and expired certificates stay on record.
KEEP_CERTIFICATES = 30
_DAY = 86_400 * clock.SECOND

_RESTART = {
    ProvisioningStatus.PENDING_CREATE: Action.CREATE,
    ProvisioningStatus.PENDING_UPDATE: Action.UPDATE,
    ProvisioningStatus.PENDING_DELETE: Action.DELETE,
}


_Model = type[models.Device] | type[models.Service]


class Janitor:
    """Each call is one whole sweep."""

    def __init__(self, conf: cfg.ConfigOpts, drivers: Drivers) -> None:
        self._conf = conf
        self._drivers = drivers
        self._forget_after = float("-inf")

    def restart_stuck(self) -> int:
        """Begin anew what is PENDING although no operation is about it.

        :returns: how many
        """
        found: list[tuple[_Model, str]] = []
        with db.reader() as session:
            for model in (models.Device, models.Service):
                ids = session.scalars(sa.select(model.id).where(_stuck(model)))
                found += [(model, row_id) for row_id in ids]
        return sum(
            db.write(partial(self._look_again, model, row_id))
            for model, row_id in found
        )

    def _look_again(
        self, model: _Model, row_id: str, session: orm.Session
    ) -> int:
        """Restart it if it is stuck still, now that its device is held."""
        if model is models.Device:
            lock_device(session, row_id)
        else:
            lock_service(session, row_id)
        row = session.get(model, row_id)
        stuck = sa.select(model.id).where(model.id == row_id, _stuck(model))
        if session.scalar(stuck) is None:
            return 0
        if isinstance(row, models.Device):
            return self._restart(session, row, row.id)
        if isinstance(row, models.Service):
            return self._restart(session, row, row.device_id)
        return 0

    def delete_leftovers(self) -> int:
        """Destroy what exists outside of devices that have no row.

        Nothing, where everything is held: no other hold covers what has no
        row.

        :returns: how many
        """
        with db.reader() as session:
            if holds.everything(session) is not None:
                return 0
        count = 0
        for name in _infra_drivers():
            try:
                infra = self._drivers.infra(name)
                # Asked first: a device's row is there before anything else
                # of it, and goes when nothing else is left.
                outside = infra.device_ids()
                with db.reader() as session:
                    known = set(session.scalars(sa.select(models.Device.id)))
                for device_id in sorted(outside - known):
                    LOG.warning(
                        "Deleting what is left of device %s (%s).",
                        device_id,
                        name,
                    )
                    infra.delete_leftover(device_id)
                    count += 1
            except errors.ServicevmError as error:
                LOG.warning("Cannot look for leftovers (%s): %s", name, error)
        return count

    def forget_expired(self) -> None:
        """Drop certificates that nobody can use any more."""
        serial = models.AgentCertificate.serial
        with db.reader() as session:
            before = db.now(session) - KEEP_CERTIFICATES * _DAY
            old = session.scalars(
                sa.select(serial)
                .where(
                    (models.AgentCertificate.not_after < before)
                    | (models.AgentCertificate.revoked_at < before)
                )
                .order_by(serial)
                .limit(purge.BATCH)
            ).all()
        if old:
            db.write(
                lambda session: session.execute(
                    sa.delete(models.AgentCertificate).where(serial.in_(old))
                )
            )

    def forget_holds(self) -> None:
        """Drop the holds that have expired."""
        with db.reader() as session:
            found = holds.expired(session)
        for hold_id in found:
            db.write(partial(_forget_hold, hold_id))

    def forget_processes(self) -> None:
        """Drop the rows of processes that are gone for long."""
        with db.reader() as session:
            before = db.now(session) - processes.FORGET
            gone = session.scalar(
                sa.select(sa.exists().where(models.Process.last_seen < before))
            )
        if gone:
            db.write(processes.forget)

    def mend_usage(self) -> int:
        """Begin and end the spans of usage that somebody has not.

        Processes of the release before, while they are upgraded, know of
        none.

        :returns: how many
        """
        with db.reader() as session:
            missing = usage.missing(session, purge.BATCH)
            left = usage.left(session, purge.BATCH)
        for model, row_id in missing:
            db.write(partial(self._follow, model, row_id))
        for model, row_id in left:
            db.write(partial(self._end, model, row_id))
        return len(missing) + len(left)

    def _follow(
        self, model: _Model, row_id: str, session: orm.Session
    ) -> None:
        """Write what it takes, now that its device is held."""
        lock = lock_device if model is models.Device else lock_service
        lock(session, row_id)
        row = session.get(model, row_id)
        if isinstance(row, models.Device | models.Service):
            usage.follow(session, row)

    def _end(self, model: _Model, row_id: str, session: orm.Session) -> None:
        if session.get(model, row_id) is None:
            usage.end_with_operation(session, row_id)

    def forget_history(self) -> None:
        """Drop operations and events that are older than ``keep_days``, and
        usage that is older than ``keep_usage_days``.

        Once an hour: the database must not grow for ever where nobody runs
        ``servicevm-manage db purge``.
        """
        if time.monotonic() < self._forget_after:
            return
        self._forget_after = time.monotonic() + FORGET_EVERY
        with db.reader() as session:
            now = db.now(session)
        options = self._conf.conductor
        purge.purge_old(now - int(options.keep_days) * _DAY)
        purge.purge_usage(now - int(options.keep_usage_days) * _DAY)

    def _restart(
        self,
        session: orm.Session,
        row: models.Device | models.Service,
        device_id: str,
    ) -> int:
        status = ProvisioningStatus(row.provisioning_status)
        if (
            isinstance(row, models.Device)
            and status is ProvisioningStatus.PENDING_UPDATE
        ):
            # Restarting a machine that serves would be worse than the word.
            row.provisioning_status = ProvisioningStatus.ACTIVE
            return 0
        LOG.warning(
            "%s %s is %s without an operation.",
            type(row).__name__,
            row.id,
            status,
        )
        operation = operations.enqueue(
            session,
            resource_type=(
                ResourceType.DEVICE
                if isinstance(row, models.Device)
                else ResourceType.SERVICE
            ),
            resource_id=row.id,
            device_id=device_id,
            action=_RESTART[status],
            project_id=row.project_id,
            timeout=self._conf.conductor.operation_timeout,
            arguments={"generation": row.generation},
            initiator=Initiator.SYSTEM,
        )
        row.operation_id = operation.id
        return 1


def _forget_hold(hold_id: str, session: orm.Session) -> None:
    holds.forget(session, hold_id)


@cache
def _infra_drivers() -> tuple[str, ...]:
    """Names of what is installed: a look into every distribution there is,
    which a process has to make once."""
    return tuple(driver_names(INFRA))


def _stuck(
    model: _Model,
) -> sa.ColumnElement[bool]:
    """Whether a row is PENDING and no operation is about it.

    A service that goes with its device has none of its own.
    """
    about = models.Operation.resource_id == model.id
    if model is models.Service:
        about |= (models.Operation.resource_id == models.Service.device_id) & (
            models.Operation.action == Action.DELETE
        )
    return model.provisioning_status.in_(list(_RESTART)) & ~sa.exists().where(
        about, models.Operation.state.in_(leases.LIVE)
    )
