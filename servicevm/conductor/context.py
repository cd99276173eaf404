"""What a step is given."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from oslo_config import cfg
from sqlalchemy import orm

from servicevm import clock
from servicevm.conductor import views
from servicevm.conductor.ledger import Entry, Ledger
from servicevm.conductor.outcomes import Outcome
from servicevm.db import api as db
from servicevm.db import leases, models
from servicevm.db.locks import lock_device
from servicevm.drivers import Drivers
from servicevm.drivers.infra.base import InfraDriver
from servicevm.drivers.mgmt.base import MgmtDriver

__all__ = ["Step", "StepContext", "Steps"]

T = TypeVar("T")

#: Longest time between two looks at something, in seconds.
LONGEST = 5.0


@dataclass(frozen=True)
class StepContext:
    """One try of a step of an operation that we hold, and of those after it
    that are written together with it.

    :param operation: as it was when the step began; detached
    :param began: when the step was first tried, in microseconds
    :param ledger: what the drivers have recorded and is not written yet
    :param held_at: when it was last sure that we hold the operation, in
        monotonic seconds
    """

    conf: cfg.ConfigOpts
    drivers: Drivers
    operation: models.Operation
    began: int
    held_at: float = float("-inf")
    ledger: Ledger = field(default_factory=Ledger)
    _seen: list[views.DeviceView] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        conf: cfg.ConfigOpts,
        drivers: Drivers,
        operation: models.Operation,
        step: models.OperationStep | None,
        device: views.DeviceView | None,
    ) -> "StepContext":
        """
        :param step: the newest row of the operation's timeline
        :param device: as the write that this goes on from has left it,
            where it was read there
        """
        began = operation.updated_at if step is None else step.started_at
        if device is None:
            return cls(conf, drivers, operation, began)
        seen = [_driven(device, operation)]
        return cls(conf, drivers, operation, began, device.at, _seen=seen)

    @property
    def data(self) -> Mapping[str, Any]:
        """What earlier steps have left."""
        return self.operation.step_data

    def device(self) -> views.DeviceView | None:
        """The operation's device; None if it is gone.

        As it is now, or was since the last write of this context.
        """
        if self._seen:
            return self._seen[0]
        with db.reader() as session:
            found = views.load_device(session, self.operation.device_id)
        if found is None:
            return None
        self._seen[:] = [_driven(found, self.operation)]
        return self._seen[0]

    def seen(self) -> views.DeviceView | None:
        """What `device` says, if that was read lately."""
        return views.fresh(self._seen[0]) if self._seen else None

    def service(self) -> models.Service | None:
        """The operation's service as it is now; None if it is gone."""
        with db.reader() as session:
            return session.get(models.Service, self.operation.resource_id)

    def infra(self, device: views.DeviceView) -> InfraDriver:
        return self.drivers.infra(device.infra_driver)

    def mgmt(self, device: views.DeviceView) -> MgmtDriver:
        return self.drivers.mgmt(device.mgmt_driver)

    def write(
        self, function: Callable[[orm.Session, models.Operation], T]
    ) -> T:
        """Write in the middle of a step, alone with the device.

        :param function: given the operation's row; see servicevm.db.api.write
        :raises servicevm.db.leases.FencedOut: if the operation is not ours
        """

        return self._alone(
            lambda session: function(
                session, leases.fenced(session, self.operation)
            )
        )

    def _alone(self, function: Callable[[orm.Session], T]) -> T:
        """As `write`, for what makes sure itself that we still hold it."""
        self._seen.clear()

        def alone(session: orm.Session) -> T:
            lock_device(session, self.operation.device_id)
            result = function(session)
            self.ledger.write(session)
            return result

        result = db.write(alone)
        self.ledger.written()
        return result

    @property
    def _held(self) -> bool:
        """Whether we hold the operation, as far as one can know without a
        look: whoever stood still in between has to make sure again."""
        return time.monotonic() - self.held_at <= views.FRESH

    def now(self) -> int:
        """The present by the database's clock: what a step compares must
        mean the same to the conductor that goes on with it."""
        return db.lately()

    def pause(self, shortest: float) -> float:
        """Seconds until a look at what gives no sign by itself.

        A tenth of what the step has taken so far: prompt where it is a
        matter of a second, and no burden where it is one of minutes.
        """
        waited = (self.now() - self.began) / clock.SECOND
        return min(max(shortest, waited / 10), LONGEST)

    def save(self, data: Mapping[str, Any]) -> None:
        """Keep data in the middle of a step, before what cannot be undone."""

        def keep(session: orm.Session, row: models.Operation) -> None:
            row.step_data = {**row.step_data, **data}

        self.write(keep)
        self.operation.step_data = {**self.operation.step_data, **data}

    def record(self, kind: str, external_id: str | None) -> None:
        """The ledger; see servicevm.drivers.infra.base.Record."""
        seen = self.device()
        if seen is None:
            return
        if external_id is None and kind in seen.recorded and self._held:
            return  # written already, and nobody has overtaken us since
        entry = Entry(
            device_id=seen.row.id,
            driver=seen.infra_driver,
            kind=kind,
            external_id=external_id,
            new=kind not in seen.recorded,
        )
        self.ledger.keep(entry)
        if external_id is None:
            self._alone(lambda session: leases.stands(session, self.operation))
        # Nothing else of it has changed.
        ledger = dict(seen.ledger)
        if external_id:
            ledger[kind] = external_id
        self._seen[:] = [
            replace(seen, ledger=ledger, recorded=seen.recorded | {kind})
        ]


def _driven(
    device: views.DeviceView, operation: models.Operation
) -> views.DeviceView:
    return replace(device, fence=operation.fence)


Step = Callable[[StepContext], Outcome]
Steps = Mapping[tuple[str, str, str], Step]
"""``(resource_type, action, step)`` to the function that does it."""
