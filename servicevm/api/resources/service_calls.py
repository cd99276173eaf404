"""``/v1/services/{id}/stats`` and ``/actions``: asked of the device."""

from collections.abc import Mapping
from typing import Any

from servicevm.api import validation
from servicevm.api.method import Call, Json, Resource, method
from servicevm.api.resources import requested
from servicevm.api.resources.services import find
from servicevm.api.schemas import services as schemas
from servicevm.api.service_check import known_type
from servicevm.db import api as db
from servicevm.db import models
from servicevm.errors import CONFLICT, NOT_FOUND, PermanentError
from servicevm.service_types.base import ServiceType


class Stats(Resource):
    """``/v1/services/{id}/stats``."""

    @method(
        "Show a service's statistics, asked of its device",
        rule="service:stats",
        response=schemas.STATS,
    )
    def on_get(self, call: Call, id: str) -> Json:
        with db.reader() as session:
            row = find(session, call, id)
            _refuse_unserved(row)
            _arguments(known_type(row.service_type), "stats", {})
        found = self.runtime.conductor.call_service(id, "stats", {})
        return {"stats": dict(found)}


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
        with db.reader() as session:
            row = find(session, call, id)
            _arguments(known_type(row.service_type), action, arguments)
            _refuse_unserved(row)
        found = self.runtime.conductor.call_service(id, action, arguments)
        return {"result": dict(found)}


def _refuse_unserved(row: models.Service) -> None:
    requested.refuse_deleting(row)
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
