"""Devices."""

from typing import TypedDict

from servicevmclient.v1._resource import Body, Resource


class Interface(TypedDict):
    """One network attachment of a device."""

    #: mgmt, ingress, egress, or the template's own word
    role: str
    index: int
    #: the infra driver's name of it, e.g. ``user`` or ``bridge:br0``
    network: str
    mac: str
    #: address inside the device; None until one is allocated
    address: str | None
    #: length of the network prefix in bits
    prefix: int | None
    gateway: str | None
    #: what was asked for where the template leaves the network open
    subnet: str | None
    #: the user's own port that it is; it stays when the device goes
    port: str | None
    #: False while it was asked for and is not there
    attached: bool


class Certificate(TypedDict):
    """The agent's current certificate."""

    #: lower-case hexadecimal
    serial: str
    #: ISO 8601, UTC
    not_after: str


class DeviceHold(TypedDict):
    """The closest of the operators' holds that cover a device."""

    #: ``device``, ``template``, ``project`` or ``everything``
    scope: str
    #: why hands are off, for people
    reason: str
    #: ISO 8601, UTC; None: it stays until it is unset
    expires_at: str | None


class Agent(TypedDict):
    """The agent inside the device, as it was last seen."""

    connected: bool
    version: str | None
    #: changes with every boot of the device
    boot_id: str | None
    #: ISO 8601, UTC; None before the first connection
    connected_at: str | None
    last_seen: str | None
    certificate: Certificate | None


class Healing(TypedDict):
    """How far the healing of a lost device, or of a sick service, has come."""

    #: when it was first seen lost, or sick; ISO 8601, UTC
    began_at: str
    attempts: int
    #: all that the template says was tried
    gave_up: bool
    #: why what is due is not done: hold, breaker, channel, doubt or turn
    waits_for: str | None
    #: reboot or rebuild, of a service resync or restart; None: nothing
    next_action: str | None
    #: at the earliest
    next_at: str | None


class Slots(TypedDict):
    """Capacity of a device."""

    total: int
    used: int


class Device(Resource):
    """One managed unit that hosts services: a service VM."""

    key = "device"
    plural = "devices"
    path = "/v1/devices"
    noun = "device"

    #: UUID
    id = Body[str]()
    #: need not be unique
    name = Body[str]()
    description = Body[str]()
    #: the owner's project
    project_id = Body[str]()
    #: ``vm``, or ``external`` for an adopted one
    kind = Body[str]()
    template_id = Body[str]()
    #: what the template is called by now
    template_name = Body[str]()
    #: the revision of the template that it was built from
    template_revision = Body[int]()
    #: whose relays its agent dials; None: it dials none
    relay_group = Body[str | None]()
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
    interfaces = Body[list[Interface]]()
    #: None until its agent enrolled
    agent = Body[Agent | None]()
    #: why nothing automatic touches it; None: no operator holds it
    hold = Body[DeviceHold | None]()
    #: None while there is nothing to heal
    healing = Body[Healing | None]()
    slots = Body[Slots]()
    #: what the infra driver found: accelerator, pid, image ...
    facts = Body[dict[str, object]]()
    #: the newest operation on it
    operation_id = Body[str | None]()
    tags = Body[list[str]]()
    #: the owner's own keys and values
    properties = Body[dict[str, str]]()
    #: ISO 8601, UTC
    created_at = Body[str]()
    updated_at = Body[str | None]()
    #: when it first became ACTIVE
    launched_at = Body[str | None]()
