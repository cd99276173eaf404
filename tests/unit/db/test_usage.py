"""Spans of usage: they begin, are parted and end with what they are about."""

from typing import Any

import pytest
import sqlalchemy as sa
from oslo_config import cfg
from sqlalchemy import orm

from servicevm import clock
from servicevm.db import api, last_names, models, usage
from tests.unit.db import rows

Spans = list[dict[str, Any]]


@pytest.fixture
def now(
    database: cfg.ConfigOpts, monkeypatch: pytest.MonkeyPatch
) -> dict[str, int]:
    """The time, to be set."""
    told = {"us": 100}
    monkeypatch.setattr(clock, "now_us", lambda: told["us"])
    return told


@pytest.fixture
def there(now: dict[str, int]) -> None:
    """A device with a service on it, both of time 1."""
    with api.writer() as session:
        session.add(rows.template())
        session.flush()
        device = rows.device(vcpus=2, ram_mib=512)
        session.add(device)
        session.flush()
        service = rows.service(slots=3)
        session.add(service)
        session.flush()
        usage.begin(session, device)
        usage.begin(session, service)


def spans(resource_id: str) -> list[tuple[int, int | None, int, int, int]]:
    span = models.UsageSpan
    with api.reader() as session:
        return [
            (row.started_at, row.ended_at, row.vcpus, row.ram_mib, row.slots)
            for row in session.scalars(
                sa.select(span)
                .where(span.resource_id == resource_id)
                .order_by(span.started_at)
            )
        ]


def change(**values: int) -> None:
    def changed(session: orm.Session) -> None:
        device = session.get_one(models.Device, rows.DEVICE)
        for name, value in values.items():
            setattr(device, name, value)
        usage.follow(session, device)

    api.write(changed)


def test_a_device_takes_processors_and_memory_a_service_slots(
    there: None,
) -> None:
    assert spans(rows.DEVICE) == [(1, None, 2, 512, 0)]
    assert spans(rows.SERVICE) == [(1, None, 0, 0, 3)]


def test_another_footprint_ends_one_span_and_begins_the_next_at_once(
    there: None, now: dict[str, int]
) -> None:
    change(vcpus=4)
    now["us"] = 200
    change(ram_mib=1024)
    assert spans(rows.DEVICE) == [
        (1, 100, 2, 512, 0),
        (100, 200, 4, 512, 0),
        (200, None, 4, 1024, 0),
    ]


def test_the_same_footprint_changes_nothing(there: None) -> None:
    change()
    assert spans(rows.DEVICE) == [(1, None, 2, 512, 0)]


def test_two_footprints_in_a_microsecond_are_the_last_one(
    there: None,
) -> None:
    change(vcpus=4)
    change(vcpus=8)
    assert spans(rows.DEVICE) == [(1, 100, 2, 512, 0), (100, None, 8, 512, 0)]


def test_a_clock_that_is_set_back_ends_no_span_before_it_began(
    there: None, now: dict[str, int]
) -> None:
    change(vcpus=4)
    now["us"] = 50
    api.write(lambda session: usage.end(session, rows.DEVICE))
    assert spans(rows.DEVICE)[-1] == (100, 100, 4, 512, 0)


def test_a_span_ends_once(there: None, now: dict[str, int]) -> None:
    for at in (200, 300):
        now["us"] = at
        api.write(lambda session: usage.end(session, rows.SERVICE))
    assert spans(rows.SERVICE) == [(1, 200, 0, 0, 3)]


def test_a_rename_is_the_name_of_what_was_used(there: None) -> None:
    api.write(
        lambda session: last_names.take_over(session, rows.DEVICE, "new")
    )
    with api.reader() as session:
        names = session.scalars(
            sa.select(models.UsageSpan.resource_name).where(
                models.UsageSpan.resource_id == rows.DEVICE
            )
        ).all()
    assert names == ["new"]


def _found(session: orm.Session) -> tuple[list[Any], list[Any]]:
    return usage.missing(session, 10), usage.left(session, 10)


def test_what_agrees_is_neither_missing_nor_left(there: None) -> None:
    with api.reader() as session:
        assert _found(session) == ([], [])


def test_a_row_without_its_span_is_found_and_has_it_from_its_creation(
    there: None,
) -> None:
    with api.writer() as session:
        session.execute(sa.delete(models.UsageSpan))
    with api.reader() as session:
        assert _found(session) == (
            [
                (models.Device, rows.DEVICE),
                (models.Service, rows.SERVICE),
            ],
            [],
        )
    change()
    assert spans(rows.DEVICE) == [(1, None, 2, 512, 0)]


def test_a_footprint_that_nobody_followed_is_found(there: None) -> None:
    with api.writer() as session:
        session.get_one(models.Device, rows.DEVICE).vcpus = 16
    with api.reader() as session:
        assert _found(session) == ([(models.Device, rows.DEVICE)], [])


@pytest.mark.parametrize(
    ("deleted", "ended"),
    [((rows.SERVICE, rows.DEVICE), 40), ((rows.DEVICE,), 60), ((), 100)],
    ids=["own", "with its device", "nothing known"],
)
def test_a_span_without_its_row_ends_with_the_deletion_that_took_it(
    there: None, deleted: tuple[str, ...], ended: int
) -> None:
    times = {rows.SERVICE: 40, rows.DEVICE: 60}
    with api.writer() as session:
        for number, resource_id in enumerate(deleted):
            session.add(
                rows.operation(
                    id=f"o{number}",
                    resource_id=resource_id,
                    action="delete",
                    state="SUCCEEDED",
                    finished_at=times[resource_id],
                )
            )
        session.execute(sa.delete(models.Service))
    with api.reader() as session:
        assert _found(session) == ([], [(models.Service, rows.SERVICE)])
    api.write(lambda session: usage.end_with_operation(session, rows.SERVICE))
    assert spans(rows.SERVICE) == [(1, ended, 0, 0, 3)]
