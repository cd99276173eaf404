"""Device templates."""

from typing import NotRequired, TypedDict

from servicevmclient.v1._resource import Body, Resource


class TemplateInterface(TypedDict):
    """One network attachment that each device of the template gets."""

    role: str
    #: the infra driver's word, e.g. ``user`` or ``bridge:br0``
    network: str
    #: network of the addresses that are given out
    cidr: NotRequired[str | None]
    gateway: NotRequired[str | None]
    #: first and last address that are given out
    pool_start: NotRequired[str | None]
    pool_end: NotRequired[str | None]


class Footprint(TypedDict):
    """What a device takes of its project's quotas; None if not known."""

    vcpus: int | None
    #: MiB
    ram_mib: int | None


class DeviceTemplate(Resource):
    """Operator-owned definition of devices; an edit is a new revision."""

    key = "device_template"
    plural = "device_templates"
    path = "/v1/device-templates"
    noun = "device template"

    #: UUID
    id = Body[str]()
    #: need not be unique
    name = Body[str]()
    description = Body[str]()
    project_id = Body[str]()
    #: counts edits; a device records the one that it runs
    revision = Body[int]()
    #: what makes the device: qemu, nova, noop
    infra_driver = Body[str]()
    #: the infra driver's own options
    infra_options = Body[dict[str, object]]()
    #: what configures it: agent, noop
    mgmt_driver = Body[str]()
    mgmt_options = Body[dict[str, object]]()
    interfaces = Body[list[TemplateInterface]]()
    #: names of the service types that its devices host
    service_types = Body[list[str]]()
    #: capacity of each device, see a service type's slots
    slots = Body[int]()
    #: health settings, e.g. ``first_contact_timeout`` (seconds)
    health = Body[dict[str, object]]()
    #: how lost devices are healed: ladder, after, attempts, backoff, cooldown
    healing = Body[dict[str, object]]()
    #: what a device that is made of it takes
    footprint = Body[Footprint]()
    #: what can be done with such a device, e.g. ``attach_interface``; empty
    #: where its infra driver is not installed
    capabilities = Body[dict[str, bool]]()
    tags = Body[list[str]]()
    #: the owner's own keys and values
    properties = Body[dict[str, str]]()
    #: ISO 8601, UTC
    created_at = Body[str]()
    updated_at = Body[str | None]()
