"""``/v1/apis``: the processes that answer requests."""

from servicevm.api import parameters
from servicevm.api.method import Call, Json, Resource, method
from servicevm.api.resources import processes
from servicevm.api.schemas import processes as schemas
from servicevm.api.views import processes as views
from servicevm.states import ProcessRole


class Collection(Resource):
    """``/v1/apis``."""

    @method(
        "List api processes",
        rule="api:list",
        response=schemas.APIS,
        query=processes.QUERY,
        listing=processes.LISTING,
    )
    def on_get(self, call: Call) -> Json:
        return processes.page(call, ProcessRole.API, "apis", views.process)


class Item(Resource):
    """``/v1/apis/{id}``."""

    @method(
        "Show an api process",
        rule="api:show",
        response=schemas.SHOW_API,
        query=parameters.FIELDS_ONLY,
    )
    def on_get(self, call: Call, id: str) -> Json:
        return processes.show(call, ProcessRole.API, id, views.process)
