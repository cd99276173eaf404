"""What is used, as spans of time: never sampled, never counted up.

A span begins with the row of a device or service and ends with it, in the
same transactions, and so does what is in use of a quota: see
servicevm.db.quotas. Where what it takes changes, one span ends and the next
begins at the same microsecond. Spans outlive what they are about.

`missing` and `left` find what processes of the release before have done, which
write no spans.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.db import api as db
from servicevm.db import models
from servicevm.states import Action, OperationState, ResourceType

__all__ = ["begin", "end", "end_with_operation", "follow", "left", "missing"]

Resource = models.Device | models.Service

_SPAN = models.UsageSpan
_TAKES = ("vcpus", "ram_mib", "slots")
_OPEN = _SPAN.ended_at.is_(None)
#: Model to the type of what it is, and what spans of such take.
_KINDS: Mapping[type[Resource], tuple[ResourceType, tuple[str, ...]]] = {
    models.Device: (ResourceType.DEVICE, ("vcpus", "ram_mib")),
    models.Service: (ResourceType.SERVICE, ("slots",)),
}


def begin(session: orm.Session, row: Resource) -> None:
    """It is used from its creation on; called where its row is added."""
    _begin(session, row, row.created_at)


def follow(session: orm.Session, row: Resource) -> None:
    """Called where the row takes something else than before.

    The device must be held. Where it takes the same, nothing is written.
    """
    found = session.scalars(
        sa.select(_SPAN)
        .where(_SPAN.resource_id == row.id)
        .order_by(_SPAN.started_at.desc())
        .limit(1)
    ).first()
    if found is None:
        _begin(session, row, row.created_at)
        return
    takes = _takes(row)
    if found.ended_at is None and all(
        getattr(found, name) == value for name, value in takes.items()
    ):
        return
    now = max(db.now(session), found.started_at)
    if found.started_at == now:
        # Nothing of it was used yet.
        for name, value in takes.items():
            setattr(found, name, value)
        found.ended_at = None
        return
    if found.ended_at is None:
        found.ended_at = now
    _begin(session, row, found.ended_at)


def end(session: orm.Session, resource_id: str) -> None:
    """Its row is taken away; does nothing where it is not used."""
    _end(session, resource_id, db.now(session))


def end_with_operation(session: orm.Session, resource_id: str) -> None:
    """Its row was taken away and nobody has ended its span.

    It ends with the deletion that took it, to the microsecond, as far as that
    is on record; else now.
    """
    device_id = session.scalar(
        sa.select(_SPAN.device_id)
        .where(_SPAN.resource_id == resource_id, _OPEN)
        .limit(1)
    )
    # A service may have gone with its device.
    for taken in (resource_id, device_id):
        ended = session.scalar(
            sa.select(sa.func.max(models.Operation.finished_at)).where(
                models.Operation.resource_id == taken,
                models.Operation.action == Action.DELETE,
                models.Operation.state == OperationState.SUCCEEDED,
            )
        )
        if ended is not None:
            _end(session, resource_id, ended)
            return
    end(session, resource_id)


def missing(session: orm.Session, limit: int) -> list[tuple[type, str]]:
    """Devices and services that have no span that says what they take.

    :returns: model and id of each
    """
    found: list[tuple[type, str]] = []
    for model, (_, names) in _KINDS.items():
        agrees = [getattr(_SPAN, one) == getattr(model, one) for one in names]
        rows = session.scalars(
            sa.select(model.id)
            .where(
                ~sa.exists().where(
                    _SPAN.resource_id == model.id, _OPEN, *agrees
                )
            )
            .order_by(model.id)
            .limit(limit)
        )
        found += [(model, row_id) for row_id in rows]
    return found


def left(session: orm.Session, limit: int) -> list[tuple[type, str]]:
    """What is no more and has a span that lasts; as `missing`."""
    found: list[tuple[type, str]] = []
    for model, (resource_type, _) in _KINDS.items():
        rows = session.scalars(
            sa.select(_SPAN.resource_id)
            .where(
                _OPEN,
                _SPAN.resource_type == resource_type,
                ~sa.exists().where(model.id == _SPAN.resource_id),
            )
            .order_by(_SPAN.resource_id)
            .limit(limit)
        )
        found += [(model, row_id) for row_id in rows]
    return found


def _takes(row: Resource) -> dict[str, int]:
    names = _KINDS[type(row)][1]
    return {one: getattr(row, one) if one in names else 0 for one in _TAKES}


def _begin(session: orm.Session, row: Resource, at: int) -> None:
    values: dict[str, Any] = (
        {"device_id": row.id, "template_id": row.template_id}
        if isinstance(row, models.Device)
        else {"device_id": row.device_id, "service_type": row.service_type}
    )
    session.execute(
        sa.insert(models.table(_SPAN)).values(
            resource_type=str(_KINDS[type(row)][0]),
            resource_id=row.id,
            project_id=row.project_id,
            resource_name=row.name,
            started_at=at,
            **values,
            **_takes(row),
        )
    )


def _end(session: orm.Session, resource_id: str, at: int) -> None:
    # A clock may have been set back: no span ends before it begins.
    ended = sa.case((_SPAN.started_at > at, _SPAN.started_at), else_=at)
    session.execute(
        sa.update(_SPAN)
        .where(_SPAN.resource_id == resource_id, _OPEN)
        .values(ended_at=ended),
        execution_options={"synchronize_session": False},
    )
