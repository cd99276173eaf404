"""``/v1/holds``: what operators want nothing automatic to touch."""

import dataclasses
from typing import Any, NoReturn

from oslo_utils import uuidutils
from sqlalchemy import orm

from servicevm import clock
from servicevm.api import idempotency, parameters, validation
from servicevm.api.method import Call, Json, Resource, method
from servicevm.api.schemas import holds as schemas
from servicevm.api.views import holds as views
from servicevm.db import api as db
from servicevm.db import holds, listing, models
from servicevm.db.locks import lock_device
from servicevm.errors import NOT_FOUND, PermanentError
from servicevm.states import HoldScope, ResourceType

_MODEL = models.Hold

LISTING = listing.Listing(
    model=_MODEL,
    filters={
        "id": _MODEL.id,
        "scope": _MODEL.scope,
        "target": _MODEL.target,
    },
    sorts={"created_at": _MODEL.created_at, "updated_at": _MODEL.updated_at},
    changed=_MODEL.updated_at,
    tagged=False,
    unseen=(_MODEL.project_id,),
    parts=views.PARTS,
)

_FILTERS = {
    "id": parameters.ID,
    "scope": parameters.one_of(list(HoldScope), "scope"),
    "target": parameters.TEXT,
}

#: Field of a request that says what to hold, to the scope.
_SCOPES = {
    "device_id": HoldScope.DEVICE,
    "template_id": HoldScope.TEMPLATE,
    "project_id": HoldScope.PROJECT,
    "everything": HoldScope.EVERYTHING,
}


class Collection(Resource):
    """``/v1/holds``."""

    @method(
        "List the holds that have not expired",
        rule="hold:list",
        response=schemas.LIST,
        query=parameters.of_list(LISTING, _FILTERS, owned=False),
        listing=LISTING,
    )
    def on_get(self, call: Call) -> Json:
        query = call.list_query(shared=True)
        with db.reader() as session:
            current = holds.current(db.now(session))
            query = dataclasses.replace(query, where=[current])
            page = call.page(session, query)
            items = [views.render(row) for row in page.rows]
        return call.collection("holds", items, page)

    @method(
        "Hold a device, a template's or project's devices, or everything; "
        "what is held gets the new reason and expiry",
        rule="hold:set",
        status=(201, 200),
        request=schemas.CREATE,
        response=schemas.SHOW,
        idempotent=True,
    )
    def on_post(self, call: Call) -> Json:
        given = call.body["hold"]
        field = _field(given)
        expires_at = _time(given.get("expires_at"))

        def set_(session: orm.Session) -> Json:
            call.status = 201
            earlier = idempotency.made_before(session, call)
            if earlier is not None:
                return _shown(session, earlier)
            target, project_id = _target(session, call, field, given)
            now = db.now(session)
            if expires_at is not None and expires_at <= now:
                _refuse("expires_at", "It must be in the future.")
            row = holds.on(session, _SCOPES[field], target)
            if row is None:
                row = _MODEL(
                    id=uuidutils.generate_uuid(),
                    scope=str(_SCOPES[field]),
                    target=target,
                    created_at=now,
                )
                session.add(row)
            else:
                call.status = 200
            row.project_id = project_id
            row.user_id = str(call.context.user_id)
            row.reason = given["reason"]
            row.updated_at = now
            row.expires_at = expires_at
            session.flush()
            idempotency.remember(session, call, ResourceType.HOLD, row.id)
            _event(session, call, row, "set")
            session.flush()
            return _shown(session, row.id)

        item = db.write(set_)
        call.headers["Location"] = call.url(f"/v1/holds/{item['id']}")
        return call.show("hold", item)


class Item(Resource):
    """``/v1/holds/{id}``."""

    @method(
        "Show a hold",
        rule="hold:show",
        response=schemas.SHOW,
        query=parameters.FIELDS_ONLY,
    )
    def on_get(self, call: Call, id: str) -> Json:
        with db.reader() as session:
            return call.show("hold", _shown(session, id))

    @method(
        "Take a hold away",
        rule="hold:unset",
        status=204,
    )
    def on_delete(self, call: Call, id: str) -> None:
        def unset(session: orm.Session) -> None:
            row: models.Hold = _found(
                session, session.get(_MODEL, id, with_for_update=True), id
            )
            call.match("hold", lambda: _shown(session, id))
            _event(session, call, row, "unset")
            session.delete(row)

        db.write(unset)


def _shown(session: orm.Session, hold_id: str) -> Json:
    """What the hold looks like by now.

    :raises PermanentError: NOT_FOUND
    """
    row = listing.one(session, LISTING, hold_id)
    return views.render(_found(session, row, hold_id))


def _found(session: orm.Session, row: Any, hold_id: str) -> Any:
    """The row, with its ``expires_at``, unless it is none or has expired.

    :raises PermanentError: NOT_FOUND
    """
    if row is None or (
        row.expires_at is not None and row.expires_at <= db.now(session)
    ):
        raise PermanentError(
            NOT_FOUND,
            f"There is no hold {hold_id[:64]}; it may have expired.",
        )
    return row


def _field(given: Json) -> str:
    """The field that says what is to be held.

    :raises PermanentError: INVALID_FIELD, if it is not exactly one
    """
    found = [field for field in _SCOPES if field in given]
    if len(found) != 1:
        validation.refuse(
            {"$.hold": f"It must have one of: {', '.join(_SCOPES)}."},
            "The body",
        )
    return found[0]


def _time(text: str | None) -> int | None:
    """Microseconds; None for never.

    :raises PermanentError: INVALID_FIELD
    """
    if text is None:
        return None
    try:
        return clock.parse_iso(text)
    except (ValueError, OverflowError):
        _refuse(
            "expires_at",
            "It must be an ISO 8601 time, e.g. 2026-12-01T18:00:00Z.",
        )


def _target(
    session: orm.Session, call: Call, field: str, given: Json
) -> tuple[str, str]:
    """What is to be held, and the project whose events tell of that.

    Nobody else deletes it until the transaction ends.

    :raises PermanentError: INVALID_FIELD, if it is not there
    """
    match _SCOPES[field]:
        case HoldScope.EVERYTHING:
            return "", str(call.context.project_id)
        case HoldScope.PROJECT:
            return given[field], given[field]
        case HoldScope.DEVICE:
            target = given[field].lower()
            lock_device(session, target)
            row: Any = session.get(models.Device, target)
        case HoldScope.TEMPLATE:
            target = given[field].lower()
            row = session.get(
                models.DeviceTemplate, target, with_for_update=True
            )
    if row is None:
        noun = "device" if field == "device_id" else "device template"
        _refuse(field, f"There is no {noun} {target}.")
    return target, row.project_id


def _refuse(field: str, sentence: str) -> NoReturn:
    validation.refuse({f"$.hold.{field}": sentence}, "The body")


def _event(
    session: orm.Session, call: Call, row: models.Hold, verb: str
) -> None:
    said = f": {row.reason}" if verb == "set" else ""
    holds.tell(
        session,
        row,
        verb,
        f"{call.context.user_id} asked to {verb} the hold on "
        f"{holds.named(row)}{said}",
        request_id=call.request_id,
        user_id=call.context.user_id,
    )
