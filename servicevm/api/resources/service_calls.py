"""``/v1/services/{id}/stats`` and ``/actions``: asked of the device."""

from collections.abc import Mapping
from typing import Any

from servicevm.api import ownership, validation
from servicevm.api.method import Call, Json, Resource, method
from servicevm.api.resources import requested
from servicevm.api.runtime import Runtime
from servicevm.api.schemas import services as schemas
from servicevm.api.service_check import known_type
from servicevm.db import hosts, models
from servicevm.errors import CONFLICT, NOT_FOUND, PermanentError
from servicevm.service_types.base import ServiceType
from servicevm.states import ResourceType

_SERVICE = models.Service.__table__

#: What there is to know before a device is asked, and how: no more of the row
#: is read.
_ASKED = hosts.query(
    _SERVICE.c.id,
    _SERVICE.c.project_id,
    _SERVICE.c.user_id,
    _SERVICE.c.managed_by,
    _SERVICE.c.service_type,
    _SERVICE.c.provisioning_status,
    _SERVICE.c.observed_generation,
)


class Stats(Resource):
    """``/v1/services/{id}/stats``."""

    @method(
        "Show a service's statistics, asked of its device",
        rule="service:stats",
        response=schemas.STATS,
    )
    def on_get(self, call: Call, id: str) -> Json:
        row = _find(call, id)
        _refuse_unserved(row)
        _arguments(known_type(row.service_type), "stats", {})
        return {"stats": _ask(self.runtime, row, "stats", {})}


class Actions(Resource):
    """``/v1/services/{id}/actions/{action}``."""

    @method(
        "Do an action that the service's type declares",
        rule="service:action",
        request=schemas.ACTION,
        response=schemas.ACTION_RESULT,
        optional_body=True,
    )
    def on_post(self, call: Call, id: str, action: str) -> Json:
        arguments = call.body.get("arguments", {})
        row = _find(call, id)
        _arguments(known_type(row.service_type), action, arguments)
        _refuse_unserved(row)
        return {"result": _ask(self.runtime, row, action, arguments)}


def _find(call: Call, service_id: str) -> Any:
    """Of the service, what `_ASKED` says.

    :raises PermanentError: NOT_FOUND, OWNED, FORBIDDEN
    """
    found = hosts.find(_ASKED, service_id)
    owner = None if found is None else ownership.of_service(found)
    return call.found(found, "service", service_id, owner)


def _ask(
    runtime: Runtime, row: Any, action: str, arguments: Mapping[str, Any]
) -> Json:
    with runtime.asking(row.project_id):
        return dict(
            runtime.conductor.call_service(
                hosts.told(row), row.id, action, arguments
            )
        )


def _refuse_unserved(row: Any) -> None:
    requested.refuse_deleting(row, ResourceType.SERVICE)
    if row.observed_generation == 0:
        raise PermanentError(
            CONFLICT,
            f"Service {row.id} is not on its device yet: it is "
            f"{row.provisioning_status}.",
        )


def _arguments(
    declared: ServiceType, action: str, arguments: Mapping[str, Any]
) -> None:
    schema = declared.actions.get(action)
    if schema is None:
        raise PermanentError(
            NOT_FOUND,
            f"The type {declared.name} has no action {action[:64]}; it has: "
            f"{', '.join(sorted(declared.actions)) or 'none'}.",
        )
    validation.check(
        validation.kept(schema), arguments, "The body", "$.arguments"
    )
