"""Usage."""

from servicevmclient.v1._resource import Body, Resource


class _Taken(Resource):
    """What is taken over time, and traffic."""

    named = False

    #: ISO 8601, UTC
    start = Body[str]()
    #: ISO 8601, UTC; what is of this moment is not
    end = Body[str]()
    #: virtual processors times hours
    vcpu_hours = Body[float]()
    #: MiB of memory times hours
    ram_mib_hours = Body[float]()
    #: slots that services take, times hours
    slot_hours = Body[float]()
    connections = Body[int]()
    #: from clients
    bytes_in = Body[int]()
    #: to clients
    bytes_out = Body[int]()


class Usage(_Taken):
    """What a project has used in a period."""

    key = "usage"
    plural = "usage"
    path = "/v1/usage"
    noun = "usage"
    identity = "project_id"

    project_id = Body[str]()
    device_hours = Body[float]()
    service_hours = Body[float]()
    #: seconds: traffic is of the period in which such a part of the day
    #: begins
    traffic_resolution = Body[int]()


class UsageResource(_Taken):
    """What was used of a device or service in a period."""

    key = "usage_resource"
    plural = "usage_resources"
    path = "/v1/usage/resources"
    noun = "usage resource"
    identity = "resource_id"

    #: ``device`` or ``service``
    resource_type = Body[str]()
    resource_id = Body[str]()
    #: what it is called, or was called last
    resource_name = Body[str | None]()
    device_id = Body[str]()
    project_id = Body[str]()
    #: of a device
    template_id = Body[str | None]()
    #: of a service
    service_type = Body[str | None]()
    #: ISO 8601, UTC
    started_at = Body[str]()
    #: None while it is there
    ended_at = Body[str | None]()
    #: how long it was there in the period
    hours = Body[float]()
