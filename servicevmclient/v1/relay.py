"""Relays."""

from servicevmclient.v1._resource import Body, Resource


class Relay(Resource):
    """A process that holds the agents' sessions."""

    key = "relay"
    plural = "relays"
    path = "/v1/relays"
    noun = "relay"

    #: UUID of this run of it; another one after a restart
    id = Body[str]()
    #: unique among the relays of an installation
    name = Body[str]()
    host = Body[str]()
    #: relay group
    group = Body[str]()
    #: the only project that its group serves; None: any
    group_project_id = Body[str | None]()
    version = Body[str]()
    #: where agents dial it, ``host:port``; None: by virtio-serial only
    address = Body[str | None]()
    #: open sessions
    sessions = Body[int]()
    #: whether it was heard of within the last 20 seconds
    alive = Body[bool]()
    #: whether it is to let its sessions go and take no new ones
    draining = Body[bool]()
    #: ISO 8601, UTC
    started_at = Body[str]()
    last_seen = Body[str]()
