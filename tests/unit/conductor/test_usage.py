"""Spans of usage end with their devices, and are mended where they lack."""

import pytest
import sqlalchemy as sa

from servicevm import clock
from servicevm.db import api as db
from servicevm.db import models, usage

from .lab import Lab

Span = tuple[str, int, int | None]


def spans() -> list[Span]:
    with db.reader() as session:
        return [
            (row.resource_id, row.started_at, row.ended_at)
            for row in session.scalars(
                sa.select(models.UsageSpan).order_by(
                    models.UsageSpan.resource_type
                )
            )
        ]


@pytest.fixture
def made(lab: Lab) -> tuple[str, str]:
    """A device and its service, made by a process that writes no spans."""
    device_id, _ = lab.device()
    service_id, _ = lab.service(device_id)
    lab.settle(lab.conductor())
    return device_id, service_id


def test_a_sweep_begins_what_a_release_before_has_not(
    lab: Lab, made: tuple[str, str]
) -> None:
    began = 1_800_000_000 * clock.SECOND
    assert spans() == []
    for _ in range(2):
        lab.advance(60)
        lab.conductor().reconciler.sweep()
        assert spans() == [(one, began, None) for one in made]


def test_usage_of_a_device_and_its_services_ends_with_its_row(
    lab: Lab, made: tuple[str, str]
) -> None:
    lab.conductor().reconciler.sweep()
    device_id, _ = made
    lab.advance(3600)
    operation_id = lab.delete_device(device_id)
    lab.settle(lab.conductor())
    ended = lab.get(models.Operation, operation_id).finished_at
    assert [span[2] for span in spans()] == [ended, ended]


def test_a_sweep_ends_what_a_release_before_has_not(
    lab: Lab, made: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.conductor().reconciler.sweep()
    with monkeypatch.context() as before:
        before.setattr(usage, "end", lambda session, resource_id: None)
        operation_id = lab.delete_device(made[0])
        lab.settle(lab.conductor())
    assert [span[2] for span in spans()] == [None, None]
    lab.advance(3600)
    lab.conductor().reconciler.sweep()
    ended = lab.get(models.Operation, operation_id).finished_at
    assert [span[2] for span in spans()] == [ended, ended]


def test_usage_is_kept_for_keep_usage_days_and_no_longer(lab: Lab) -> None:
    day = 86_400 * clock.SECOND
    hour = lab.now - lab.now % (3600 * clock.SECOND)
    sums = {"connections": 1, "bytes_in": 1, "bytes_out": 1}
    with db.writer() as session:
        for age in (399, 401):
            service_id = f"s{age}"
            session.add(
                models.UsageSpan(
                    resource_type="service",
                    resource_id=service_id,
                    device_id="d",
                    project_id="p",
                    vcpus=0,
                    ram_mib=0,
                    slots=1,
                    started_at=1,
                    ended_at=lab.now - age * day,
                )
            )
            session.add(
                models.UsageTraffic(
                    service_id=service_id,
                    hour=hour - age * day,
                    project_id="p",
                    **sums,
                )
            )
            session.add(
                models.UsageCounter(
                    service_id=service_id,
                    boot_id="b",
                    updated_at=lab.now - age * day,
                    **sums,
                )
            )
    lab.conductor().reconciler.sweep()
    with db.reader() as session:
        for column in (
            models.UsageSpan.resource_id,
            models.UsageTraffic.service_id,
            models.UsageCounter.service_id,
        ):
            assert session.scalars(sa.select(column)).all() == ["s399"]
