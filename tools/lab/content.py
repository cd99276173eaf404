"""What an operator would have made before: zones, flavors, images, quotas.

Everything is looked for first, so that it may be run again at any time.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tools.cluster.member import ClusterError

__all__ = ["FLAVORS", "await_hosts", "ensure"]

#: Name to vcpus, MiB and GiB.
FLAVORS: Mapping[str, tuple[int, int, int]] = {
    # What the guest image wants.
    "servicevm.small": (1, 256, 1),
    # Too small for it to boot.
    "servicevm.tiny": (1, 32, 1),
    # For guests that are not there. Without a disk, only an administrator
    # might use it.
    "m1.nano": (1, 64, 1),
}
#: For guests that are not there.
BLANK = "blank"

#: Of the service's project, of Nova and of Neutron.
_COMPUTE_QUOTAS = ("instances", "cores", "ram", "server_groups")
_NETWORK_QUOTAS = (
    *("networks", "subnets", "ports", "security_groups"),
    "security_group_rules",
)

_LOOK = 0.25


def ensure(admin: Any, project: str) -> None:
    """Make flavors, the blank image and the quotas.

    :param admin: openstack.connection.Connection of an administrator
    :param project: id of the project ``service``
    """
    flavors = {one.name for one in admin.compute.flavors(details=False)}
    for name, (vcpus, ram, disk) in FLAVORS.items():
        if name not in flavors:
            admin.compute.create_flavor(
                name=name, vcpus=vcpus, ram=ram, disk=disk
            )
    if not any(
        one.status == "active" for one in admin.image.images(name=BLANK)
    ):
        admin.image.create_image(
            name=BLANK,
            disk_format="raw",
            container_format="bare",
            visibility="public",
            data=bytes(1 << 20),
            allow_duplicates=True,
        )
    admin.compute.update_quota_set(
        project, **dict.fromkeys(_COMPUTE_QUOTAS, -1)
    )
    admin.network.update_quota(project, **dict.fromkeys(_NETWORK_QUOTAS, -1))


def await_hosts(
    admin: Any, hosts: Mapping[str, float], timeout: float
) -> None:
    """Wait until compute hosts take guests, each in a zone of its own.

    :param hosts: name to the time since which it has to have reported
    :raises ClusterError: they do not in time
    """
    deadline = time.monotonic() + timeout
    while True:
        missing = [
            host
            for host in hosts
            if not _reported(admin.compute.services(), host, hosts[host])
        ]
        if not missing:
            missing = [host for host in hosts if not _known(admin, host)]
        if not missing:
            break
        if time.monotonic() >= deadline:
            raise ClusterError(
                f"Nova has no compute service on {' or '.join(missing)} "
                f"after {timeout:.0f} s; see the log of nova-compute."
            )
        time.sleep(_LOOK)
    for host in hosts:
        _zone(admin, host)


def _reported(services: Sequence[Any], host: str, since: float) -> bool:
    for one in services:
        if (one.binary, one.host) != ("nova-compute", host):
            continue
        if one.state == "up" and one.updated_at:
            # "up" may be the word of one that was stopped a moment ago.
            told = datetime.fromisoformat(one.updated_at)
            return told.replace(tzinfo=UTC).timestamp() >= since
    return False


def _known(admin: Any, host: str) -> bool:
    """Whether the scheduler has found it, and it says what it has."""
    return any(
        one.service_details["host"] == host
        for one in admin.compute.hypervisors(details=True)
    )


def _zone(admin: Any, host: str) -> None:
    zone = host.partition("-")[2]
    for one in admin.compute.aggregates():
        if one.name == zone:
            found = one
            break
    else:
        found = admin.compute.create_aggregate(
            name=zone, availability_zone=zone
        )
    if host not in (found.hosts or ()):
        admin.compute.add_host_to_aggregate(found, host)
