"""``/v1/quotas``: what projects may have at most, and what they have."""

import re
from collections.abc import Sequence

from sqlalchemy import orm

from servicevm.api import parameters
from servicevm.api.encoding import etag
from servicevm.api.method import Call, Json, Resource, method
from servicevm.api.schemas import common
from servicevm.api.schemas import quotas as schemas
from servicevm.api.views import quotas as views
from servicevm.db import api as db
from servicevm.db import events, quotas
from servicevm.db.listing import Page
from servicevm.errors import INVALID_FIELD, NOT_FOUND, PermanentError
from servicevm.states import ResourceType

#: What a caller may write for the id of its own project.
OWN = "own"

_PROJECT_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")
#: What an event has room for; Keystone's ids have 32.
_EVENT_ID = 36


_NAMED = parameters.Parameter(
    common.PROJECT_ID,
    "Those of this project, also where it has and uses nothing; repeat it "
    "for several, at most as many as the limit.",
    True,
)


class Collection(Resource):
    """``/v1/quotas``: projects with limits of their own or things in use."""

    @method(
        "List the quotas of projects that have limits or use something",
        rule="quota:list",
        response=schemas.LIST,
        query={
            **parameters.PAGING,
            **parameters.FIELDS_ONLY,
            "project_id": _NAMED,
        },
    )
    def on_get(self, call: Call) -> Json:
        limit = parameters.limit(call.values, self.runtime.max_limit)
        marker = call.values.get("marker", [""])[0]
        named = call.values.get("project_id", ())
        with db.reader() as session:
            if named:
                page = Page(_named(named, limit), None, None)
            else:
                page = _page(session, limit, marker)
            items = views.render(session, self.runtime.quotas, *page.rows)
        return call.collection("quotas", items, page)


class Defaults(Resource):
    """``/v1/quotas/defaults``."""

    @method(
        "Show the limits of a project that has none of its own",
        rule="quota:show",
        response=schemas.DEFAULTS,
        query=parameters.FIELDS_ONLY,
    )
    def on_get(self, call: Call) -> Json:
        return call.show("quota_defaults", dict(self.runtime.quotas))


class Item(Resource):
    """``/v1/quotas/{project_id}``, also ``own`` for the caller's project."""

    @method(
        "Show a project's limits and what it has in use",
        rule="quota:show",
        response=schemas.SHOW,
        query=parameters.FIELDS_ONLY,
    )
    def on_get(self, call: Call, project_id: str) -> Json:
        project_id = reached(call, project_id)
        with db.reader() as session:
            item = self._item(session, project_id)
        return _show(call, item)

    @method(
        "Give a project limits of its own; null takes one away",
        rule="quota:update",
        request=schemas.UPDATE,
        response=schemas.SHOW,
    )
    def on_patch(self, call: Call, project_id: str) -> Json:
        project_id = _project(call, project_id)
        wanted = call.body["quota"]

        def update(session: orm.Session) -> Json:
            quotas.hold(session, project_id)
            self._match(call, session, project_id)
            quotas.set_limits(session, project_id, wanted)
            _event(session, call, project_id, "update", wanted)
            item = self._item(session, project_id)
            return item

        return _show(call, db.write(update))

    @method(
        "Take a project's own limits away: the defaults hold again",
        rule="quota:delete",
        status=204,
    )
    def on_delete(self, call: Call, project_id: str) -> None:
        project_id = _project(call, project_id)
        nothing = dict.fromkeys(quotas.QUOTAS)

        def delete(session: orm.Session) -> None:
            quotas.hold(session, project_id)
            self._match(call, session, project_id)
            quotas.set_limits(session, project_id, nothing)
            _event(session, call, project_id, "delete", nothing)

        db.write(delete)

    def _item(self, session: orm.Session, project_id: str) -> Json:
        (item,) = views.render(session, self.runtime.quotas, project_id)
        return item

    def _match(
        self, call: Call, session: orm.Session, project_id: str
    ) -> None:
        call.match(
            "quota",
            lambda: _limits_of(self._item(session, project_id)),
        )


def reached(call: Call, project_id: str) -> str:
    """The project's id, if the caller may know of what it has.

    :raises PermanentError: NOT_FOUND
    """
    project_id = _project(call, project_id)
    if not call.reaches(project_id):
        raise _unknown(project_id)
    return project_id


def _project(call: Call, project_id: str) -> str:
    """The project's id.

    :raises PermanentError: NOT_FOUND for what can not be one
    """
    if project_id == OWN:
        return str(call.context.project_id)
    if not _PROJECT_ID.match(project_id):
        raise _unknown(project_id)
    return project_id


def _unknown(project_id: str) -> PermanentError:
    return PermanentError(
        NOT_FOUND, f"There is no project {project_id[:64]} to be seen."
    )


def _named(wanted: Sequence[str], limit: int) -> Sequence[str]:
    """Each project once, in the order in which they are asked for."""
    found = list(dict.fromkeys(wanted))
    sentence = ""
    if not all(map(_PROJECT_ID.match, found)):
        sentence = "It must be the id of a project."
    elif len(found) > limit:
        sentence = f"There can be {limit} at most."
    if sentence:
        raise PermanentError(
            INVALID_FIELD,
            f"The query: project_id: {sentence}",
            fields={"project_id": sentence},
        )
    return found


def _page(session: orm.Session, limit: int, marker: str) -> Page:
    if marker and not _PROJECT_ID.match(marker):
        sentence = "It must be the id of a project."
        raise PermanentError(
            INVALID_FIELD,
            f"The query: marker: {sentence}",
            fields={"marker": sentence},
        )
    ids = quotas.projects(session, limit=limit + 1, after=marker)
    following = ids[limit - 1] if len(ids) > limit else None
    ids = ids[:limit]
    previous = None
    if marker and ids:
        before = quotas.projects(session, limit=limit + 1, before=ids[0])
        if before:
            previous = before[limit] if len(before) > limit else ""
    return Page(ids, following, previous)


def _show(call: Call, item: Json) -> Json:
    # The tag is that of the limits: what is in use changes by itself.
    call.etag = etag("quota", _limits_of(item))
    return {"quota": item}


def _limits_of(item: Json) -> Json:
    return {name: item[name]["limit"] for name in quotas.QUOTAS}


def _event(
    session: orm.Session,
    call: Call,
    project_id: str,
    verb: str,
    wanted: Json,
) -> None:
    said = ", ".join(
        f"{name} to {'the default' if limit is None else limit}"
        for name, limit in sorted(wanted.items())
    )
    events.emit(
        session,
        type=f"quota.{verb}",
        resource_type=ResourceType.QUOTA,
        resource_id=project_id[:_EVENT_ID],
        project_id=project_id,
        request_id=call.request_id,
        user_id=call.context.user_id,
        facts={"limits": wanted},
        message=f"{call.context.user_id} set quotas of project {project_id}: "
        f"{said or 'nothing'}.",
    )
