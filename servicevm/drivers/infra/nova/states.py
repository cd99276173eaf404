"""What is seen of a server, as a `DeviceState`. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from servicevm.drivers.infra.base import DeviceState, Observation
from servicevm.drivers.infra.nova import faults

__all__ = ["DELETING", "Seen", "observation", "seen"]

_BUILDING = frozenset(
    {
        "BUILD",
        "REBUILD",
        "REBOOT",
        "HARD_REBOOT",
        # A cold migration, too; MIGRATING is a live one, of what runs.
        "RESIZE",
        "REVERT_RESIZE",
    }
)

_STOPPED: Mapping[str, str] = {
    "SHUTOFF": "The server is shut off.",
    "PAUSED": "The server is paused.",
    "SUSPENDED": "The server is suspended.",
    "SHELVED": "The server is shelved.",
    "SHELVED_OFFLOADED": "The server is shelved.",
    "RESCUE": "The server is in rescue mode.",
}

#: Tasks after which a server that does not run will.
_STARTING = frozenset(
    {
        "powering-on",
        "unpausing",
        "resuming",
        "unshelving",
        "spawning",
        "reboot_pending_hard",
        "reboot_started_hard",
        "rebooting_hard",
        "rebooting",
        "reboot_pending",
        "reboot_started",
    }
)

#: A server with this task is on its way out.
DELETING = "deleting"

_GONE = frozenset({"DELETED", "SOFT_DELETED"})


@dataclass(frozen=True)
class Seen:
    """One server, of Nova's list.

    :param task: what Nova does with it right now, or None
    :param created: ISO 8601, as Nova says it
    :param fault: Nova's message where the status is ERROR
    :param facts: shown to users
    """

    id: str
    device_id: str
    status: str
    task: str | None = None
    created: str = ""
    fault: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False)
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def going(self) -> bool:
        """It is being deleted."""
        return self.task == DELETING

    @property
    def gone(self) -> bool:
        return self.status in _GONE

    @property
    def age(self) -> tuple[str, str]:
        """What the oldest of several has the least of."""
        return self.created, self.id


def seen(server: Any, device_id: str) -> Seen:
    """Read a server of the SDK."""
    fault = server.fault if isinstance(server.fault, Mapping) else {}
    flavor = server.flavor or {}
    image = server.image or {}
    facts = {
        "server_id": server.id,
        "availability_zone": server.availability_zone,
        "flavor": _get(flavor, "original_name") or _get(flavor, "id"),
        "image": _get(image, "id"),
        # Nova tells administrators only.
        "host": server.compute_host,
    }
    return Seen(
        id=server.id,
        device_id=device_id,
        status=str(server.status or "UNKNOWN").upper(),
        task=server.task_state,
        created=str(server.created_at or ""),
        fault=str(fault.get("message") or ""),
        metadata=dict(server.metadata or {}),
        facts={key: value for key, value in facts.items() if value},
    )


def observation(server: Seen, look_in: float) -> Observation:
    """What an infra driver says of a device with this server.

    :param look_in: seconds until there is something new to be seen
    """
    status, facts = server.status, server.facts
    if server.task == DELETING:
        return Observation(
            DeviceState.STOPPED,
            detail="The server is being deleted.",
            facts=facts,
        )
    if server.gone:
        return Observation(DeviceState.ABSENT, detail="The server is gone.")
    if status in _BUILDING or (
        status in _STOPPED and server.task in _STARTING
    ):
        return Observation(
            DeviceState.BUILDING,
            detail=f"The server is in {status}.",
            facts=facts,
            look_in=look_in,
        )
    if status == "ERROR":
        message = server.fault or "Nova says no more than ERROR."
        return Observation(
            DeviceState.FAILED,
            faults.of_fault(message).code,
            f"Nova: {message}",
            facts,
        )
    if status in _STOPPED:
        return Observation(
            DeviceState.STOPPED, detail=_STOPPED[status], facts=facts
        )
    # ACTIVE, VERIFY_RESIZE, MIGRATING, PASSWORD; and UNKNOWN, of a server
    # whose host does not answer: who listens to its agent knows better.
    detail = "" if status == "ACTIVE" else f"The server is in {status}."
    return Observation(DeviceState.RUNNING, detail=detail, facts=facts)


def _get(found: Any, name: str) -> Any:
    """Of what is a mapping or a resource of the SDK."""
    if isinstance(found, Mapping):
        return found.get(name)
    return getattr(found, name, None)
