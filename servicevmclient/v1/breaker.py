"""Breakers of healing."""

from servicevmclient.v1._resource import Body, Resource


class Breaker(Resource):
    """Where healing stopped, because too many devices were lost at once."""

    key = "breaker"
    plural = "breakers"
    path = "/v1/breakers"
    noun = "breaker"
    identity = "name"

    #: ``fleet``, ``relay-group:NAME`` or ``zone:NAME``
    name = Body[str]()
    #: whether an operator let healing go on
    released = Body[bool]()
    #: it does not stop healing again before; ISO 8601, UTC
    released_until = Body[str | None]()
    #: devices that were lost when it tripped
    lost = Body[int]()
    #: devices of the domain at that time
    devices = Body[int]()
    #: ISO 8601, UTC
    tripped_at = Body[str]()
