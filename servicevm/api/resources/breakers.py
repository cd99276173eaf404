"""``/v1/breakers``: where healing stopped, because too much was lost."""

from typing import Any

from sqlalchemy import orm

from servicevm import clock
from servicevm.api import parameters
from servicevm.api.method import Call, Json, Resource, method
from servicevm.api.schemas import breakers as schemas
from servicevm.db import api as db
from servicevm.db import events, listing, models
from servicevm.errors import NOT_FOUND, PermanentError
from servicevm.states import ResourceType

_MODEL = models.Breaker

LISTING = listing.Listing(
    model=_MODEL,
    filters={"name": _MODEL.domain},
    sorts={"name": _MODEL.domain},
    default=("name", False),
    tagged=False,
)

_FILTERS = {"name": parameters.NAME}
#: What an event has room for.
_SHORT_ID = 36


class Collection(Resource):
    """``/v1/breakers``."""

    @method(
        "List where healing stopped, because too much was lost at once",
        rule="breaker:list",
        response=schemas.LIST,
        query=parameters.of_list(LISTING, _FILTERS, owned=False),
        listing=LISTING,
    )
    def on_get(self, call: Call) -> Json:
        query = call.list_query(shared=True)
        with db.reader() as session:
            page = call.page(session, query)
            items = [_render(row) for row in page.rows]
        return call.collection("breakers", items, page)


class Item(Resource):
    """``/v1/breakers/{name}``."""

    @method(
        "Show a breaker of healing",
        rule="breaker:show",
        response=schemas.SHOW,
        query=parameters.FIELDS_ONLY,
    )
    def on_get(self, call: Call, name: str) -> Json:
        with db.reader() as session:
            return call.show("breaker", _shown(session, name))

    @method(
        "Let healing go on where it stopped, or stop it again",
        rule="breaker:update",
        request=schemas.UPDATE,
        response=schemas.SHOW,
    )
    def on_patch(self, call: Call, name: str) -> Json:
        released = bool(call.body["breaker"]["released"])
        window = int(self.runtime.conf.healing.breaker_window * clock.SECOND)

        def update(session: orm.Session) -> Json:
            row = session.get(_MODEL, name, with_for_update=True)
            if row is None:
                raise _missing(name)
            call.match("breaker", lambda: _shown(session, name))
            until = db.now(session) + window if released else None
            if released != (row.released_until is not None):
                _event(session, call, name, released)
            row.released_until = until
            session.flush()
            return _shown(session, name)

        return call.show("breaker", db.write(update))


def _shown(session: orm.Session, name: str) -> Json:
    row = listing.one(session, LISTING, name)
    if row is None:
        raise _missing(name)
    return _render(row)


def _missing(domain: str) -> PermanentError:
    return PermanentError(
        NOT_FOUND,
        f"Healing is not stopped in {domain[:128]}; see 'breaker list'.",
    )


def _render(row: Any) -> Json:
    return {
        "name": row.domain,
        "released": row.released_until is not None,
        "released_until": clock.isoformat(row.released_until),
        "lost": row.lost,
        "devices": row.devices,
        "tripped_at": clock.isoformat(row.tripped_at),
    }


def _event(
    session: orm.Session, call: Call, domain: str, released: bool
) -> None:
    what = "go on" if released else "stop again"
    events.emit(
        session,
        type="breaker.release" if released else "breaker.stop",
        resource_type=ResourceType.BREAKER,
        resource_id=domain[:_SHORT_ID],
        project_id=str(call.context.project_id),
        request_id=call.request_id,
        user_id=call.context.user_id,
        facts={"domain": domain},
        message=f"{call.context.user_id} asked to have healing {what} in "
        f"{domain}.",
    )
