"""What conductors, relays and api processes have in common."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.api import parameters
from servicevm.api.method import Call, Json
from servicevm.api.parameters import Parameter
from servicevm.api.views import processes as views
from servicevm.db import api as db
from servicevm.db import listing, models, processes
from servicevm.errors import NOT_FOUND, PermanentError
from servicevm.states import ProcessRole

_MODEL = models.Process

_SORTS = {
    "name": _MODEL.name,
    "host": _MODEL.host,
    "started_at": _MODEL.started_at,
}
_ALIVE = Parameter(
    parameters.BOOLEAN, "Only those that are alive, or that are not."
)

LISTING = listing.Listing(
    model=_MODEL,
    filters={"name": _MODEL.name, "host": _MODEL.host},
    sorts=_SORTS,
    default=("name", False),
    tagged=False,
)
QUERY = parameters.of_list(
    LISTING,
    {
        "name": parameters.NAME,
        "host": parameters.TEXT,
        "alive": _ALIVE,
    },
    owned=False,
)

RELAY_LISTING = replace(
    LISTING,
    filters={**LISTING.filters, "group": _MODEL.group},
    parts=views.RELAY_PARTS,
)
RELAY_QUERY = {**QUERY, "group": parameters.TEXT}

View = Callable[[Any, int], Json]


def page(call: Call, role: ProcessRole, name: str, view: View) -> Json:
    """A page of the processes of a role.

    :param name: key of the list in the answer
    """
    with db.reader() as session:
        now = db.now(session)
        where: list[Any] = [_MODEL.role == str(role)]
        if "alive" in call.values:
            lately = processes.seen_lately(now)
            alive = parameters.boolean(call.values, "alive")
            where.append(lately if alive else sa.not_(lately))
        query = replace(call.list_query(shared=True), where=where)
        found = call.page(session, query)
        items = [view(row, now) for row in found.rows]
    return call.collection(name, items, found)


def find(session: orm.Session, role: ProcessRole, id: str) -> models.Process:
    """The process of a role with this id.

    :raises PermanentError: NOT_FOUND
    """
    row = session.scalars(
        sa.select(_MODEL).where(_MODEL.role == str(role), _MODEL.id == id)
    ).first()
    if row is None:
        raise PermanentError(
            NOT_FOUND,
            f"There is no {role} {id[:64]}; one that was started again has "
            "another id.",
        )
    return row


def show(call: Call, role: ProcessRole, id: str, view: View) -> Json:
    """One process in its envelope."""
    with db.reader() as session:
        row = find(session, role, id)
        return call.show(str(role), view(row, db.now(session)))
