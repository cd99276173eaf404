"""Names, tags and descriptions that say what a thing in the cloud is of.

A name alone proves nothing: anybody may call a thing like ours. What is ours
is in the project that we keep things in, and says of which device and
deployment it is: a server in its tags, a port or a security group in its
description. Both are set by the very request that makes the thing, so there
is no instant at which it exists without them. Ports and groups get tags as
well, for people and for finding all of a deployment.
"""

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from servicevm.drivers.infra.base import Peer

__all__ = ["ALL", "Marks", "group_name", "port_name"]

ALL = "servicevm"
_DEVICE = "servicevm-device:"
_DEPLOYMENT = "servicevm-deployment:"
#: Nova's limit; Neutron's is not smaller.
_LONGEST_TAG = 60


class Marks:
    """
    :param deployment: ``deployment_id`` of the configuration
    """

    def __init__(self, deployment: str) -> None:
        self._deployment = deployment
        tag = _DEPLOYMENT + deployment
        if len(tag) > _LONGEST_TAG:
            digest = hashlib.sha256(deployment.encode()).hexdigest()
            tag = _DEPLOYMENT + digest[: _LONGEST_TAG - len(_DEPLOYMENT)]
        #: What everything of this deployment is tagged with.
        self.deployment_tag = tag
        #: Description of security groups that many devices use.
        self.shared_description = f"servicevm: management, of {deployment}"

    def tags(self, device_id: str) -> list[str]:
        return [ALL, self.deployment_tag, _DEVICE + device_id]

    def shared_tags(self) -> list[str]:
        return [ALL, self.deployment_tag]

    def metadata(self, device_id: str) -> dict[str, str]:
        return {
            "servicevm_device": device_id,
            "servicevm_deployment": self._deployment,
        }

    def description(self, device_id: str) -> str:
        """Of the device's ports and security group."""
        return f"servicevm: device {device_id} of {self._deployment}"

    def shared_name(self, peers: Sequence[Peer]) -> str:
        """Name of the group that lets a device reach exactly these."""
        text = "\n".join(
            sorted({f"{one.address} {one.port}" for one in peers})
        )
        return (
            "servicevm-mgmt-" + hashlib.sha256(text.encode()).hexdigest()[:16]
        )

    def device_of(self, tags: Iterable[str]) -> str | None:
        """The device that a thing of this deployment is of."""
        found = list(tags or ())
        if self.deployment_tag not in found:
            return None
        for tag in found:
            if tag.startswith(_DEVICE):
                device_id = tag.removeprefix(_DEVICE)
                return device_id if _is_id(device_id) else None
        return None

    def devices_of(self, things: Iterable[Any]) -> list[tuple[str, str]]:
        """Device and project of each thing in Neutron that is a device's."""
        found = ((self.device_of(one.tags), one) for one in things)
        return [
            (device_id, str(one.project_id))
            for device_id, one in found
            if device_id is not None
        ]


def port_name(device_id: str, index: int) -> str:
    return f"servicevm-{device_id}-{index}"


def group_name(device_id: str) -> str:
    return f"servicevm-{device_id}"


def _is_id(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
