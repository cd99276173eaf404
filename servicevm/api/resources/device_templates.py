"""``/v1/device-templates``: operator-owned definitions of devices.

Templates are shared: every project sees them, so that it can make devices
of them; only administrators change them.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.api import idempotency, parameters, template_check
from servicevm.api.method import Call, Json, Resource, method
from servicevm.api.schemas import device_templates as schemas
from servicevm.api.views import device_templates as views
from servicevm.db import api as db
from servicevm.db import (
    events,
    holds,
    last_names,
    listing,
    models,
    sequence,
)
from servicevm.errors import CONFLICT, IN_USE, NOT_FOUND, PermanentError
from servicevm.states import HoldScope, ResourceType

_MODEL = models.DeviceTemplate

LISTING = listing.Listing(
    model=_MODEL,
    filters={"id": _MODEL.id, "name": _MODEL.name},
    sorts={
        "created_at": _MODEL.seq,
        "updated_at": _MODEL.updated_at,
        "name": _MODEL.name,
    },
    changed=_MODEL.updated_at,
    parts=views.PARTS,
)


_FILTERS = {"id": parameters.ID, "name": parameters.NAME}


class Collection(Resource):
    """``/v1/device-templates``."""

    @method(
        "List device templates",
        rule="device_template:list",
        response=schemas.LIST,
        query=parameters.of_list(LISTING, _FILTERS),
        listing=LISTING,
    )
    def on_get(self, call: Call) -> Json:
        query = call.list_query(shared=True)
        with db.reader() as session:
            page = call.page(session, query)
            items = [views.render(self.runtime, row) for row in page.rows]
        return call.collection("device_templates", items, page)

    @method(
        "Create a device template",
        rule="device_template:create",
        status=201,
        request=schemas.CREATE,
        response=schemas.SHOW,
        idempotent=True,
        tries=True,
    )
    def on_post(self, call: Call) -> Json:
        given = call.body["device_template"]
        spec = {
            key: given.get(key, schemas.DEFAULTS.get(key))
            for key in schemas.SPEC
        }
        template_check.check(self.runtime, spec)

        def create(session: orm.Session) -> Json:
            earlier = idempotency.made_before(session, call)
            if earlier is not None:
                row = session.get(_MODEL, earlier)
                if row is None:
                    raise idempotency.gone(earlier)
                return _shown(session, call, row.id)
            row_id = idempotency.claim(
                session, call, ResourceType.DEVICE_TEMPLATE
            )
            row = _new(session, call, row_id, given)
            row.seq = sequence.next_seq(session, _MODEL)
            session.add(row)
            session.flush()
            _add_revision(session, row, spec)
            listing.set_tags(session, row.id, given.get("tags", ()))
            _event(session, call, row, "create")
            session.flush()
            return _shown(session, call, row.id)

        item = call.write(create)
        call.headers["Location"] = call.url(
            f"/v1/device-templates/{item['id']}"
        )
        return call.show("device_template", item)


class Item(Resource):
    """``/v1/device-templates/{id}``."""

    @method(
        "Show a device template",
        rule="device_template:show",
        response=schemas.SHOW,
        query=parameters.FIELDS_ONLY,
    )
    def on_get(self, call: Call, id: str) -> Json:
        with db.reader() as session:
            row = listing.one(session, LISTING, id)
        if row is None:
            raise _missing(id)
        return call.show("device_template", views.render(self.runtime, row))

    @method(
        "Change a device template; a change of its spec makes a new revision",
        rule="device_template:update",
        request=schemas.UPDATE,
        response=schemas.SHOW,
        tries=True,
    )
    def on_patch(self, call: Call, id: str) -> Json:
        given = call.body["device_template"]
        wanted = {key: given[key] for key in schemas.SPEC if key in given}
        # The driver's look at the spec may take a while, and a writer must
        # not wait: it is checked before, for the revision that was read.
        with db.reader() as session:
            seen = _find(session, id).revision
            old = _spec(session, id, seen)
        spec = old | wanted
        if spec != old:
            template_check.check(self.runtime, spec)

        def update(session: orm.Session) -> Json:
            row = _find(session, id, alone=True)
            call.match(
                "device_template", lambda: _shown(session, call, row.id)
            )
            if wanted and row.revision != seen:
                raise PermanentError(
                    CONFLICT, "Someone else changed the template just now."
                )
            _describe(session, row, given)
            row.updated_at = db.now(session)
            if spec != old:
                row.revision += 1
                _add_revision(session, row, spec)
            _event(session, call, row, "update")
            session.flush()
            return _shown(session, call, row.id)

        return call.show("device_template", call.write(update))

    @method(
        "Delete a device template that no device uses",
        rule="device_template:delete",
        status=204,
    )
    def on_delete(self, call: Call, id: str) -> None:
        def delete(session: orm.Session) -> None:
            row = _find(session, id, alone=True)
            call.match(
                "device_template", lambda: _shown(session, call, row.id)
            )
            users = session.scalar(
                sa.select(sa.func.count())
                .select_from(models.Device)
                .where(models.Device.template_id == row.id)
            )
            if users:
                raise PermanentError(
                    IN_USE, f"{users} of the devices are made of it."
                )
            listing.set_tags(session, row.id, ())
            holds.drop(session, HoldScope.TEMPLATE, row.id)
            _event(session, call, row, "delete")
            session.flush()
            session.delete(row)

        db.write(delete)


def _shown(session: orm.Session, call: Call, template_id: str) -> Json:
    """What the device template looks like by now."""
    row = listing.one(session, LISTING, template_id)
    return views.render(call.runtime, row)


def _find(
    session: orm.Session, template_id: str, *, alone: bool = False
) -> models.DeviceTemplate:
    """The template.

    :param alone: nobody else changes it until the transaction ends
    :raises PermanentError: NOT_FOUND
    """
    row = session.get(_MODEL, template_id, with_for_update=alone or None)
    if row is None:
        raise _missing(template_id)
    return row


def _missing(template_id: str) -> PermanentError:
    return PermanentError(
        NOT_FOUND, f"There is no device template {template_id[:64]}."
    )


def _spec(
    session: orm.Session, template_id: str, revision: int
) -> dict[str, Any]:
    return dict(
        session.get_one(
            models.DeviceTemplateRevision, (template_id, revision)
        ).spec
    )


def _new(
    session: orm.Session, call: Call, row_id: str, given: Json
) -> models.DeviceTemplate:
    now = db.now(session)
    return _MODEL(
        id=row_id,
        project_id=str(call.context.project_id),
        name=given["name"],
        description=given.get("description", ""),
        revision=1,
        properties=given.get("properties", {}),
        created_at=now,
        updated_at=now,
    )


def _describe(
    session: orm.Session, row: models.DeviceTemplate, given: Json
) -> None:
    if given.get("name", row.name) != row.name:
        last_names.take_over(session, row.id, given["name"])
    for key in ("name", "description", "properties"):
        if key in given:
            setattr(row, key, given[key])
    if "tags" in given:
        listing.set_tags(session, row.id, given["tags"])


def _add_revision(
    session: orm.Session, row: models.DeviceTemplate, spec: dict[str, Any]
) -> None:
    session.add(
        models.DeviceTemplateRevision(
            template_id=row.id,
            revision=row.revision,
            spec=spec,
            created_at=row.updated_at,
        )
    )


def _event(
    session: orm.Session, call: Call, row: models.DeviceTemplate, verb: str
) -> None:
    events.emit(
        session,
        type=f"device_template.{verb}",
        resource_type=ResourceType.DEVICE_TEMPLATE,
        resource_id=row.id,
        project_id=row.project_id,
        request_id=call.request_id,
        user_id=call.context.user_id,
        facts={"revision": row.revision},
        message=f"{call.context.user_id} asked to {verb} device template "
        f"{row.name} (revision {row.revision}).",
    )
