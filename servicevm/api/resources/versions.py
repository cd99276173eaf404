"""What can be asked of the API without credentials: versions, health."""

from typing import Any

import sqlalchemy as sa
from oslo_db import exception
from oslo_log import log

from servicevm.api import microversion
from servicevm.api.method import Call, Json, Resource, method
from servicevm.api.schemas import versions as schemas
from servicevm.db import api as db
from servicevm.errors import UNAVAILABLE, TransientError

LOG = log.getLogger(__name__)


def _version(call: Call) -> dict[str, Any]:
    return {
        "id": "v1.0",
        "status": "CURRENT",
        "min_version": str(microversion.MIN),
        "max_version": str(microversion.MAX),
        "links": [
            {"rel": "self", "href": call.url("/v1/")},
            {"rel": "describedby", "href": call.url("/v1/openapi.json")},
        ],
    }


class Root(Resource):
    """``/``."""

    open = True

    @method("List API versions", rule=None, response=schemas.LIST)
    def on_get(self, call: Call) -> Json:
        return {"versions": [_version(call)]}


class V1(Resource):
    """``/v1``."""

    open = True

    @method("Show API version 1", rule=None, response=schemas.SHOW)
    def on_get(self, call: Call) -> Json:
        return {"version": _version(call)}


class Healthcheck(Resource):
    """``/healthcheck``: 200 while the database answers."""

    open = True

    @method("Check the health", rule=None, response=schemas.HEALTH)
    def on_get(self, call: Call) -> Json:
        try:
            with db.reader() as session:
                session.scalar(sa.text("SELECT 1"))
        except exception.DBError as error:
            # A sentence: load balancers ask every moment.
            LOG.warning("The database does not answer: %s", error)
            raise TransientError(
                UNAVAILABLE, "The database does not answer."
            ) from error
        return {"status": "OK"}
