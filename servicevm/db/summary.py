"""How many there are of everything, counted by the database.

Two statements, whatever there is: all counts in one, and the templates that
most devices are made of. Each count goes by an index.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.db import failing, models
from servicevm.states import OperationState

#: Most templates that are named.
TEMPLATES = 50

_DEVICE = models.Device
_SERVICE = models.Service
_OPERATION = models.Operation

_GROUPS: Mapping[tuple[str, str], Any] = {
    ("devices", "provisioning_status"): _DEVICE.provisioning_status,
    ("devices", "operating_status"): _DEVICE.operating_status,
    ("services", "provisioning_status"): _SERVICE.provisioning_status,
    ("services", "operating_status"): _SERVICE.operating_status,
    ("services", "service_types"): _SERVICE.service_type,
}
_LIVE = (
    OperationState.PENDING,
    OperationState.RUNNING,
    OperationState.WAITING,
)

Counts = dict[str, int]


def counts(
    session: orm.Session, projects: Sequence[str] | None, since: int
) -> dict[tuple[str, str], Counts]:
    """What is counted (resource, by what) to value to how many.

    Besides devices and services, by their columns, ``operations`` by
    ``state``: those that have not ended, and those that failed. Of devices
    and services, ``failing`` by provisioning status: those that fail in both
    ways, see `failing_of`.

    :param projects: only what belongs to these; None for all
    :param since: microseconds; operations that failed before do not count
    """
    found: dict[tuple[str, str], Counts] = {}
    selects = [
        _count(key, column, *_of(column.class_, projects))
        for key, column in _GROUPS.items()
    ]
    selects += _operations(projects, since)
    selects += _failing(projects)
    rows = session.execute(sa.union_all(*selects))
    for resource, by, value, count in rows:
        found.setdefault((resource, by), {})[value] = count
    return found


def templates(
    session: orm.Session, projects: Sequence[str] | None
) -> Sequence[tuple[str, str, int]]:
    """Id, name and how many devices; those with the most come first."""
    count = sa.func.count().label("count")
    most = (
        sa.select(_DEVICE.template_id, count)
        .where(*_of(_DEVICE, projects))
        .group_by(_DEVICE.template_id)
        .order_by(count.desc(), _DEVICE.template_id)
        .limit(TEMPLATES)
        .subquery()
    )
    template = models.DeviceTemplate
    found = session.execute(
        sa.select(template.id, template.name, most.c.count)
        .join(most, most.c.template_id == template.id)
        .order_by(most.c.count.desc(), template.id)
    )
    return [(row[0], row[1], row[2]) for row in found]


def _count(key: tuple[str, str], column: Any, *where: Any) -> sa.Select[Any]:
    resource, by = (sa.literal(one, sa.String()) for one in key)
    found: sa.Select[Any] = (
        sa.select(resource, by, column, sa.func.count())
        .where(*where)
        .group_by(column)
    )
    return found


def _operations(
    projects: Sequence[str] | None, since: int
) -> Iterator[sa.Select[Any]]:
    """Those that have not ended are few, and so are those of a day."""
    key = ("operations", "state")
    state = _OPERATION.state
    mine = _of(_OPERATION, projects)
    yield _count(key, state, state.in_([str(one) for one in _LIVE]), *mine)
    failed = state == str(OperationState.FAILED)
    yield _count(key, state, failed, _OPERATION.updated_at >= since, *mine)


def _failing(projects: Sequence[str] | None) -> Iterator[sa.Select[Any]]:
    """Those that fail one way are few, and by an index."""
    for model in (_DEVICE, _SERVICE):
        key = (model.__tablename__, "failing")
        where = (failing.twice(model), *_of(model, projects))
        yield _count(key, model.provisioning_status, *where)


def failing_of(counts: Mapping[tuple[str, str], Counts], resource: str) -> int:
    """How many of what `counts` gave fail, each counted once.

    :param resource: ``devices`` or ``services``
    """
    every = sum(
        counts.get((resource, by), {}).get(value, 0)
        for by, values in failing.FAILING.items()
        for value in values
    )
    return every - sum(counts.get((resource, "failing"), {}).values())


def _of(model: Any, projects: Sequence[str] | None) -> list[Any]:
    return [] if projects is None else [model.project_id.in_(projects)]
