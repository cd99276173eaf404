"""The ledger of what drivers have made, as drivers and the janitor see it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from servicevm import errors
from servicevm.conductor import views
from servicevm.db import api as db
from servicevm.db import models
from servicevm.drivers import Drivers
from servicevm.drivers.infra.base import DeviceSpec, Record
from servicevm.errors import PermanentError, ServicevmError, TransientError
from servicevm.rpc.local import LateRelay

from .lab import Lab

TOO_FULL = PermanentError(errors.UNAVAILABLE, "The cloud is full.")
BUSY = TransientError(errors.UNAVAILABLE, "The cloud is busy.")


@pytest.fixture
def commits(lab: Lab) -> Iterator[list[int]]:
    """Grows with each transaction that is committed."""
    seen: list[int] = []

    def note(connection: sa.Connection) -> None:
        seen.append(1)

    sa.event.listen(db.engine(), "commit", note)
    yield seen
    sa.event.remove(db.engine(), "commit", note)


def entries(lab: Lab, device_id: str) -> dict[str, str | None]:
    return {
        row.kind: row.external_id
        for row in lab.all(models.DeviceResource)
        if row.device_id == device_id
    }


def makes_ports(
    lab: Lab,
    monkeypatch: pytest.MonkeyPatch,
    failure: ServicevmError | None = None,
) -> list[dict[str, str | None]]:
    """Have the cloud make two ports before the machine, and then fail.

    :returns: grows; the ledger as it is when a port is made
    """
    seen = []
    create = lab.cloud.create

    def with_ports(spec: DeviceSpec, record: Record) -> None:
        for kind in ("port:0", "port:1"):
            record(kind, None)
            seen.append(entries(lab, spec.id))
            record(kind, f"made-{kind}")
        if failure is not None:
            raise failure
        create(spec, record)

    monkeypatch.setattr(lab.cloud, "create", with_ports)
    return seen


def test_an_intent_is_written_before_the_thing_is_made(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = makes_ports(lab, monkeypatch)
    lab.device()
    lab.settle(lab.conductor())
    assert seen == [
        {"port:0": None},
        # An id comes with the next intent.
        {"port:0": "made-port:0", "port:1": None},
    ]


def test_all_ids_are_written_when_the_step_has_ended(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    makes_ports(lab, monkeypatch)
    lab.cloud.looks = 5
    device_id, _ = lab.device()
    lab.conductor().drain()
    assert entries(lab, device_id) == {
        "port:0": "made-port:0",
        "port:1": "made-port:1",
        "machine": f"m-{device_id}",
    }


@pytest.mark.parametrize("failure", [TOO_FULL, BUSY])
def test_what_was_made_is_known_though_the_driver_failed_then(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, failure: ServicevmError
) -> None:
    makes_ports(lab, monkeypatch, failure)
    device_id, _ = lab.device()
    lab.conductor().drain()
    assert entries(lab, device_id) == {
        "port:0": "made-port:0",
        "port:1": "made-port:1",
    }


def test_another_try_finds_what_the_first_has_recorded(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        makes_ports(lab, patch, BUSY)
        _, operation_id = lab.device()
        lab.conductor().drain()
    known = []
    create = lab.cloud.create

    def note(spec: DeviceSpec, record: Record) -> None:
        known.append(dict(spec.ledger))
        create(spec, record)

    monkeypatch.setattr(lab.cloud, "create", note)
    lab.settle(lab.conductor())
    assert lab.operation(operation_id).state == "SUCCEEDED"
    assert known == [{"port:0": "made-port:0", "port:1": "made-port:1"}]


def test_a_device_whose_row_is_gone_does_not_keep_its_operation(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = lab.cloud.create

    def lose(spec: DeviceSpec, record: Record) -> None:
        create(spec, record)
        with db.writer() as session:
            session.execute(sa.delete(models.Device))

    monkeypatch.setattr(lab.cloud, "create", lose)
    _, operation_id = lab.device()
    lab.settle(lab.conductor())
    assert lab.operation(operation_id).state == "FAILED"


def test_a_device_is_made_in_three_transactions(
    lab: Lab, commits: list[int]
) -> None:
    lab.device()
    before = len(commits)
    lab.settle(lab.conductor())
    # The claim with the step that finds nothing to clear, the intent, and
    # what came of all other steps, which need not wait here.
    assert len(commits) - before == 3


def test_what_is_always_intended_costs_no_transaction(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, commits: list[int]
) -> None:
    lab.cloud.intents = ("machine",)
    seen = []
    create = lab.cloud.create

    def look(spec: DeviceSpec, record: Record) -> None:
        record("machine", None)
        seen.append(entries(lab, spec.id))
        create(spec, record)

    monkeypatch.setattr(lab.cloud, "create", look)
    device_id, _ = lab.device()
    before = len(commits)
    lab.settle(lab.conductor())
    assert len(commits) - before == 2
    assert seen == [{"machine": None}]
    assert entries(lab, device_id) == {"machine": f"m-{device_id}"}


def test_who_stood_still_after_its_claim_makes_nothing(lab: Lab) -> None:
    lab.cloud.intents = ("machine",)
    device_id, _ = lab.device()
    engine = lab.conductor()._engine
    late = engine.claim("late")
    assert late is not None
    assert late.device is not None
    assert late.device.recorded == {"machine"}
    lab.advance(60)
    lab.settle(lab.conductor())
    lab.cloud.machines.clear()
    then = late.device.at - views.FRESH
    engine.drive(replace(late, device=replace(late.device, at=then)))
    assert lab.cloud.machines == {}
    assert entries(lab, device_id) == {"machine": f"m-{device_id}"}


def test_a_driver_that_is_not_made_yet_intends_nothing(lab: Lab) -> None:
    drivers = Drivers(lab.conf, LateRelay())
    assert drivers.intents("noop") == ()
    drivers.infra("noop")
    assert drivers.intents("noop") == ("noop",)
    drivers.close()


def test_an_id_that_no_ledger_can_hold_fails_the_try_and_not_the_conductor(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = lab.cloud.create

    def name_badly(spec: DeviceSpec, record: Record) -> None:
        create(spec, record)
        record("machine", {"id": "no text"})  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(lab.cloud, "create", name_badly)
        device_id, operation_id = lab.device()
        lab.conductor().drain()
    operation = lab.operation(operation_id)
    assert (operation.state, operation.attempts) == ("WAITING", 1)
    assert entries(lab, device_id) == {"machine": None}
    lab.settle(lab.conductor())
    assert lab.operation(operation_id).state == "SUCCEEDED"
