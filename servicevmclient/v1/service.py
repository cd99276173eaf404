"""Services."""

from typing import TypedDict

from servicevmclient.v1._resource import Body, Resource
from servicevmclient.v1.device import Healing


class Endpoint(TypedDict):
    """Where the users of a service reach it."""

    #: the listener's name
    name: str
    protocol: str
    address: str
    port: int


class Member(TypedDict):
    """A backend of a service and how it does."""

    pool: str
    name: str
    operating_status: str


class Service(Resource):
    """One service instance on a device."""

    key = "service"
    plural = "services"
    path = "/v1/services"
    noun = "service"

    #: UUID
    id = Body[str]()
    #: need not be unique
    name = Body[str]()
    description = Body[str]()
    project_id = Body[str]()
    #: the device that hosts it
    device_id = Body[str]()
    #: what the device is called by now
    device_name = Body[str]()
    #: name of its service type
    service_type = Body[str]()
    #: service of the cloud that owns it, e.g. neutron; None: its project
    managed_by = Body[str | None]()
    #: what the service type's config_schema describes
    config = Body[dict[str, object]]()
    #: ``sha256:`` and hexadecimal, of the config in canonical JSON
    digest = Body[str]()
    #: PENDING_CREATE, ACTIVE, PENDING_UPDATE, PENDING_DELETE or ERROR
    provisioning_status = Body[str]()
    #: ONLINE, DEGRADED, UNRESPONSIVE, DEAD, OFFLINE or UNKNOWN
    operating_status = Body[str]()
    #: stable reason code of the status; None while all is well
    status_code = Body[str | None]()
    #: the reason as a sentence
    status_reason = Body[str | None]()
    #: counts changes asked for
    generation = Body[int]()
    #: the newest generation that was carried out
    observed_generation = Body[int]()
    endpoints = Body[list[Endpoint]]()
    members = Body[list[Member]]()
    #: slots of the device that it takes
    slots = Body[int]()
    #: None while there is nothing to heal
    healing = Body[Healing | None]()
    #: the newest operation on it
    operation_id = Body[str | None]()
    tags = Body[list[str]]()
    #: the owner's own keys and values
    properties = Body[dict[str, str]]()
    #: ISO 8601, UTC
    created_at = Body[str]()
    updated_at = Body[str | None]()
