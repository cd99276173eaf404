"""Which relay holds a device's session."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

import sqlalchemy as sa

from servicevm.db import api as db
from servicevm.db import models, processes
from servicevm.states import ProcessRole

__all__ = ["known", "relay", "relay_of"]

_SESSION = models.AgentSession.__table__

#: The answer to one question that this thread is about to ask.
_KNOWN: ContextVar[tuple[str, str | None] | None] = ContextVar(
    "relay", default=None
)


def relay(device_id: sa.ColumnElement[str]) -> sa.ScalarSelect[str]:
    """Name of the relay, as part of a query with the parameter ``now``.

    NULL where the device has no session, or where its relay was not heard
    of lately: a call to it would only time out.
    """
    now: sa.BindParameter[int] = sa.bindparam("now", type_=sa.BigInteger)
    return (
        sa.select(_SESSION.c.relay)
        .outerjoin(
            models.Process,
            (models.Process.role == str(ProcessRole.RELAY))
            & (models.Process.name == _SESSION.c.relay),
        )
        .where(
            _SESSION.c.device_id == device_id,
            _SESSION.c.connected,
            # One without a row is younger than its first report.
            processes.seen_lately(now) | models.Process.name.is_(None),
        )
        .scalar_subquery()
    )


_RELAY = sa.select(relay(sa.bindparam("device", type_=sa.String)))


def relay_of(device_id: str) -> str | None:
    """Name of the relay; None as `relay` says."""
    told = _KNOWN.get()
    if told is not None and told[0] == device_id:
        # Who asks again wants to know whether the device has moved.
        _KNOWN.set(None)
        return told[1]
    now = db.lately()
    with db.reader() as session:
        found: str | None = session.scalar(
            _RELAY, {"device": device_id, "now": now}
        )
    return found


@contextlib.contextmanager
def known(device_id: str, relay: str | None) -> Iterator[None]:
    """Answer this thread's next `relay_of` with what was just read."""
    before = _KNOWN.set((device_id, relay))
    try:
        yield
    finally:
        _KNOWN.reset(before)
