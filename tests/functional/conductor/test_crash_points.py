"""Kill the process at every point, start another, and look what is left.

A point is every write of the engine and both sides of every call of a
driver. The next process finds the database and the machines as they were
at the kill, waits for the lease, and has to bring all of it to its end.
"""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from servicevm.db import api as db
from servicevm.db import models
from tests.unit.conductor.lab import CONFIG, Crash, Lab

# Some thousand transactions, which a busy server takes its time for.
pytestmark = pytest.mark.timeout(500)

Ask = Callable[[Lab, dict[str, str]], None]


class Killer:
    """Dies at the n-th point, if there are so many."""

    def __init__(self, at: int) -> None:
        self.left = at

    def __call__(self, point: str) -> None:
        if self.left == 0:
            raise Crash(point)
        self.left -= 1


def rows(model: Any) -> list[Any]:
    with db.reader() as session:
        return list(session.scalars(sa.select(model)))


def sweep(
    lab: Lab,
    ask: Ask,
    check: Ask,
    *,
    once: Ask = lambda lab, ids: None,
    each: Ask = lambda lab, ids: None,
    last: Callable[[Lab], None] = lambda lab: None,
) -> int:
    """Do it again and again, each time killed one point later.

    :param once: what has to be there, and stays from one time to the next
    :param each: what has to be there anew every time
    :param last: done after every time
    :returns: how many points there were
    """
    ids: dict[str, str] = {}
    once(lab, ids)
    lab.settle(lab.conductor())
    at = 0
    died = True
    while died:
        each(lab, ids)
        lab.settle(lab.conductor())
        ask(lab, ids)
        try:
            lab.settle(lab.conductor(Killer(at)))
            died = False
        except Crash:
            lab.settle(lab.conductor())
            at += 1
        check(lab, ids)
        last(lab)
    clear(lab)
    return at


def clear(lab: Lab) -> None:
    """Delete what there is, and check that nothing is left over."""
    for row in rows(models.Device):
        lab.delete_device(row.id)
    lab.settle(lab.conductor())
    assert lab.cloud.machines == {}
    assert not list(lab.noop_files())
    for model in (models.Device, models.Service, models.DeviceResource):
        assert rows(model) == []
    for operation in rows(models.Operation):
        assert operation.finished_at is not None, operation.action
    for step in rows(models.OperationStep):
        assert step.finished_at is not None, step.name
    lab.cloud.created.clear()


def device(lab: Lab, ids: dict[str, str]) -> None:
    ids["device"], _ = lab.device()


def service(lab: Lab, ids: dict[str, str]) -> None:
    ids["service"], _ = lab.service(ids["device"])


def build(lab: Lab, ids: dict[str, str]) -> None:
    device(lab, ids)
    service(lab, ids)


def check_built(lab: Lab, ids: dict[str, str]) -> None:
    device_id, service_id = ids["device"], ids["service"]
    assert list(lab.cloud.machines) == [device_id]
    assert lab.cloud.created == [device_id]
    row = lab.get(models.Device, device_id)
    assert row.provisioning_status == "ACTIVE"
    assert row.operating_status == "ONLINE"
    row = lab.get(models.Service, service_id)
    assert row.provisioning_status == "ACTIVE"
    assert row.observed_generation == row.generation
    assert row.endpoints[0]["port"] == 40_080
    assert lab.inside(device_id)[service_id].generation == row.generation
    assert lab.cloud.ports == {device_id: [f"{service_id}/web"]}
    assert {row.state for row in rows(models.Operation)} == {"SUCCEEDED"}


def test_create_survives_being_killed_anywhere(lab: Lab) -> None:
    assert sweep(lab, build, check_built, last=clear) > 35


def test_update_survives_being_killed_anywhere(lab: Lab) -> None:
    def ask(lab: Lab, ids: dict[str, str]) -> None:
        lab.update(ids["service"], CONFIG)

    assert sweep(lab, ask, check_built, once=build) > 15


def test_reboot_survives_being_killed_anywhere(lab: Lab) -> None:
    def ask(lab: Lab, ids: dict[str, str]) -> None:
        lab.reboot(ids["device"])

    assert sweep(lab, ask, check_built, once=build) > 20


def test_service_delete_survives_being_killed_anywhere(lab: Lab) -> None:
    def ask(lab: Lab, ids: dict[str, str]) -> None:
        lab.delete_service(ids["service"])

    def check(lab: Lab, ids: dict[str, str]) -> None:
        assert rows(models.Service) == []
        assert lab.inside(ids["device"]) == {}
        assert lab.cloud.ports == {ids["device"]: []}

    assert sweep(lab, ask, check, once=device, each=service) > 10


def test_device_delete_survives_being_killed_anywhere(lab: Lab) -> None:
    def ask(lab: Lab, ids: dict[str, str]) -> None:
        # In the middle of something else.
        lab.update(ids["service"], CONFIG)
        lab.delete_device(ids["device"])

    def check(lab: Lab, ids: dict[str, str]) -> None:
        assert rows(models.Device) == []
        assert lab.cloud.machines == {}

    assert sweep(lab, ask, check, each=build) > 10


@pytest.mark.parametrize("after", range(0, 40, 5))
def test_delete_during_a_create_that_was_killed(lab: Lab, after: int) -> None:
    ids: dict[str, str] = {}
    build(lab, ids)
    with pytest.raises(Crash):
        lab.settle(lab.conductor(Killer(after)))
    clear(lab)
