"""``/v1/events``: what happened, the newest first."""

from servicevm.api import parameters
from servicevm.api.method import Call, Json, Resource, method
from servicevm.api.schemas import events as schemas
from servicevm.api.views import events as views
from servicevm.db import api as db
from servicevm.db import listing, models
from servicevm.states import ResourceType, Severity

_MODEL = models.Event

LISTING = listing.Listing(
    model=_MODEL,
    filters={
        "type": _MODEL.type,
        "severity": _MODEL.severity,
        "resource_type": _MODEL.resource_type,
        "resource_id": _MODEL.resource_id,
        "device_id": _MODEL.device_id,
    },
    sorts={"at": _MODEL.seq},
    default=("at", True),
    changed=_MODEL.at,
    tagged=False,
    parts=views.PARTS,
)

_FILTERS = {
    "type": parameters.TEXT,
    "severity": parameters.one_of(list(Severity), "severity"),
    "resource_type": parameters.one_of(list(ResourceType), "resource type"),
    "resource_id": parameters.TEXT,
    "device_id": parameters.reference("device"),
}


class Collection(Resource):
    """``/v1/events``."""

    @method(
        "List events",
        rule="event:list",
        response=schemas.LIST,
        query=parameters.of_list(LISTING, _FILTERS),
        listing=LISTING,
    )
    def on_get(self, call: Call) -> Json:
        query = call.list_query()
        with db.reader() as session:
            page = call.page(session, query)
            items = [views.render(row) for row in page.rows]
        return call.collection("events", items, page)
