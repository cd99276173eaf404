"""``/v1/conductors``: the processes that drive operations."""

from servicevm.api import parameters
from servicevm.api.method import Call, Json, Resource, method
from servicevm.api.resources import processes
from servicevm.api.schemas import processes as schemas
from servicevm.api.views import processes as views
from servicevm.states import ProcessRole


class Collection(Resource):
    """``/v1/conductors``."""

    @method(
        "List conductors",
        rule="conductor:list",
        response=schemas.CONDUCTORS,
        query=processes.QUERY,
        listing=processes.LISTING,
    )
    def on_get(self, call: Call) -> Json:
        return processes.page(
            call, ProcessRole.CONDUCTOR, "conductors", views.process
        )


class Item(Resource):
    """``/v1/conductors/{id}``."""

    @method(
        "Show a conductor",
        rule="conductor:show",
        response=schemas.SHOW_CONDUCTOR,
        query=parameters.FIELDS_ONLY,
    )
    def on_get(self, call: Call, id: str) -> Json:
        return processes.show(call, ProcessRole.CONDUCTOR, id, views.process)
