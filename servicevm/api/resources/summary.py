"""``/v1/summary``: how many there are of everything, in one answer."""

from collections.abc import Iterable

from servicevm import clock
from servicevm.api import parameters
from servicevm.api.method import Call, Json, Resource, method
from servicevm.api.schemas import summary as schemas
from servicevm.db import api as db
from servicevm.db import summary
from servicevm.states import (
    OperatingStatus,
    OperationState,
    ProvisioningStatus,
)

_DAY = 24 * 3600 * clock.SECOND


class Item(Resource):
    """``/v1/summary``."""

    @method(
        "Count devices, services and operations by their states",
        rule="summary:show",
        response=schemas.SHOW,
        query={**parameters.PROJECTS, **parameters.FIELDS_ONLY},
    )
    def on_get(self, call: Call) -> Json:
        projects = call.projects()
        with db.reader() as session:
            since = db.now(session) - _DAY
            counts = summary.counts(session, projects, since)
            templates = [
                {"id": template_id, "name": name, "count": count}
                for template_id, name, count in summary.templates(
                    session, projects
                )
            ]
        operations = counts.get(("operations", "state"), {})
        failed = operations.get(OperationState.FAILED, 0)
        types = counts.get(("services", "service_types"), {})
        found = {
            "devices": _states(counts, "devices") | {"templates": templates},
            "services": _states(counts, "services") | {"service_types": types},
            "operations": _each(schemas.LIVE, operations)
            | {"failed_last_day": failed},
        }
        return call.show("summary", found)


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
