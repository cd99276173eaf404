"""Many conductors, one database, and everything that goes wrong between.

One thread, a seed, virtual time: every step of every conductor is one
turn, and between two turns anything may happen: time passes and leases run
out, a conductor is killed, or stays away so long that another takes its
operation over, and then goes on as if nothing had been.
"""

import random
import threading

import pytest
import sqlalchemy as sa

from servicevm.conductor.service import Conductor
from servicevm.db import api as db
from servicevm.db import leases, models
from tests.unit.conductor.lab import CONFIG, Crash, Lab


class Puppet:
    """A conductor whose every point waits for its turn."""

    def __init__(self, lab: Lab) -> None:
        self._turn = threading.Semaphore(0)
        self._back = threading.Semaphore(0)
        self._killed = False
        self._over = False
        self.failure: BaseException | None = None
        self.conductor: Conductor = lab.conductor(self._point)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def turn(self) -> None:
        """Let it go to its next point."""
        self._turn.release()
        assert self._back.acquire(timeout=30)
        if self.failure is not None:
            raise self.failure

    def kill(self) -> None:
        """It dies where it is."""
        self._killed = True
        self._turn.release()
        self._thread.join(30)
        assert not self._thread.is_alive()

    def _point(self, point: str) -> None:
        self._back.release()
        assert self._turn.acquire(timeout=60)
        if self._killed:
            raise Crash(point)

    def _run(self) -> None:
        try:
            assert self._turn.acquire(timeout=60)
            while not self._killed:
                if not self.conductor.run_once():
                    self._point("idle")
        except Crash:
            pass
        except BaseException as error:
            self.failure = error
            self._back.release()


def live(lab: Lab) -> int:
    with db.reader() as session:
        return int(
            session.scalar(
                sa.select(sa.func.count())
                .select_from(models.Operation)
                .where(models.Operation.state.in_(leases.LIVE))
            )
            or 0
        )


def fences(lab: Lab) -> dict[str, int]:
    return {row.id: row.fence for row in lab.all(models.Operation)}


@pytest.mark.parametrize("seed", range(8))
def test_conductors_that_die_and_sleep_converge(lab: Lab, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - a seed to repeat it by
    puppets = [Puppet(lab) for _ in range(3)]
    asked: list[str] = []
    services: list[str] = []
    gone: set[str] = set()
    try:
        for _ in range(2):
            device_id, operation = lab.device()
            service_id, other = lab.service(device_id)
            services.append(service_id)
            asked += [operation, other]
        before = fences(lab)
        turns = 0
        calm = False
        while live(lab):
            turns += 1
            assert turns < 5000, "does not settle"
            calm = turns > 400
            match rng.randrange(24):
                case 0 if not calm:
                    # A kill; a new one takes its place.
                    index = rng.randrange(len(puppets))
                    puppets[index].kill()
                    puppets[index] = Puppet(lab)
                case 1 if not calm:
                    # Everyone stays away longer than a lease.
                    lab.advance(lab.conf.conductor.lease + 1)
                case 2 if len(asked) < 12 and not calm:
                    asked.append(lab.update(rng.choice(services), CONFIG))
                case 3 if not gone and turns > 150:
                    row = rng.choice(lab.all(models.Device))
                    gone.add(row.id)
                    lab.delete_device(row.id)
                    services = [
                        service.id
                        for service in lab.all(models.Service)
                        if service.device_id != row.id
                    ]
                case _:
                    lab.advance(rng.uniform(0, 0.3))
                    rng.choice(puppets).turn()
            now = fences(lab)
            assert all(now[one] >= fence for one, fence in before.items())
            before = now
    finally:
        for puppet in puppets:
            puppet.kill()
    lab.settle(lab.conductor())
    check(lab, gone)


def check(lab: Lab, gone: set[str]) -> None:
    devices = {row.id for row in lab.all(models.Device)}
    assert not devices & gone
    # A zombie may have made what was just destroyed; the janitor sees it.
    lab.conductor().reconciler.sweep()
    assert set(lab.cloud.machines) == devices
    for row in lab.all(models.Device):
        assert row.provisioning_status == "ACTIVE", row.status_reason
    for row in lab.all(models.Service):
        assert row.provisioning_status == "ACTIVE", row.status_reason
        assert row.observed_generation == row.generation
        inside = lab.inside(row.device_id)[row.id]
        assert inside.generation == row.generation
    for row in lab.all(models.Operation):
        assert row.state in ("SUCCEEDED", "SUPERSEDED"), row.error_text
        assert row.owner is None
