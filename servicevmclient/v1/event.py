"""Events."""

from typing import Any

from servicevmclient.v1._resource import Body, Resource


class Event(Resource):
    """Something that happened, kept after its resource is gone."""

    key = "event"
    plural = "events"
    path = "/v1/events"
    noun = "event"
    named = False

    #: UUID; a marker for the next page
    id = Body[str]()
    #: ISO 8601, UTC
    at = Body[str]()
    #: stable, dotted, e.g. ``device.operating_status``
    type = Body[str]()
    #: INFO, WARNING or ERROR
    severity = Body[str]()
    resource_type = Body[str | None]()
    resource_id = Body[str | None]()
    #: what it is called by now or, once it is gone, was called last; None
    #: for one that has no name
    resource_name = Body[str | None]()
    #: whether it is no more
    resource_gone = Body[bool]()
    device_id = Body[str | None]()
    project_id = Body[str | None]()
    operation_id = Body[str | None]()
    request_id = Body[str | None]()
    #: stable reason code, if it has one
    code = Body[str | None]()
    #: who asked for it; None where nobody did
    user_id = Body[str | None]()
    #: what the message says, for programs; the keys depend on the type
    facts = Body[dict[str, Any] | None]()
    #: a sentence
    message = Body[str]()
