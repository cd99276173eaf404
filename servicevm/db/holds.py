"""Operators' holds: what nothing automatic touches.

A hold is on a device, on all devices of a template or of a project, or on
everything. Of several that cover a device the closest one counts. One that
has expired covers nothing, though the janitor has not come by yet.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm import clock
from servicevm.db import api as db
from servicevm.db import events, models, packed
from servicevm.db.present import present
from servicevm.states import HoldScope, ResourceType

__all__ = [
    "CLOSEST",
    "Held",
    "covering",
    "current",
    "drop",
    "everything",
    "expired",
    "forget",
    "named",
    "of",
    "on",
    "part",
    "tell",
]

#: The scopes, from the closest to a device to the widest.
CLOSEST = (
    HoldScope.DEVICE,
    HoldScope.TEMPLATE,
    HoldScope.PROJECT,
    HoldScope.EVERYTHING,
)

_HOLD = models.table(models.Hold).c


class Held(Protocol):
    """What a hold can cover: a row of a device, or a look at one."""

    @property
    def id(self) -> str: ...
    @property
    def project_id(self) -> str: ...
    @property
    def template_id(self) -> str: ...


def of(session: orm.Session, device: Held) -> models.Hold | None:
    """The hold that covers the device now; the closest of several."""
    found = _read(
        session,
        sa.tuple_(_HOLD.scope, _HOLD.target).in_(list(_keys(device))),
    )
    return _closest(found, device)


def covering(
    session: orm.Session, devices: Collection[Held]
) -> Mapping[str, models.Hold]:
    """The holds that cover these devices now, by the device's id.

    Reads all holds there are, and nothing else, however many devices.
    """
    if not devices:
        return {}
    found = _read(session)
    covered = ((device.id, _closest(found, device)) for device in devices)
    return {key: hold for key, hold in covered if hold is not None}


def everything(session: orm.Session) -> models.Hold | None:
    """The hold on everything, if there is one now.

    What has no row in the database only this one covers.
    """
    found = _read(session, _HOLD.scope == HoldScope.EVERYTHING)
    return next(iter(found.values()), None)


def current(now: Any) -> sa.ColumnElement[bool]:
    """Whether a hold has not expired by `now`, in microseconds."""
    return sa.or_(_HOLD.expires_at.is_(None), _HOLD.expires_at > now)


def part(device: sa.FromClause) -> sa.ColumnElement[Any]:
    """Scope, reason and expiry of the hold on a device, for a listing.

    A look into the index for each scope: one for all of them reads every
    hold for every device on MariaDB.
    """
    targets = {
        HoldScope.DEVICE: device.c.id,
        HoldScope.TEMPLATE: device.c.template_id,
        HoldScope.PROJECT: device.c.project_id,
        HoldScope.EVERYTHING: "",
    }
    return sa.func.coalesce(
        *(
            packed.part(
                packed.array(_HOLD.scope, _HOLD.reason, _HOLD.expires_at),
                device,
                _HOLD.scope == str(scope),
                _HOLD.target == targets[scope],
                current(present()),
            )
            for scope in CLOSEST
        ),
        type_=packed.Packed(),
    )


def on(
    session: orm.Session, scope: HoldScope, target: str
) -> models.Hold | None:
    """The hold on just this; one that has expired is forgotten now.

    Nobody else changes it until the transaction ends.

    :param target: empty where the scope is everything
    """
    hold = session.scalar(
        sa.select(models.Hold)
        .where(_HOLD.scope == str(scope), _HOLD.target == target)
        .with_for_update()
    )
    if hold is not None and forget(session, hold.id):
        session.flush()
        return None
    return hold


def drop(session: orm.Session, scope: HoldScope, target: str) -> None:
    """Forget the hold on what is being deleted, if there is one."""
    session.execute(
        sa.delete(models.Hold).where(
            _HOLD.scope == str(scope), _HOLD.target == target
        )
    )


def expired(session: orm.Session) -> list[str]:
    """Ids of the holds that have expired."""
    return list(
        session.scalars(
            sa.select(_HOLD.id)
            .where(_HOLD.expires_at <= db.now(session))
            .order_by(_HOLD.id)
        )
    )


def forget(session: orm.Session, hold_id: str) -> bool:
    """Drop a hold and tell of it, if it has expired still.

    :returns: whether it had, and no other process was faster
    """
    hold = session.get(models.Hold, hold_id, with_for_update=True)
    if (
        hold is None
        or hold.expires_at is None
        or hold.expires_at > db.now(session)
    ):
        return False
    tell(
        session,
        hold,
        "expired",
        f"The hold on {named(hold)} has expired; its reason was: "
        f"{hold.reason}",
    )
    session.delete(hold)
    return True


def tell(
    session: orm.Session,
    hold: models.Hold,
    verb: str,
    message: str,
    *,
    user_id: str | None = None,
    request_id: str | None = None,
) -> None:
    """Add an event about the hold.

    :param user_id: who asked for it
    """
    events.emit(
        session,
        type=f"hold.{verb}",
        resource_type=ResourceType.HOLD,
        resource_id=hold.id,
        device_id=hold.target if hold.scope == HoldScope.DEVICE else None,
        project_id=hold.project_id,
        facts={
            "scope": hold.scope,
            "target": hold.target or None,
            "reason": hold.reason,
            "expires_at": clock.isoformat(hold.expires_at),
        },
        message=message,
        user_id=user_id,
        request_id=request_id,
    )


def named(hold: models.Hold) -> str:
    """What the hold is on, in a sentence."""
    return f"{hold.scope} {hold.target}".rstrip()


def _read(
    session: orm.Session, *where: sa.ColumnElement[bool]
) -> dict[tuple[str, str], models.Hold]:
    rows = session.scalars(
        sa.select(models.Hold).where(current(db.now(session)), *where)
    )
    return {(row.scope, row.target): row for row in rows}


def _keys(device: Held) -> Iterable[tuple[str, str]]:
    """Scope and target of the holds that cover it, the closest first."""
    targets = {
        HoldScope.DEVICE: device.id,
        HoldScope.TEMPLATE: device.template_id,
        HoldScope.PROJECT: device.project_id,
        HoldScope.EVERYTHING: "",
    }
    return [(str(scope), targets[scope]) for scope in CLOSEST]


def _closest(
    found: Mapping[tuple[str, str], models.Hold], device: Held
) -> models.Hold | None:
    return next(
        (found[key] for key in _keys(device) if key in found),
        None,
    )
