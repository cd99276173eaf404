"""``/v1/summary``: how many there are of everything, in one answer.

What somebody looks at next comes along if it is asked for, so that an
overview is one request.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import orm

from servicevm import clock
from servicevm.api import parameters
from servicevm.api.method import Call, Json, Resource, method
from servicevm.api.resources import devices, operations, services
from servicevm.api.schemas import summary as schemas
from servicevm.api.views import devices as device_views
from servicevm.api.views import operations as operation_views
from servicevm.api.views import quotas as quota_views
from servicevm.api.views import services as service_views
from servicevm.db import api as db
from servicevm.db import failing, listing, summary
from servicevm.states import (
    OperatingStatus,
    OperationState,
    ProvisioningStatus,
)

_DAY = 24 * 3600 * clock.SECOND

#: What can fail: its key, policy rule, list, and how one is shown.
_FAILING: Sequence[tuple[str, str, listing.Listing, Any]] = (
    ("devices", "device:list", devices.LISTING, device_views.render),
    ("services", "service:list", services.LISTING, service_views.render),
)


class Item(Resource):
    """``/v1/summary``."""

    @method(
        "Count devices, services and operations by their states",
        rule="summary:show",
        response=schemas.SHOW,
        query={
            **parameters.PROJECTS,
            **parameters.FIELDS_ONLY,
            "include": schemas.INCLUDE,
        },
    )
    def on_get(self, call: Call) -> Json:
        projects = call.projects()
        wanted = call.values.get("include", ())
        more: Json = dict.fromkeys(schemas.MORE)
        with db.reader() as session:
            since = db.now(session) - _DAY
            counts = summary.counts(session, projects, since)
            templates = [
                {"id": template_id, "name": name, "count": count}
                for template_id, name, count in summary.templates(
                    session, projects
                )
            ]
            for name in wanted:
                more[name] = _MORE[name](call, session, projects)
        states = counts.get(("operations", "state"), {})
        failed = states.get(OperationState.FAILED, 0)
        types = counts.get(("services", "service_types"), {})
        found = {
            "devices": _states(counts, "devices") | {"templates": templates},
            "services": _states(counts, "services") | {"service_types": types},
            "operations": _each(schemas.LIVE, states)
            | {"failed_last_day": failed},
        }
        return call.show("summary", found | more)


def _failing(
    call: Call, session: orm.Session, projects: Sequence[str] | None
) -> Json:
    """Those that changed last, of what the caller may list."""
    found: Json = {}
    for key, rule, rows, render in _FAILING:
        found[key] = []
        if call.runtime.policy.allows(call.context, rule):
            query = listing.ListQuery(
                limit=schemas.ROWS,
                sort=[("updated_at", True)],
                projects=projects,
                either=failing.either(rows.model),
            )
            page = listing.page(session, rows, query)
            found[key] = [render(row) for row in page.rows]
    return found


def _running(
    call: Call, session: orm.Session, projects: Sequence[str] | None
) -> list[Json] | None:
    """The newest that have not ended; None where one may not list them."""
    if not call.runtime.policy.allows(call.context, "operation:list"):
        return None
    query = listing.ListQuery(
        limit=schemas.ROWS,
        filters={"state": [str(one) for one in schemas.LIVE]},
        projects=projects,
    )
    page = listing.page(session, operations.LISTING, query)
    return [operation_views.brief(row) for row in page.rows]


def _quota(
    call: Call, session: orm.Session, projects: Sequence[str] | None
) -> Json | None:
    """Of the project that is asked about; None of several or not allowed."""
    if projects is None or len(projects) != 1:
        return None
    if not call.runtime.policy.allows(call.context, "quota:show"):
        return None
    (item,) = quota_views.render(session, call.runtime.quotas, *projects)
    return item


_MORE: Mapping[str, Any] = {
    "failing": _failing,
    "running": _running,
    "quota": _quota,
}


def _states(
    counts: dict[tuple[str, str], summary.Counts], resource: str
) -> Json:
    provisioning = counts.get((resource, "provisioning_status"), {})
    operating = counts.get((resource, "operating_status"), {})
    return {
        "total": sum(provisioning.values()),
        "failing": summary.failing_of(counts, resource),
        "provisioning_status": _each(ProvisioningStatus, provisioning),
        "operating_status": _each(OperatingStatus, operating),
    }


def _each(values: Iterable[str], counts: summary.Counts) -> Json:
    """All that there can be: what is not there is 0."""
    return {str(value): counts.get(value, 0) for value in values}
