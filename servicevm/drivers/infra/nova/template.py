"""What a template may say of a server."""

from collections.abc import Mapping, Sequence
from typing import Any

from servicevm.errors import TEMPLATE_INVALID, PermanentError

__all__ = [
    "DISK_GIB",
    "IMAGE_TAG",
    "MAX_INTERFACES",
    "MEMORY_MIB",
    "OPTIONS",
    "SERVICE",
    "TENANT",
    "check",
    "memory_mib",
    "vcpus",
]

#: Of a server whose template does not say.
MEMORY_MIB = 256
VCPUS = 1
#: Nova lets only administrators use flavors without a disk.
DISK_GIB = 1
#: What the guest image is tagged with where the template names none.
IMAGE_TAG = "servicevm"
#: Most interfaces of a server here.
MAX_INTERFACES = 16

SERVICE = "service"
TENANT = "tenant"

_NAME = {"type": "string", "minLength": 1, "maxLength": 255}

#: JSON Schema of the driver's options.
OPTIONS: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "flavor": {
            **_NAME,
            "title": "Flavor",
            "description": "Name or id of the servers' flavor. If not given, "
            "the smallest that has the processors, memory and disk.",
            "x-basic": True,
        },
        "vcpus": {
            "title": "Processors",
            "type": "integer",
            "minimum": 1,
            "maximum": 128,
            "default": VCPUS,
            "description": "Processors that a device takes of its project's "
            "quota; a flavor with fewer is refused.",
            "x-basic": True,
        },
        "memory_mib": {
            "title": "Memory (MiB)",
            "type": "integer",
            "minimum": 64,
            "maximum": 1 << 20,
            "default": MEMORY_MIB,
            "description": "Memory that a device takes of its project's "
            "quota, in MiB; a flavor with less is refused.",
            "x-basic": True,
        },
        "disk_gib": {
            "title": "Disk (GiB)",
            "type": "integer",
            "minimum": 0,
            "maximum": 1 << 20,
            "default": DISK_GIB,
            "description": "Disk that the flavor has at the least, in GiB; "
            "counts only where root_volume_gib is not given.",
        },
        "image": {
            **_NAME,
            "title": "Guest image",
            "description": "Name or id of an image.",
        },
        "image_tag": {
            **_NAME,
            "title": "Tag of the guest image",
            "default": IMAGE_TAG,
            "description": "The newest active image with this tag is taken, "
            "where no image is named: at the next rebuild, a newer one.",
        },
        "availability_zone": {
            **_NAME,
            "title": "Availability zone",
            "description": "Nova's availability zone of the servers.",
        },
        "server_group": {
            **_NAME,
            "title": "Server group",
            "description": "Name or id of an existing server group, e.g. of "
            "one with the policy anti-affinity.",
        },
        "keypair": {
            **_NAME,
            "title": "Key pair",
            "description": "Key pair of the service user, for images that "
            "let somebody in.",
        },
        "root_volume_gib": {
            "title": "Root volume (GiB)",
            "type": "integer",
            "minimum": 1,
            "maximum": 1 << 20,
            "description": "Boot from a volume of this size, in GiB, that is "
            "made of the image and deleted with the server.",
        },
        "security_groups": {
            "title": "More security groups",
            "type": "array",
            "maxItems": 16,
            "uniqueItems": True,
            "items": {**_NAME, "title": "Security group"},
            "description": "Names or ids of security groups that the ports "
            "on tenants' networks get besides ours, of the project that the "
            "servers belong to.",
        },
        "owner": {
            "title": "Owner of the servers",
            "enum": [SERVICE, TENANT],
            "x-enum-titles": {
                SERVICE: "The service's project",
                TENANT: "The device's project",
            },
            "default": SERVICE,
            "description": "Whose project servers and ports belong to: the "
            "service's, or that of the device (tenant), where its members "
            "see them and its cloud quotas count.",
        },
    },
}


def check(
    options: Mapping[str, Any], interfaces: Sequence[Mapping[str, Any]]
) -> None:
    """Refuse what no cloud could make a server of.

    :raises PermanentError: TEMPLATE_INVALID, with what and where
    """
    if "image" in options and "image_tag" in options:
        raise PermanentError(
            TEMPLATE_INVALID,
            "A template names an image or the tag of one, not both.",
            fields={"infra_options/image_tag": "image is given as well"},
        )
    if len(interfaces) > MAX_INTERFACES:
        raise PermanentError(
            TEMPLATE_INVALID,
            f"A device has {MAX_INTERFACES} interfaces at the most.",
            fields={"interfaces": "too many"},
        )
    for number, interface in enumerate(interfaces):
        if interface.get("role") == "mgmt" and not interface.get("network"):
            raise PermanentError(
                TEMPLATE_INVALID,
                "The management network is the operator's: the template has "
                "to name it.",
                fields={f"interfaces/{number}/network": "must name a network"},
            )
        for key in ("cidr", "gateway", "pool_start", "pool_end"):
            if key in interface:
                raise PermanentError(
                    TEMPLATE_INVALID,
                    f"{key} is not for the driver nova: Neutron's subnets "
                    "hand out the addresses.",
                    fields={f"interfaces/{number}/{key}": "leave it out"},
                )


def vcpus(options: Mapping[str, Any]) -> int:
    return int(options.get("vcpus", VCPUS))


def memory_mib(options: Mapping[str, Any]) -> int:
    return int(options.get("memory_mib", MEMORY_MIB))


def disk_gib(options: Mapping[str, Any]) -> int:
    """Disk that the flavor needs; none for who boots from a volume."""
    if "root_volume_gib" in options:
        return 0
    return int(options.get("disk_gib", DISK_GIB))
