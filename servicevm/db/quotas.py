"""What a project may have at most, and what it has.

Nothing is reserved and nothing is counted up or down: what is in use is
what the rows of devices and services say, counted where it matters. So no
crash, retry or forgotten release can make a count drift; what failed counts
until it is deleted.

It is exact because whoever takes something holds the project's row in
``quota_holds`` first: the next one waits there, and counts after the commit.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.db import api as db
from servicevm.db import models
from servicevm.errors import QUOTA_EXCEEDED, PermanentError

#: Every quota: name to its unit, where it has one.
QUOTAS: Mapping[str, str] = {
    "devices": "",
    "services": "",
    "vcpus": "",
    "ram": "MiB",
    "slots": "",
}

UNLIMITED = -1

_DEVICES = {
    "devices": sa.func.count(),
    "vcpus": sa.func.coalesce(sa.func.sum(models.Device.vcpus), 0),
    "ram": sa.func.coalesce(sa.func.sum(models.Device.ram_mib), 0),
}
_SERVICES = {
    "services": sa.func.count(),
    "slots": sa.func.coalesce(sa.func.sum(models.Service.slots), 0),
}


def take(
    session: orm.Session,
    project_id: str,
    asked: Mapping[str, int],
    defaults: Mapping[str, int],
) -> None:
    """Make sure that the project may have so much more.

    Called in the transaction that adds the rows, before they are added, and
    before the device is held: the order of the locks.

    :param asked: quota to how much more
    :param defaults: limits of a project without its own
    :raises PermanentError: QUOTA_EXCEEDED, its ``members`` with each quota
    """
    hold(session, project_id)
    allowed = limits(session, [project_id], defaults)[project_id]
    asked = {name: more for name, more in asked.items() if more > 0}
    bounded = [name for name in asked if allowed[name] != UNLIMITED]
    if not bounded:
        return
    used = usage(session, [project_id], bounded)[project_id]
    excesses: list[dict[str, Any]] = [
        {
            "name": name,
            "limit": allowed[name],
            "in_use": used[name],
            "asked": asked[name],
        }
        for name in bounded
        if used[name] + asked[name] > allowed[name]
    ]
    if excesses:
        raise PermanentError(
            QUOTA_EXCEEDED,
            " ".join(_sentence(**one) for one in excesses),
            members={"quotas": excesses},
        )


def hold(session: orm.Session, project_id: str) -> None:
    """Be alone with a project's quotas until the transaction ends.

    :raises oslo_db.exception.DBDuplicateEntry: two were the first ever; the
        caller's `servicevm.db.api.write` does it again
    """
    held = session.execute(
        sa.update(models.QuotaHold)
        .where(models.QuotaHold.project_id == project_id)
        .values(count=models.QuotaHold.count + 1),
        execution_options={"synchronize_session": False},
    )
    if not db.rowcount(held):
        session.execute(
            sa.insert(models.QuotaHold).values(project_id=project_id, count=1)
        )


def limits(
    session: orm.Session,
    project_ids: Sequence[str],
    defaults: Mapping[str, int],
) -> dict[str, dict[str, int]]:
    """Every limit of each project, in one query."""
    found = {one: dict(defaults) for one in project_ids}
    table = models.QuotaLimit
    rows = session.execute(
        sa.select(table.project_id, table.resource, table.limit).where(
            table.project_id.in_(project_ids)
        )
    )
    for project_id, name, limit in rows:
        # A quota that a later release knows is not ours to show.
        if name in found[project_id]:
            found[project_id][name] = limit
    return found


def usage(
    session: orm.Session,
    project_ids: Sequence[str],
    names: Iterable[str] = tuple(QUOTAS),
) -> dict[str, dict[str, int]]:
    """What each project has, in two queries at the most."""
    names = tuple(names)
    found = {one: dict.fromkeys(names, 0) for one in project_ids}
    for model, counts in (
        (models.Device, _DEVICES),
        (models.Service, _SERVICES),
    ):
        wanted = {name: counts[name] for name in names if name in counts}
        if not wanted:
            continue
        owner = model.project_id
        rows = session.execute(
            sa.select(owner, *wanted.values())
            .where(owner.in_(project_ids))
            .group_by(owner)
        )
        for project_id, *values in rows:
            found[project_id] |= {
                name: int(value)
                for name, value in zip(wanted, values, strict=True)
            }
    return found


def projects(
    session: orm.Session,
    *,
    limit: int,
    after: str = "",
    before: str | None = None,
) -> list[str]:
    """Projects with limits of their own, or with something in use.

    :param limit: at most so many, in the order of their ids
    :param after: those behind this one
    :param before: instead, those before this one, the nearest first
    """
    columns = (
        models.QuotaLimit.project_id,
        models.Device.project_id,
        models.Service.project_id,
    )
    every = sa.union(*(sa.select(one.label("id")) for one in columns))
    named = every.subquery()
    query = sa.select(named.c.id).limit(limit)
    if before is None:
        query = query.where(named.c.id > after).order_by(named.c.id)
    else:
        query = query.where(named.c.id < before).order_by(named.c.id.desc())
    return list(session.scalars(query))


def set_limits(
    session: orm.Session, project_id: str, wanted: Mapping[str, int | None]
) -> None:
    """Give a project limits of its own.

    :param wanted: quota to limit; None takes the project's own away
    """
    hold(session, project_id)
    now = db.now(session)
    for name, limit in wanted.items():
        row = session.get(models.QuotaLimit, (project_id, name))
        if limit is None:
            if row is not None:
                session.delete(row)
        elif row is None:
            session.add(
                models.QuotaLimit(
                    project_id=project_id,
                    resource=name,
                    limit=limit,
                    updated_at=now,
                )
            )
        else:
            row.limit, row.updated_at = limit, now
    session.flush()


def _sentence(name: str, limit: int, in_use: int, asked: int) -> str:
    unit = f" {QUOTAS[name]}" if QUOTAS[name] else ""
    return (
        f"Quota {name}: the limit is {limit}{unit}, {in_use}{unit} in use, "
        f"{asked}{unit} more asked for."
    )
