"""``/v1/usage``: what projects have used in a period."""

import datetime
from collections.abc import Callable, Sequence
from functools import partial
from typing import NoReturn

from sqlalchemy import orm

from servicevm import clock
from servicevm.api import parameters, validation
from servicevm.api.method import Call, Json, Resource, method
from servicevm.api.resources import quotas
from servicevm.api.schemas import usage as schemas
from servicevm.api.views import usage as views
from servicevm.db import api as db
from servicevm.db import usage_reports
from servicevm.db.listing import Page
from servicevm.db.usage_reports import Period

_TIME = {"type": "string", "format": "date-time"}
_PERIOD = {
    "start": parameters.Parameter(
        _TIME,
        "From this time on; if not given, from the beginning of the month "
        "(UTC) that the end is in.",
    ),
    "end": parameters.Parameter(
        _TIME, "Until before this time; if not given, until now."
    ),
}
_LIST = {
    **parameters.PAGING,
    **parameters.FIELDS_ONLY,
    **parameters.PROJECTS,
    **_PERIOD,
}


class Collection(Resource):
    """``/v1/usage``: a sum for each project."""

    @method(
        "List what projects have used in a period",
        rule="usage:list",
        response=schemas.LIST,
        query=_LIST,
    )
    def on_get(self, call: Call) -> Json:
        named = call.projects()
        with db.reader() as session:
            period = _period(session, call)
            some = partial(usage_reports.projects, session, period, only=named)
            page = _page(call, some)
            used = usage_reports.of_projects(session, page.rows, period)
        items = [views.project(one, period, used[one]) for one in page.rows]
        return call.collection("usage", items, page)


class Item(Resource):
    """``/v1/usage/{project_id}``, also ``own`` for the caller's project."""

    @method(
        "Show what a project has used in a period",
        rule="usage:show",
        response=schemas.SHOW,
        query={**parameters.FIELDS_ONLY, **_PERIOD},
    )
    def on_get(self, call: Call, project_id: str) -> Json:
        project_id = quotas.reached(call, project_id)
        with db.reader() as session:
            period = _period(session, call)
            used = usage_reports.of_projects(session, [project_id], period)
        # Without a tag: it grows by itself.
        return {"usage": views.project(project_id, period, used[project_id])}


class Resources(Resource):
    """``/v1/usage/resources``: a sum for each device and service."""

    @method(
        "List which devices and services were used in a period",
        rule="usage:list",
        response=schemas.RESOURCES,
        query=_LIST,
    )
    def on_get(self, call: Call) -> Json:
        named = call.projects()
        with db.reader() as session:
            period = _period(session, call)
            some = partial(
                usage_reports.resources, session, period, only=named
            )
            page = _page(call, some)
            spans = usage_reports.latest_spans(session, page.rows)
            used = usage_reports.of_resources(session, page.rows, period)
        items = [
            views.resource(*spans[one], period, used[one])
            for one in page.rows
            # Traffic may be told after the last span was forgotten.
            if one in spans
        ]
        return call.collection("usage_resources", items, page)


def _period(session: orm.Session, call: Call) -> Period:
    """What is asked for, or this month.

    :raises PermanentError: INVALID_FIELD
    """
    given = {
        name: call.values[name][0] for name in _PERIOD if name in call.values
    }
    end = clock.parse_iso(given["end"]) if "end" in given else db.now(session)
    if end <= 0:
        _refuse("end", "Nothing was used before 1970.")
    if "start" in given:
        start = clock.parse_iso(given["start"])
    else:
        start = _month(end - 1)
    if start >= end:
        _refuse("start", "The period must begin before it ends.")
    return Period(start, end)


def _month(at: int) -> int:
    """When the month began."""
    day = datetime.datetime.fromtimestamp(at // clock.SECOND, datetime.UTC)
    return clock.parse_iso(f"{day:%Y-%m}-01")


def _page(call: Call, some: Callable[..., Sequence[str]]) -> Page:
    """A page of ids, in their order.

    :param some: gives at most ``limit``, behind one (``after``) or before
        one (``before``)
    """
    limit = parameters.limit(call.values, call.runtime.max_limit)
    marker = call.values.get("marker", [""])[0]
    ids = some(limit=limit + 1, after=marker, before=None)
    following = ids[limit - 1] if len(ids) > limit else None
    ids = ids[:limit]
    previous = None
    if marker and ids:
        before = some(limit=limit + 1, after="", before=ids[0])
        if before:
            previous = before[limit] if len(before) > limit else ""
    return Page(ids, following, previous)


def _refuse(name: str, sentence: str) -> NoReturn:
    validation.refuse({name: sentence}, "The query")
