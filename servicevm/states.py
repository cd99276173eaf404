"""Every state that is stored or shown, declared once."""

from collections.abc import Mapping
from enum import StrEnum


class ProvisioningStatus(StrEnum):
    """What the control plane is doing to a device or service."""

    PENDING_CREATE = "PENDING_CREATE"
    ACTIVE = "ACTIVE"
    PENDING_UPDATE = "PENDING_UPDATE"
    PENDING_DELETE = "PENDING_DELETE"
    ERROR = "ERROR"


class OperatingStatus(StrEnum):
    """What the device or service itself is seen to be doing."""

    ONLINE = "ONLINE"
    DEGRADED = "DEGRADED"
    UNRESPONSIVE = "UNRESPONSIVE"
    DEAD = "DEAD"
    OFFLINE = "OFFLINE"
    UNKNOWN = "UNKNOWN"


class OperationState(StrEnum):
    """Life of an operation.

    PENDING (never claimed) -> RUNNING (a conductor holds the lease) <->
    WAITING (until run_after) -> one of the terminal states.
    """

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    WAITING = "WAITING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    SUPERSEDED = "SUPERSEDED"

    @property
    def terminal(self) -> bool:
        return self in TERMINAL


TERMINAL = frozenset(
    {
        OperationState.SUCCEEDED,
        OperationState.FAILED,
        OperationState.CANCELLED,
        OperationState.SUPERSEDED,
    }
)


class Action(StrEnum):
    """What an operation does to its resource."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REBOOT = "reboot"
    REBUILD = "rebuild"
    ATTACH = "attach"
    DETACH = "detach"
    RESYNC = "resync"
    RESTART = "restart"


#: How a resource is shown while an action on it is under way.
PENDING: Mapping[Action, ProvisioningStatus] = {
    Action.CREATE: ProvisioningStatus.PENDING_CREATE,
    Action.UPDATE: ProvisioningStatus.PENDING_UPDATE,
    Action.REBOOT: ProvisioningStatus.PENDING_UPDATE,
    Action.REBUILD: ProvisioningStatus.PENDING_UPDATE,
    Action.ATTACH: ProvisioningStatus.PENDING_UPDATE,
    Action.DETACH: ProvisioningStatus.PENDING_UPDATE,
    Action.RESYNC: ProvisioningStatus.PENDING_UPDATE,
    Action.RESTART: ProvisioningStatus.PENDING_UPDATE,
    Action.DELETE: ProvisioningStatus.PENDING_DELETE,
}


#: How a device that serves is shown.
WELL = (OperatingStatus.ONLINE, OperatingStatus.DEGRADED)
#: How a device that ought to serve and does not is shown.
LOST = frozenset({OperatingStatus.DEAD, OperatingStatus.UNRESPONSIVE})

#: Where one of these fails the device or service goes on as it was before.
HARMLESS = frozenset(
    {Action.ATTACH, Action.DETACH, Action.RESYNC, Action.RESTART}
)


class ResourceType(StrEnum):
    DEVICE = "device"
    DEVICE_TEMPLATE = "device_template"
    SERVICE = "service"
    OPERATION = "operation"
    QUOTA = "quota"
    API = "api"
    CONDUCTOR = "conductor"
    RELAY = "relay"
    RELAY_GROUP = "relay_group"
    HOLD = "hold"
    BREAKER = "breaker"


class HoldScope(StrEnum):
    """What an operator's hold is on."""

    DEVICE = "device"
    TEMPLATE = "template"
    PROJECT = "project"
    EVERYTHING = "everything"


class ProcessRole(StrEnum):
    """What a process is."""

    API = "api"
    CONDUCTOR = "conductor"
    RELAY = "relay"


class LedgerState(StrEnum):
    """Life of an external thing (see db.models.DeviceResource)."""

    INTENT = "INTENT"
    PRESENT = "PRESENT"
    DELETING = "DELETING"


class Initiator(StrEnum):
    USER = "user"
    SYSTEM = "system"


class Severity(StrEnum):
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
