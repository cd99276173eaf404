"""What relays tell of services' counters, and of whose they may tell."""

from typing import Any

import pytest
import sqlalchemy as sa

from servicevm.db import api as db
from servicevm.db import models
from servicevm.errors import TransientError

from .lab import Lab
from .relay_site import bind, report


class Counted:
    """A device with a service, and what was booked of that."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.conductor = lab.conductor()
        self.device_id, _ = lab.device()
        self.service_id, _ = lab.service(self.device_id)
        lab.settle(self.conductor)
        self.conductor.reconciler.sweep()
        report(lab, "r1", "default")

    def tally(self, total: int, boot_id: str = "b1") -> dict[str, Any]:
        totals = dict.fromkeys(("connections", "bytes_in", "bytes_out"), total)
        return {
            "device_id": self.device_id,
            "boot_id": boot_id,
            "services": {self.service_id: totals},
        }

    def tell(self, *tallies: dict[str, Any], relay: str = "r1") -> None:
        self.conductor.counters(relay, tallies)

    @property
    def booked(self) -> int:
        with db.reader() as session:
            found = session.scalar(
                sa.select(sa.func.sum(models.UsageTraffic.bytes_in)).where(
                    models.UsageTraffic.project_id == "p"
                )
            )
        return int(found or 0)


@pytest.fixture
def counted(lab: Lab) -> Counted:
    return Counted(lab)


def test_relays_may_tell_it_twice_late_and_one_after_the_other(
    counted: Counted,
) -> None:
    report(counted.lab, "r2", "default")
    counted.tell(counted.tally(5))
    counted.tell(counted.tally(9), counted.tally(2, "b2"), relay="r2")
    counted.tell(counted.tally(7), counted.tally(2, "b2"))
    assert counted.booked == 11


def test_what_comes_after_the_device_is_gone_counts(
    counted: Counted,
) -> None:
    counted.lab.delete_device(counted.device_id)
    counted.lab.settle(counted.conductor)
    assert counted.lab.all(models.Device) == []
    counted.tell(counted.tally(5))
    assert counted.booked == 5


@pytest.mark.parametrize("gone", [False, True], ids=["here", "gone"])
def test_a_relay_of_another_project_tells_nothing(
    counted: Counted, gone: bool
) -> None:
    report(counted.lab, "red", "red")
    bind("red", "another")
    if gone:
        counted.lab.delete_device(counted.device_id)
        counted.lab.settle(counted.conductor)
    counted.tell(counted.tally(5), relay="red")
    assert counted.booked == 0


def test_a_relay_that_has_not_reported_tells_it_again_later(
    counted: Counted,
) -> None:
    with pytest.raises(TransientError, match="not reported"):
        counted.tell(counted.tally(5), relay="new")
    assert counted.booked == 0


def test_nothing_told_writes_nothing(counted: Counted) -> None:
    counted.tell()
    counted.tell({**counted.tally(5), "services": {}})
    assert counted.booked == 0
