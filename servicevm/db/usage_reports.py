"""What was used in a period, summed up: by projects, and of what they have.

Time is what the spans have in common with the period, in microseconds, and
traffic that of the hours that begin in it. Periods that follow each other have
everything once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.db import api as db
from servicevm.db import models
from servicevm.db.traffic import COUNTERS
from servicevm.states import ResourceType

__all__ = [
    "Period",
    "Used",
    "latest_spans",
    "of_projects",
    "of_resources",
    "projects",
    "resources",
]

_SPAN = models.table(models.UsageSpan).c
_TRAFFIC = models.table(models.UsageTraffic).c


class Period(NamedTuple):
    """From `start` on and until before `end`, in microseconds."""

    start: int
    end: int


@dataclass
class Used:
    """What was used: times in microseconds, and what was taken meanwhile.

    ``ram_mib`` is MiB times microseconds, and so are the others.
    """

    devices: int = 0
    services: int = 0
    vcpus: int = 0
    ram_mib: int = 0
    slots: int = 0
    traffic: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(COUNTERS, 0)
    )


def projects(
    session: orm.Session,
    period: Period,
    *,
    only: Sequence[str] | None = None,
    limit: int,
    after: str = "",
    before: str | None = None,
) -> list[str]:
    """Projects that used something, in the order of their ids.

    :param only: of these; None for all
    :param limit: at most so many
    :param after: those behind this one
    :param before: instead, those before this one, the nearest first
    """
    return _some(_SPAN.project_id, _TRAFFIC.project_id, period, only).page(
        session, limit, after, before
    )


def resources(
    session: orm.Session,
    period: Period,
    *,
    only: Sequence[str] | None = None,
    limit: int,
    after: str = "",
    before: str | None = None,
) -> list[str]:
    """Ids of devices and services that were used; as `projects`.

    :param only: of these projects; None for all
    """
    return _some(_SPAN.resource_id, _TRAFFIC.service_id, period, only).page(
        session, limit, after, before
    )


def of_projects(
    session: orm.Session, project_ids: Sequence[str], period: Period
) -> dict[str, Used]:
    """The use of each project, in two queries."""
    return _used(
        session, _SPAN.project_id, _TRAFFIC.project_id, project_ids, period
    )


def of_resources(
    session: orm.Session, resource_ids: Sequence[str], period: Period
) -> dict[str, Used]:
    """The use of each device and service, in two queries."""
    return _used(
        session, _SPAN.resource_id, _TRAFFIC.service_id, resource_ids, period
    )


def latest_spans(
    session: orm.Session, resource_ids: Sequence[str]
) -> Mapping[str, tuple[Any, int]]:
    """The last span of each, and when its first one began."""
    ends = (
        sa.select(
            _SPAN.resource_id,
            sa.func.min(_SPAN.started_at).label("first"),
            sa.func.max(_SPAN.started_at).label("last"),
        )
        .where(_SPAN.resource_id.in_(resource_ids))
        .group_by(_SPAN.resource_id)
        .subquery()
    )
    rows = session.execute(
        sa.select(*_SPAN, ends.c.first).join(
            ends,
            (_SPAN.resource_id == ends.c.resource_id)
            & (_SPAN.started_at == ends.c.last),
        )
    )
    return {row.resource_id: (row, int(row.first)) for row in rows}


def _used(
    session: orm.Session,
    owner: sa.ColumnElement[str],
    booked: sa.ColumnElement[str],
    ids: Sequence[str],
    period: Period,
) -> dict[str, Used]:
    found = {one: Used() for one in ids}
    # What still lasts has been used until now, not until the period ends.
    until = max(min(period.end, db.now(session)), period.start)
    begun = sa.case(
        (_SPAN.started_at < period.start, period.start),
        else_=_SPAN.started_at,
    )
    ended = sa.case(
        (_SPAN.ended_at < until, _SPAN.ended_at),
        else_=until,
    )
    # Multiplied here: MiB times microseconds are more than 64 bits hold.
    taken = (_SPAN.resource_type, _SPAN.vcpus, _SPAN.ram_mib, _SPAN.slots)
    for one, kind, vcpus, ram_mib, slots, lasted in session.execute(
        sa.select(owner, *taken, sa.func.sum(ended - begun))
        .where(owner.in_(ids), *_during(Period(period.start, until)))
        .group_by(owner, *taken)
    ):
        used, time = found[one], int(lasted)
        if kind == ResourceType.DEVICE:
            used.devices += time
        else:
            used.services += time
        used.vcpus += vcpus * time
        used.ram_mib += ram_mib * time
        used.slots += slots * time
    for one, *sums in session.execute(
        sa.select(booked, *_sums())
        .where(booked.in_(ids), *_hours(period))
        .group_by(booked)
    ):
        for number, name in enumerate(COUNTERS):
            high, low = sums[2 * number : 2 * number + 2]
            found[one].traffic[name] = int(high) * _HALF + int(low)
    return found


#: SQLite's sum() fails above 64 bits: its two halves are summed.
_HALF = 2**32


def _sums() -> list[sa.ColumnElement[int]]:
    found: list[sa.ColumnElement[int]] = []
    for name in COUNTERS:
        low = _TRAFFIC[name] % _HALF
        found += [
            sa.func.sum((_TRAFFIC[name] - low) // _HALF),
            sa.func.sum(low),
        ]
    return found


def _during(period: Period) -> list[sa.ColumnElement[bool]]:
    return [
        _SPAN.started_at < period.end,
        _SPAN.ended_at.is_(None) | (_SPAN.ended_at > period.start),
    ]


def _hours(period: Period) -> list[sa.ColumnElement[bool]]:
    return [_TRAFFIC.hour >= period.start, _TRAFFIC.hour < period.end]


class _Ids:
    """Each once, in their order."""

    def __init__(self, *selects: sa.Select[Any]) -> None:
        self._id = sa.union(*selects).subquery().c.id

    def page(
        self,
        session: orm.Session,
        limit: int,
        after: str,
        before: str | None,
    ) -> list[str]:
        query = sa.select(self._id).limit(limit)
        if before is None:
            query = query.where(self._id > after).order_by(self._id)
        else:
            query = query.where(self._id < before).order_by(self._id.desc())
        return list(session.scalars(query))


def _some(
    owner: sa.ColumnElement[str],
    booked: sa.ColumnElement[str],
    period: Period,
    only: Sequence[str] | None,
) -> _Ids:
    """Owners of spans and of traffic in the period."""
    spans = sa.select(owner.label("id")).where(*_during(period))
    traffic = sa.select(booked.label("id")).where(*_hours(period))
    if only is not None:
        spans = spans.where(_SPAN.project_id.in_(only))
        traffic = traffic.where(_TRAFFIC.project_id.in_(only))
    return _Ids(spans, traffic)
