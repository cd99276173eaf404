"""Claims, leases and fences, on a real database."""

from dataclasses import replace

import pytest

from servicevm import clock
from servicevm.conductor import views
from servicevm.conductor.engine import SPREAD, Claim
from servicevm.conductor.progress import backoff
from servicevm.db import api as db
from servicevm.db import claims, leases, models
from servicevm.drivers.infra.base import DeviceSpec, Record

from .lab import CONFIG, Lab

LEASE = 15 * clock.SECOND


def claim(lab: Lab, owner: str) -> models.Operation | None:
    with db.writer() as session:
        found = claims.candidates(session, lab.now, 1)
        taken = claims.claim_all(session, found, owner, LEASE)
    return taken[0] if taken else None


def test_one_of_two_gets_it(lab: Lab) -> None:
    _, operation_id = lab.device()
    found = claim(lab, "a")
    assert found is not None
    assert (found.id, found.fence, found.owner) == (operation_id, 1, "a")
    assert claim(lab, "b") is None


def test_who_comes_too_late_for_all_that_it_saw_looks_again(
    lab: Lab,
) -> None:
    device_id, _ = lab.device()
    lab.service(device_id)
    for _ in range(SPREAD + 3):
        lab.device()
    other = lab.conductor()._engine

    def take(point: str) -> None:
        # The first batch has one less than it might have: two of one device.
        assert point == "claimed"
        taken.extend(other.claims("b", SPREAD))

    taken: list[Claim] = []
    mine = list(lab.conductor(take)._engine.claims("a", 2))
    assert [one.operation.owner for one in mine] == ["a", "a"]
    assert len({one.operation.id for one in mine + taken}) == SPREAD + 4


def test_a_claim_that_waited_reads_its_device_again(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    device_id, _ = lab.device()
    made = []
    create = lab.cloud.create

    def note(spec: DeviceSpec, record: Record) -> None:
        made.append(spec.name)
        create(spec, record)

    monkeypatch.setattr(lab.cloud, "create", note)
    engine = lab.conductor()._engine
    found = engine.claim("a")
    assert found is not None
    assert found.device is not None
    with lab.change(models.Device, device_id) as row:
        row.name = "renamed"
    then = found.device.at - views.FRESH
    engine.drive(replace(found, device=replace(found.device, at=then)))
    assert made == ["renamed"]


def test_a_lease_that_ran_out_is_taken_over_and_fences(lab: Lab) -> None:
    lab.device()
    first = claim(lab, "a")
    assert first is not None
    lab.advance(15.1)
    taken = claim(lab, "b")
    assert taken is not None
    assert (first.fence, taken.fence) == (1, 2)
    with pytest.raises(leases.FencedOut), db.writer() as session:
        leases.fenced(session, first)
    with db.writer() as session:
        assert leases.fenced(session, taken).owner == "b"


def test_a_writer_that_is_fenced_out_writes_nothing(lab: Lab) -> None:
    lab.cloud.looks = 3
    device_id, operation_id = lab.device()

    def oversleep(point: str) -> None:
        if point == "activate: end":
            # It sleeps while another does all the rest.
            lab.advance(16)
            lab.settle(lab.conductor())
            with lab.change(models.Device, device_id) as row:
                row.status_reason = "written after"

    conductor = lab.conductor(oversleep)
    lab.settle(conductor)
    device = lab.get(models.Device, device_id)
    assert device.status_reason == "written after"
    assert lab.operation(operation_id).state == "SUCCEEDED"
    assert len(lab.events(type="operation.succeeded")) == 1


def test_who_is_fenced_out_takes_no_credentials_away(lab: Lab) -> None:
    device_id, operation_id = lab.device()
    overslept = []

    def fail(point: str) -> None:
        if point == "boot: end" and not overslept:
            raise leases.FencedOut(operation_id)

    def oversleep(point: str) -> None:
        if point == "before forget" and not overslept:
            overslept.append(point)
            # It sleeps while another does all the rest.
            lab.advance(16)
            lab.settle(lab.conductor())
            assert lab.get(models.Device, device_id).operating_status == (
                "ONLINE"
            )

    lab.conductor(fail).run_once()
    with lab.change(models.Operation, operation_id) as row:
        row.step, row.state = "allocate", "PENDING"
    lab.settle(lab.conductor(oversleep))
    assert overslept
    assert list(lab.noop_files())


def test_a_driver_that_is_fenced_out_cannot_write_the_ledger(
    lab: Lab,
) -> None:
    device_id, operation_id = lab.device()

    def oversleep(point: str) -> None:
        if point == "before create" and device_id not in lab.cloud.machines:
            lab.advance(16)
            lab.settle(lab.conductor())
            lab.delete_device(device_id)
            lab.settle(lab.conductor())

    lab.settle(lab.conductor(oversleep))
    assert lab.count(models.DeviceResource) == 0
    assert lab.cloud.machines == {}
    assert lab.operation(operation_id).state == "SUCCEEDED"


def test_a_renewed_lease_is_kept(lab: Lab) -> None:
    _, operation_id = lab.device()
    claim(lab, "a")
    lab.advance(10)
    with db.writer() as session:
        leases.renew(session, "a", [operation_id], lab.now, LEASE)
    lab.advance(10)
    assert claim(lab, "b") is None


def test_the_oldest_operation_of_a_resource_comes_first(lab: Lab) -> None:
    device_id, _ = lab.device()
    lab.settle(lab.conductor())
    service_id, create = lab.service(device_id)
    update = lab.update(service_id, CONFIG)
    # Even where the later one has been due for longer.
    with lab.change(models.Operation, create) as row:
        row.run_after = lab.now
    with lab.change(models.Operation, update) as row:
        row.run_after = lab.now - 1
    first = claim(lab, "a")
    assert first is not None
    assert first.id == create
    assert claim(lab, "b") is None


def test_one_device_has_one_operation_in_hand(lab: Lab) -> None:
    device_id, _ = lab.device()
    lab.service(device_id)
    assert claim(lab, "a") is not None
    assert claim(lab, "b") is None


def test_what_is_to_be_cancelled_does_not_wait(lab: Lab) -> None:
    _, operation_id = lab.device()
    with lab.change(models.Operation, operation_id) as row:
        row.state = "WAITING"
        row.run_after = lab.now + 60 * clock.SECOND
    assert claim(lab, "a") is None
    lab.cancel(operation_id)
    assert claim(lab, "a") is not None


def test_a_clock_that_is_set_back_stops_nothing(lab: Lab) -> None:
    _, operation_id = lab.device()
    with lab.change(models.Operation, operation_id) as row:
        row.state, row.run_after = "WAITING", lab.now + clock.SECOND
    lab.advance(-3600)
    assert claim(lab, "a") is not None


def test_a_wake_during_a_look_is_not_lost(lab: Lab) -> None:
    lab.cloud.looks = 2
    device_id, operation_id = lab.device()

    def wake(point: str) -> None:
        if point == "after observe" and device_id in lab.cloud.machines:
            lab.advance(0.001)
            with db.writer() as session:
                leases.wake(session, lab.now, device_id=device_id)

    conductor = lab.conductor(wake)
    conductor.drain()
    assert lab.operation(operation_id).state == "SUCCEEDED"


@pytest.mark.parametrize("alive", [True, False])
def test_only_the_dead_lose_their_leases(lab: Lab, alive: bool) -> None:
    host, boot, pid, _ = leases.new_owner().split("/")
    other = "1" if alive else "4194304"
    lab.device()
    claim(lab, f"{host}/{boot}/{other}/x")
    with db.writer() as session:
        me = f"{host}/{boot}/{pid}/me"
        assert leases.orphaned(session, me, lab.now) == (0 if alive else 1)
    assert (claim(lab, "b") is None) is alive


def test_another_hosts_leases_are_none_of_ours(lab: Lab) -> None:
    lab.device()
    claim(lab, "elsewhere/boot/4194304/x")
    with db.writer() as session:
        assert leases.orphaned(session, leases.new_owner(), lab.now) == 0


@pytest.mark.parametrize(
    ("attempts", "least", "most"),
    [(1, 0.25, 0.5), (2, 0.5, 1.0), (4, 2.0, 4.0), (60, 15.0, 30.0)],
)
def test_tries_come_later_and_later(
    attempts: int, least: float, most: float
) -> None:
    assert backoff(attempts, 0.0) == least
    assert backoff(attempts, 1.0) == most
