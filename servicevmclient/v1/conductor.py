"""Conductors."""

from servicevmclient.v1._resource import Body, Resource


class Conductor(Resource):
    """A process that drives operations."""

    key = "conductor"
    plural = "conductors"
    path = "/v1/conductors"
    noun = "conductor"

    #: UUID of this run of it; another one after a restart
    id = Body[str]()
    #: unique among the conductors of an installation
    name = Body[str]()
    host = Body[str]()
    version = Body[str]()
    #: whether it was heard of within the last 20 seconds
    alive = Body[bool]()
    #: ISO 8601, UTC
    started_at = Body[str]()
    last_seen = Body[str]()
