"""``/v1/relay-groups``: which relays serve which project."""

from collections.abc import Sequence

from sqlalchemy import orm

from servicevm.api import idempotency, parameters
from servicevm.api.encoding import etag
from servicevm.api.method import Call, Json, Resource, method
from servicevm.api.schemas import relay_groups as schemas
from servicevm.api.views import relay_groups as views
from servicevm.db import api as db
from servicevm.db import events, listing, models, relay_groups
from servicevm.errors import CONFLICT, IN_USE, NOT_FOUND, PermanentError
from servicevm.states import ResourceType

_MODEL = models.RelayGroup

LISTING = listing.Listing(
    model=_MODEL,
    filters={"name": _MODEL.name, "project_id": _MODEL.project_id},
    sorts={"name": _MODEL.name},
    default=("name", False),
    tagged=False,
    parts=views.PARTS,
)

_FILTERS = {"name": parameters.NAME, "project_id": parameters.TEXT}
#: What an event, and a note of a request's key, have room for.
_SHORT_ID = 36
#: Projects that a refusal names.
_NAMED = 5


class Collection(Resource):
    """``/v1/relay-groups``."""

    @method(
        "List the relay groups that were created",
        rule="relay_group:list",
        response=schemas.LIST,
        query=parameters.of_list(LISTING, _FILTERS, owned=False),
        listing=LISTING,
    )
    def on_get(self, call: Call) -> Json:
        query = call.list_query(shared=True)
        with db.reader() as session:
            page = call.page(session, query)
            now = db.now(session)
            items = [views.render(row, now) for row in page.rows]
        return call.collection("relay_groups", items, page)

    @method(
        "Create a relay group, bound to a project or not",
        rule="relay_group:create",
        status=201,
        request=schemas.CREATE,
        response=schemas.SHOW,
        idempotent=True,
    )
    def on_post(self, call: Call) -> Json:
        given = call.body["relay_group"]
        name = given["name"]

        def create(session: orm.Session) -> Json:
            if idempotency.made_before(session, call) is not None:
                return _shown(session, call, name)
            if name == relay_groups.DEFAULT:
                raise PermanentError(
                    CONFLICT,
                    f"The relay group {name} is always there, and serves "
                    "every project.",
                )
            if session.get(_MODEL, name) is not None:
                raise PermanentError(
                    CONFLICT, f"There is a relay group {name} already."
                )
            now = db.now(session)
            row = _MODEL(name=name, created_at=now, updated_at=now)
            _change(session, row, {"description": "", **given})
            session.add(row)
            idempotency.remember(
                session, call, ResourceType.RELAY_GROUP, name[:_SHORT_ID]
            )
            _event(session, call, row, "create")
            session.flush()
            return _shown(session, call, name)

        item = db.write(create)
        call.headers["Location"] = call.url(f"/v1/relay-groups/{name}")
        return {"relay_group": item}


class Item(Resource):
    """``/v1/relay-groups/{name}``."""

    @method(
        "Show a relay group",
        rule="relay_group:show",
        response=schemas.SHOW,
        query=parameters.FIELDS_ONLY,
    )
    def on_get(self, call: Call, name: str) -> Json:
        with db.reader() as session:
            return {"relay_group": _shown(session, call, name)}

    @method(
        "Describe a relay group, or bind it to a project; null unbinds it",
        rule="relay_group:update",
        request=schemas.UPDATE,
        response=schemas.SHOW,
    )
    def on_patch(self, call: Call, name: str) -> Json:
        def update(session: orm.Session) -> Json:
            row = _find(session, name)
            _match(call, row)
            _change(session, row, call.body["relay_group"])
            row.updated_at = db.now(session)
            _event(session, call, row, "update")
            session.flush()
            return _shown(session, call, name)

        return {"relay_group": db.write(update)}

    @method(
        "Delete a relay group: its relays serve devices of any project",
        rule="relay_group:delete",
        status=204,
    )
    def on_delete(self, call: Call, name: str) -> None:
        def delete(session: orm.Session) -> None:
            row = _find(session, name)
            _match(call, row)
            _event(session, call, row, "delete")
            session.delete(row)

        db.write(delete)


def _shown(session: orm.Session, call: Call, name: str) -> Json:
    """What the group looks like by now; its ETag is the answer's."""
    row = listing.one(session, LISTING, name)
    if row is None:
        raise _missing(name)
    # What counts devices and relays would change it for no reason.
    call.etag = etag("relay_group", views.said(row))
    return views.render(row, db.now(session))


def _find(session: orm.Session, name: str) -> models.RelayGroup:
    """The group; nobody else changes it until the transaction ends.

    :raises PermanentError: NOT_FOUND
    """
    row = session.get(_MODEL, name, with_for_update=True)
    if row is None:
        raise _missing(name)
    return row


def _missing(name: str) -> PermanentError:
    return PermanentError(
        NOT_FOUND,
        f"There is no relay group {name[:64]}; those that relays only say "
        "need none.",
    )


def _match(call: Call, row: models.RelayGroup) -> None:
    call.match("relay_group", lambda: views.said(row))


def _change(session: orm.Session, row: models.RelayGroup, given: Json) -> None:
    """Write what is given.

    :raises PermanentError: IN_USE: it serves devices of other projects
    """
    row.description = given.get("description", row.description)
    if "project_id" not in given:
        return
    wanted = given["project_id"]
    if wanted is not None and wanted != row.project_id:
        found = relay_groups.foreigners(session, row.name, wanted)
        if found:
            raise PermanentError(IN_USE, _sentence(row.name, found))
    row.project_id = wanted


def _sentence(name: str, found: Sequence[relay_groups.Foreigners]) -> str:
    total = sum(one.devices for one in found)
    named = ", ".join(
        f"{one.project_id} ({one.devices})" for one in found[:_NAMED]
    )
    more = ", ..." if len(found) > _NAMED else ""
    return (
        f"{total} devices of other projects use the relay group {name}: of "
        f"the projects {named}{more}. See 'device list --all-projects "
        f"--relay-group {name}'; delete them, or have a group of another "
        "name for the project."
    )


def _event(
    session: orm.Session, call: Call, row: models.RelayGroup, verb: str
) -> None:
    serves = (
        "any project"
        if row.project_id is None
        else f"project {row.project_id}"
    )
    events.emit(
        session,
        type=f"relay_group.{verb}",
        resource_type=ResourceType.RELAY_GROUP,
        resource_id=row.name[:_SHORT_ID],
        project_id=str(call.context.project_id),
        request_id=call.request_id,
        user_id=call.context.user_id,
        facts={"name": row.name, "group_project_id": row.project_id},
        message=f"{call.context.user_id} asked to {verb} the relay group "
        f"{row.name}, which serves {serves}.",
    )
