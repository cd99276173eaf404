"""The registry of processes: who of this installation says that it lives.

Processes of the api and conductors report by themselves
(`servicevm.db.presence`), relays through a conductor. A name belongs to the
process that began last: one that is started again takes its row at once, with
an id of its own. Where the one before goes on reporting, two have the same
name, and an event says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm import clock
from servicevm.db import api, events
from servicevm.db.models import Event, Process
from servicevm.states import ProcessRole, ResourceType, Severity

__all__ = [
    "ALIVE",
    "FORGET",
    "REPORT_EVERY",
    "Report",
    "Standing",
    "count_alive",
    "forget",
    "is_alive",
    "is_lately",
    "report",
    "seen_lately",
]

#: Seconds between two reports of a process.
REPORT_EVERY = 5.0
#: Microseconds without a report after which a process counts as gone.
ALIVE = 20 * clock.SECOND
#: Microseconds after which its row goes, too.
FORGET = 3600 * clock.SECOND
#: Microseconds that the process before may take to end.
_OVERLAP = 30 * clock.SECOND


@dataclass(frozen=True)
class Report:
    """What a process says of itself.

    :param id: UUID of this run of it; processes that share one are one
    :param started_at: microseconds; None in the first report: now
    :param group: of a relay: its relay group
    :param address: of a relay: ``host:port`` where agents dial it
    :param sessions: of a relay: how many are open
    """

    role: ProcessRole
    name: str
    id: str
    host: str
    version: str
    started_at: int | None = None
    group: str | None = None
    address: str | None = None
    sessions: int | None = None


class Standing(NamedTuple):
    """What a process is told about itself.

    :param draining: an operator asked for that
    :param displaced: a younger process has its name
    """

    draining: bool
    displaced: bool
    started_at: int


def report(session: orm.Session, told: Report) -> Standing:
    """Take note that a process lives; may write an event."""
    now = api.now(session)
    row = session.get(Process, (str(told.role), told.name))
    if row is None:
        row = Process(
            role=str(told.role), name=told.name, id=told.id, draining=False
        )
        row.started_at = _began(told, now)
        session.add(row)
    elif row.id != told.id:
        began = _began(told, now)
        if is_alive(row, now) and began < row.started_at:
            _tell_two(session, row, told, now)
            return Standing(row.draining, True, began)
        row.id, row.started_at = told.id, began
    row.host = told.host
    row.version = told.version
    row.group = told.group
    row.address = told.address
    row.sessions = told.sessions
    row.last_seen = now
    return Standing(row.draining, False, row.started_at)


def is_alive(row: Any, now: int) -> bool:
    """Whether the process was heard of lately.

    :param row: anything with the attributes of `Process`
    """
    return is_lately(row.last_seen, now)


def is_lately(last_seen: int, now: int) -> bool:
    """Whether who was last heard of then counts as alive; microseconds."""
    # Seen in the future: the clock was set back since.
    return abs(now - last_seen) <= ALIVE


def seen_lately(
    now: int | sa.ColumnElement[int],
) -> sa.ColumnElement[bool]:
    """`is_alive` as a condition."""
    return Process.last_seen.between(now - ALIVE, now + ALIVE)


def count_alive(session: orm.Session) -> Mapping[str, int]:
    """Processes that are alive, by role."""
    rows = session.execute(
        sa.select(Process.role, sa.func.count())
        .where(seen_lately(api.now(session)))
        .group_by(Process.role)
    )
    return {role: count for role, count in rows}


def forget(session: orm.Session) -> None:
    """Drop the rows of processes that were not heard of for an hour."""
    session.execute(
        sa.delete(Process).where(Process.last_seen < api.now(session) - FORGET)
    )


def _began(told: Report, now: int) -> int:
    return now if told.started_at is None else told.started_at


def _tell_two(
    session: orm.Session, row: Process, told: Report, now: int
) -> None:
    """Write, once for each displaced process, that its name is taken."""
    if now - row.started_at < _OVERLAP:
        return  # it may be about to end, or its report was long under way
    type_ = f"{told.role}.duplicate_name"
    known = sa.exists().where(
        Event.resource_id == told.id, Event.type == type_
    )
    if session.scalar(sa.select(known)):
        return
    events.emit(
        session,
        type=type_,
        severity=Severity.WARNING,
        resource_type=ResourceType(str(told.role)),
        resource_id=told.id,
        # Nobody's: shown to those who list the events of all projects.
        project_id="",
        facts={"hosts": [row.host, told.host]},
        message=f"Two processes are the {told.role} {told.name}: one on "
        f"{row.host} since {clock.isoformat(row.started_at)}, which is "
        f"listed, and one on {told.host} since "
        f"{clock.isoformat(told.started_at)}. Give one another name: "
        f"[{told.role}] name.",
    )
