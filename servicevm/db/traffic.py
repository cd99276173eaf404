"""What services have had in traffic, out of totals that only grow.

A device tells each service's totals since its last boot, again and again. What
is above the highest totals that were told of a service and boot is new, and
is added to the present hour in the same transaction. So totals may be lost,
come twice, late or in any order, and may be written twice: the sum is that of
the highest totals of all boots.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from oslo_log import log
from sqlalchemy import orm
from sqlalchemy.dialects import mysql, postgresql, sqlite

from servicevm import clock
from servicevm.db import api as db
from servicevm.db import models

__all__ = ["COUNTERS", "HOUR", "MAX_TOTAL", "Told", "add", "grown"]

LOG = log.getLogger(__name__)

COUNTERS = ("connections", "bytes_in", "bytes_out")
#: Microseconds.
HOUR = 3600 * clock.SECOND
#: Highest total of a boot that is believed: as far as JSON's numbers go. With
#: `MAX_BOOTS` of them an hour's sum fits 64 bits.
MAX_TOTAL = 2**53
#: Boots of a service that are known; of more the one that told nothing for
#: longest is forgotten, unless it has told something within a day.
MAX_BOOTS = 1000
_LATELY = 24 * HOUR

Totals = Mapping[str, int]
Key = tuple[str, str]


class Told(NamedTuple):
    """What a device told of one of its services.

    :param totals: each of `COUNTERS`, since that boot
    """

    device_id: str
    service_id: str
    boot_id: str
    totals: Totals


def grown(known: Totals, told: Totals) -> dict[str, int]:
    """What is new in `told`, counter by counter; never less than nothing."""
    return {name: max(told[name] - known.get(name, 0), 0) for name in COUNTERS}


def add(session: orm.Session, told: Sequence[Told]) -> int:
    """Count what is new, in the hour that it is now.

    Of a service that its device has or had. A few statements, however much is
    told.

    :returns: rows that had something new
    """
    projects = _projects(session, told)
    highest: dict[Key, dict[str, int]] = {}
    for one in told:
        if (one.service_id, one.device_id) in projects:
            key = (one.service_id, one.boot_id)
            known = highest.setdefault(key, dict.fromkeys(COUNTERS, 0))
            for name in COUNTERS:
                total = min(one.totals[name], MAX_TOTAL)
                known[name] = max(known[name], total)
    present = _counted(session, highest)
    news = {
        key: new
        for key, totals in sorted(highest.items())
        if any((new := grown(present.get(key, {}), totals)).values())
    }
    now = db.now(session)
    refused = _make_room(session, set(news) - set(present), now)
    news = {key: new for key, new in news.items() if key not in refused}
    if news:
        _keep(session, news, present, now)
        owners = {service: owner for (service, _), owner in projects.items()}
        _book(session, news, owners, now - now % HOUR)
    return len(news)


_SPAN = models.table(models.UsageSpan)
_COUNTER = models.table(models.UsageCounter)
_TRAFFIC = models.table(models.UsageTraffic)


def _projects(
    session: orm.Session, told: Iterable[Told]
) -> dict[tuple[str, str], str]:
    """Service and device to whose they are, or were."""
    span = _SPAN.c
    rows = session.execute(
        sa.select(span.resource_id, span.device_id, span.project_id)
        .where(span.resource_id.in_({one.service_id for one in told}))
        .distinct()
    )
    return {(row[0], row[1]): row[2] for row in rows}


def _counted(
    session: orm.Session, keys: Iterable[Key]
) -> dict[Key, dict[str, int]]:
    """The highest totals that are on record, held until the commit."""
    columns = [_COUNTER.c[name] for name in COUNTERS]
    wanted = set(keys)
    rows = session.execute(
        sa.select(_COUNTER.c.service_id, _COUNTER.c.boot_id, *columns)
        .where(
            _COUNTER.c.service_id.in_({key[0] for key in wanted}),
            _COUNTER.c.boot_id.in_({key[1] for key in wanted}),
        )
        .order_by(_COUNTER.c.service_id, _COUNTER.c.boot_id)
        .with_for_update()
    )
    return {
        (row[0], row[1]): dict(zip(COUNTERS, row[2:], strict=True))
        for row in rows
    }


def _make_room(session: orm.Session, new: set[Key], now: int) -> set[Key]:
    """Forget boots of long ago; a guest may invent as many as it likes.

    :returns: those of the new ones for which there is none
    """
    full = session.scalars(
        sa.select(_COUNTER.c.service_id)
        .where(_COUNTER.c.service_id.in_({key[0] for key in new}))
        .group_by(_COUNTER.c.service_id)
        .having(sa.func.count() >= MAX_BOOTS)
    ).all()
    refused: set[Key] = set()
    for service_id in sorted(full):
        of_service = _COUNTER.c.service_id == service_id
        oldest = session.execute(
            sa.select(_COUNTER.c.boot_id, _COUNTER.c.updated_at)
            .where(of_service)
            .order_by(_COUNTER.c.updated_at)
            .limit(1)
        ).one()
        if oldest.updated_at > now - _LATELY:
            LOG.warning(
                "Service %s told of more than %d boots within a day.",
                service_id,
                MAX_BOOTS,
            )
            refused |= {key for key in new if key[0] == service_id}
            continue
        session.execute(
            sa.delete(_COUNTER).where(
                of_service, _COUNTER.c.boot_id == oldest.boot_id
            )
        )
    return refused


def _keep(
    session: orm.Session,
    news: Mapping[Key, Totals],
    present: Mapping[Key, Totals],
    now: int,
) -> None:
    """Put the highest totals on record."""
    rows: dict[Key, dict[str, Any]] = {
        key: {
            "service_id": key[0],
            "boot_id": key[1],
            "updated_at": now,
            **new,
        }
        for key, new in news.items()
    }
    known = [row for key, row in rows.items() if key in present]
    if known:
        _add_to(session, _COUNTER, known)
    unknown = [row for key, row in rows.items() if key not in present]
    if unknown:
        # Not added to what another has put there meanwhile: it may have been
        # told the same. `servicevm.db.api.write` then does all of it again.
        session.connection().execute(sa.insert(_COUNTER), unknown)


def _book(
    session: orm.Session,
    news: Mapping[Key, Totals],
    owners: Mapping[str, str],
    hour: int,
) -> None:
    """Add what is new to the hour."""
    sums: dict[str, dict[str, int]] = {}
    for (service_id, _), new in news.items():
        so_far = sums.setdefault(service_id, dict.fromkeys(COUNTERS, 0))
        for name in COUNTERS:
            so_far[name] += new[name]
    rows: list[dict[str, Any]] = [
        {"service_id": one, "hour": hour, "project_id": owners[one], **more}
        for one, more in sums.items()
    ]
    _add_to(session, _TRAFFIC, rows)


def _add_to(
    session: orm.Session, table: sa.Table, rows: Sequence[dict[str, Any]]
) -> None:
    """Insert rows; to the counters of those that are there, add.

    PyMySQL sends such inserts together, and updates one by one: of 10,000
    rows that is a fifth of the time.
    """
    dialect = session.get_bind().dialect.name
    adding: Any
    if dialect == "mysql":
        replacing = mysql.insert(table)
        adding = replacing.on_duplicate_key_update(
            _changes(table, replacing.inserted)
        )
    else:
        kind = postgresql if dialect == "postgresql" else sqlite
        inserting = kind.insert(table)
        adding = inserting.on_conflict_do_update(
            index_elements=list(table.primary_key.columns),
            set_=_changes(table, inserting.excluded),
        )
    session.connection().execute(adding, rows)


def _changes(table: sa.Table, told: Any) -> dict[str, Any]:
    """Sums of what is there and what is told; all else is as told."""
    return {
        column.name: column + told[column.name]
        if column.name in COUNTERS
        else told[column.name]
        for column in table.columns
        if not column.primary_key
    }
