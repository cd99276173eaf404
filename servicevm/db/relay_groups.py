"""Relay groups: which one a device uses, and where its relays are.

A group is a name that relays carry (``[relay] group``). One that an operator
has bound to a project has a row and serves that project's devices only; all
others serve whoever uses them.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.conf import DEFAULT_RELAY_GROUP, RELAY_ADDRESS
from servicevm.db import models, processes
from servicevm.errors import RELAY_GROUP_BOUND, PermanentError
from servicevm.states import ProcessRole

__all__ = [
    "DEFAULT",
    "Foreigners",
    "addresses",
    "choose",
    "foreigners",
    "project_of",
]

#: Never bound.
DEFAULT = DEFAULT_RELAY_GROUP
_DIALLED = re.compile(RELAY_ADDRESS)
#: What a relay that listens on every address says: nobody can dial it.
_ANYWHERE = ("0.0.0.0:", "[::]:")

_DEVICE = models.table(models.Device).c
_GROUP = models.table(models.RelayGroup).c
_PROCESS = models.table(models.Process).c
_SESSION = models.table(models.AgentSession).c


def choose(session: orm.Session, project_id: str, named: str) -> str:
    """The group whose relays a device of the project is to use.

    One that is bound to the project: `named`, if that is one of them, else
    the first by name. Of a project without any: `named`, else `DEFAULT`.

    :param named: what the device's template says; "" if it says nothing
    :raises PermanentError: RELAY_GROUP_BOUND: `named` is another project's
    """
    rows = session.execute(
        sa.select(_GROUP.name, _GROUP.project_id).where(
            sa.or_(_GROUP.project_id == project_id, _GROUP.name == named)
        )
    ).all()
    own = sorted(row.name for row in rows if row.project_id == project_id)
    if own:
        return named if named in own else own[0]
    if any(row.project_id is not None for row in rows):
        raise PermanentError(
            RELAY_GROUP_BOUND,
            f"The device template names the relay group {named}, which "
            "serves another project.",
        )
    return named or DEFAULT


def addresses(session: orm.Session, group: str, now: int) -> list[str]:
    """``host:port`` at which agents dial the group's relays.

    Those that are alive first, then those that were heard of within the
    hour: one that is started again just now is wanted, too, as an agent
    keeps the list. Empty where none is alive.
    """
    rows = session.execute(
        sa.select(_PROCESS.address, _PROCESS.last_seen)
        .where(
            _PROCESS.role == str(ProcessRole.RELAY),
            _PROCESS.relay_group == group,
            _PROCESS.address.is_not(None),
        )
        .order_by(_PROCESS.name)
    ).all()
    # An agent can not use a list with anything else in it at all.
    rows = [
        row
        for row in rows
        if _DIALLED.fullmatch(row.address)
        and not row.address.startswith(_ANYWHERE)
    ]
    alive = [row.address for row in rows if processes.is_alive(row, now)]
    if not alive:
        return []
    return list(dict.fromkeys([*alive, *(row.address for row in rows)]))


def project_of(
    group: sa.ColumnElement[str] | str,
) -> sa.ScalarSelect[str | None]:
    """Project that a group is bound to, as part of a query; else NULL."""
    return (
        sa.select(_GROUP.project_id)
        .where(_GROUP.name == group)
        .scalar_subquery()
    )


class Foreigners(NamedTuple):
    """Devices of one other project that a group serves."""

    project_id: str
    devices: int


def foreigners(
    session: orm.Session, group: str, project_id: str
) -> Sequence[Foreigners]:
    """Devices of other projects that use the group's relays, by project.

    Those that record the group, and those without one whose agents are
    connected to its relays right now.
    """
    connected = (
        sa.select(_SESSION.device_id)
        .join(
            models.Process,
            (_PROCESS.role == str(ProcessRole.RELAY))
            & (_PROCESS.name == _SESSION.relay),
        )
        .where(_SESSION.connected, _PROCESS.relay_group == group)
    )
    rows = session.execute(
        sa.select(_DEVICE.project_id, sa.func.count())
        .where(
            _DEVICE.project_id != project_id,
            sa.or_(
                _DEVICE.relay_group == group,
                _DEVICE.relay_group.is_(None) & _DEVICE.id.in_(connected),
            ),
        )
        .group_by(_DEVICE.project_id)
        .order_by(_DEVICE.project_id)
    )
    return [Foreigners(*row) for row in rows]
