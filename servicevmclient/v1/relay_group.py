"""Relay groups."""

from servicevmclient.v1._resource import Body, Resource


class RelayGroup(Resource):
    """What an administrator has said of the relays of a group."""

    key = "relay_group"
    plural = "relay_groups"
    path = "/v1/relay-groups"
    noun = "relay group"
    identity = "name"

    #: as ``[relay] group`` of its relays says it
    name = Body[str]()
    #: the only project whose devices it serves; None: those of any
    project_id = Body[str | None]()
    description = Body[str]()
    #: its relays that are alive
    relays = Body[int]()
    #: devices that use it
    devices = Body[int]()
    #: ISO 8601, UTC
    created_at = Body[str]()
    updated_at = Body[str]()
