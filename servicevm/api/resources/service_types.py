"""``/v1/service-types``: the kinds of service that are installed."""

from typing import Any

from servicevm.api import parameters
from servicevm.api.method import Call, Json, Resource, method
from servicevm.api.schemas import service_types as schemas
from servicevm.errors import NOT_FOUND, PermanentError
from servicevm.service_types import registry
from servicevm.service_types.base import ServiceType


def _view(declared: ServiceType) -> dict[str, Any]:
    return {
        "name": declared.name,
        "version": declared.version,
        "description": declared.description,
        "slots": declared.slots,
        "actions": dict(declared.actions),
        "config_schema": dict(declared.config_schema),
    }


class Collection(Resource):
    """``/v1/service-types``: few, so there are no pages."""

    @method(
        "List service types",
        rule="service_type:list",
        response=schemas.LIST,
        query={**parameters.FIELDS_ONLY, "name": parameters.NAME},
    )
    def on_get(self, call: Call) -> Json:
        names = call.values.get("name")
        return {
            "service_types": [
                _view(declared)
                for name, declared in registry.service_types().items()
                if names is None or name in names
            ]
        }


class Item(Resource):
    """``/v1/service-types/{name}``."""

    @method(
        "Show a service type with the schema of its config",
        rule="service_type:show",
        response=schemas.SHOW,
        query=parameters.FIELDS_ONLY,
    )
    def on_get(self, call: Call, name: str) -> Json:
        declared = registry.service_types().get(name)
        if declared is None:
            raise PermanentError(
                NOT_FOUND, f"There is no service type {name[:64]}."
            )
        return call.show("service_type", _view(declared))
