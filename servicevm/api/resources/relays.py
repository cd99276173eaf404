"""``/v1/relays``: the processes that hold the agents' sessions."""

from sqlalchemy import orm

from servicevm.api import parameters
from servicevm.api.method import Call, Json, Resource, method
from servicevm.api.resources import processes
from servicevm.api.schemas import processes as schemas
from servicevm.api.views import processes as views
from servicevm.db import api as db
from servicevm.db import events, listing, models
from servicevm.states import ProcessRole, ResourceType


class Collection(Resource):
    """``/v1/relays``."""

    @method(
        "List relays",
        rule="relay:list",
        response=schemas.RELAYS,
        query=processes.RELAY_QUERY,
        listing=processes.RELAY_LISTING,
    )
    def on_get(self, call: Call) -> Json:
        return processes.page(call, ProcessRole.RELAY, "relays", views.relay)


class Item(Resource):
    """``/v1/relays/{id}``."""

    @method(
        "Show a relay",
        rule="relay:show",
        response=schemas.SHOW_RELAY,
        query=parameters.FIELDS_ONLY,
    )
    def on_get(self, call: Call, id: str) -> Json:
        with db.reader() as session:
            processes.find(session, ProcessRole.RELAY, id)
            return call.show("relay", _shown(session, id))

    @method(
        "Have a relay drained, or no longer; it hears of it in some seconds",
        rule="relay:update",
        request=schemas.UPDATE_RELAY,
        response=schemas.SHOW_RELAY,
    )
    def on_patch(self, call: Call, id: str) -> Json:
        draining = bool(call.body["relay"]["draining"])

        def update(session: orm.Session) -> Json:
            row = processes.find(session, ProcessRole.RELAY, id)
            call.match("relay", lambda: _shown(session, id))
            if row.draining != draining:
                row.draining = draining
                _event(session, call, row)
                session.flush()
            return _shown(session, id)

        return call.show("relay", db.write(update))


def _shown(session: orm.Session, id: str) -> Json:
    """What the relay, which is there, looks like by now."""
    row = listing.one(session, processes.RELAY_LISTING, id)
    return views.relay(row, db.now(session))


def _event(session: orm.Session, call: Call, row: models.Process) -> None:
    events.emit(
        session,
        type="relay.drain" if row.draining else "relay.resume",
        resource_type=ResourceType.RELAY,
        resource_id=row.id,
        project_id=str(call.context.project_id),
        request_id=call.request_id,
        user_id=call.context.user_id,
        facts={"host": row.host},
        message=f"{call.context.user_id} asked the relay {row.name} on "
        f"{row.host} to "
        + (
            "take no new sessions and to let go those that it has."
            if row.draining
            else "take sessions again."
        ),
    )
