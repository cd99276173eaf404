"""API processes."""

from servicevmclient.v1._resource import Body, Resource


class Api(Resource):
    """A process that answers requests; workers of one server are one."""

    key = "api"
    plural = "apis"
    path = "/v1/apis"
    noun = "api"

    #: UUID of this run of it; another one after a restart
    id = Body[str]()
    #: unique among the api processes of an installation
    name = Body[str]()
    host = Body[str]()
    version = Body[str]()
    #: whether it was heard of within the last 20 seconds
    alive = Body[bool]()
    #: ISO 8601, UTC
    started_at = Body[str]()
    last_seen = Body[str]()
