"""Human words for every state, so that no page shows one raw.

Each table has an entry for all that the API's schema names; a test compares
them. What a newer service sends and nobody knew is shown as it came.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import pgettext_lazy

PROVISIONING: Mapping[str, Any] = {
    "PENDING_CREATE": pgettext_lazy("provisioning status", "Building"),
    "ACTIVE": pgettext_lazy("provisioning status", "Active"),
    "PENDING_UPDATE": pgettext_lazy("provisioning status", "Updating"),
    "PENDING_DELETE": pgettext_lazy("provisioning status", "Deleting"),
    "ERROR": pgettext_lazy("provisioning status", "Error"),
}

OPERATING: Mapping[str, Any] = {
    "ONLINE": pgettext_lazy("operating status", "Online"),
    "DEGRADED": pgettext_lazy("operating status", "Degraded"),
    "UNRESPONSIVE": pgettext_lazy("operating status", "Not responding"),
    "DEAD": pgettext_lazy("operating status", "Dead"),
    "OFFLINE": pgettext_lazy("operating status", "Offline"),
    "UNKNOWN": pgettext_lazy("operating status", "Not known yet"),
}

OPERATION: Mapping[str, Any] = {
    "PENDING": pgettext_lazy("operation state", "Queued"),
    "RUNNING": pgettext_lazy("operation state", "Running"),
    "WAITING": pgettext_lazy("operation state", "Waiting"),
    "SUCCEEDED": pgettext_lazy("operation state", "Succeeded"),
    "FAILED": pgettext_lazy("operation state", "Failed"),
    "CANCELLED": pgettext_lazy("operation state", "Cancelled"),
    "SUPERSEDED": pgettext_lazy("operation state", "Overtaken"),
}

ACTION: Mapping[str, Any] = {
    "create": pgettext_lazy("operation", "Create"),
    "update": pgettext_lazy("operation", "Update"),
    "delete": pgettext_lazy("operation", "Delete"),
    "reboot": pgettext_lazy("operation", "Reboot"),
}

RESOURCE: Mapping[str, Any] = {
    "device": pgettext_lazy("resource type", "Device"),
    "device_template": pgettext_lazy("resource type", "Template"),
    "service": pgettext_lazy("resource type", "Service"),
    "operation": pgettext_lazy("resource type", "Operation"),
    "quota": pgettext_lazy("resource type", "Quota"),
    "api": pgettext_lazy("resource type", "API"),
    "conductor": pgettext_lazy("resource type", "Conductor"),
    "relay": pgettext_lazy("resource type", "Relay"),
}

INITIATOR: Mapping[str, Any] = {
    "user": pgettext_lazy("who asked", "User"),
    "system": pgettext_lazy("who asked", "System"),
}

SEVERITY: Mapping[str, Any] = {
    "INFO": pgettext_lazy("severity", "Information"),
    "WARNING": pgettext_lazy("severity", "Warning"),
    "ERROR": pgettext_lazy("severity", "Error"),
}

QUOTA: Mapping[str, Any] = {
    "devices": pgettext_lazy("quota", "Devices"),
    "services": pgettext_lazy("quota", "Services"),
    "vcpus": pgettext_lazy("quota", "vCPUs"),
    "ram": pgettext_lazy("quota", "RAM (MiB)"),
    "slots": pgettext_lazy("quota", "Slots"),
}

#: Drivers and service types are plugins: these are the ones that are here.
INFRA_DRIVER: Mapping[str, Any] = {
    "qemu": pgettext_lazy("infra driver", "Virtual machine (QEMU)"),
    "nova": pgettext_lazy("infra driver", "Instance (Nova)"),
    "noop": pgettext_lazy("infra driver", "No machine, for trials"),
}

MGMT_DRIVER: Mapping[str, Any] = {
    "agent": pgettext_lazy("mgmt driver", "Agent in the device"),
    "noop": pgettext_lazy("mgmt driver", "No management, for trials"),
}

SERVICE_TYPE: Mapping[str, Any] = {
    "loadbalancer": pgettext_lazy("service type", "Load balancer"),
}

#: Of interfaces; a template may have others.
ROLE: Mapping[str, Any] = {
    "mgmt": pgettext_lazy("interface role", "Management"),
    "ingress": pgettext_lazy("interface role", "Incoming traffic"),
    "egress": pgettext_lazy("interface role", "Outgoing traffic"),
}

#: Of the drivers, where their key alone says too little.
OPTION: Mapping[str, Any] = {
    "vcpus": pgettext_lazy("driver option", "vCPUs"),
    "memory_mib": pgettext_lazy("driver option", "Memory (MiB)"),
    "accelerator": pgettext_lazy("driver option", "Acceleration"),
    "image": pgettext_lazy("driver option", "Guest image"),
    "transport": pgettext_lazy("driver option", "Agent reached by"),
    "relays": pgettext_lazy("driver option", "Relays"),
}

#: Of Horizon's three ways of showing a status: good, bad, on its way.
GOOD = frozenset({"ACTIVE", "ONLINE", "SUCCEEDED", "INFO"})
BAD = frozenset({"ERROR", "DEAD", "FAILED"})
#: Somebody should look, though it works.
DOUBTFUL = frozenset(
    {"DEGRADED", "UNRESPONSIVE", "OFFLINE", "CANCELLED", "WARNING"}
)


def of(words: Mapping[str, Any], value: str | None) -> Any:
    """The word for a value; itself where there is none."""
    return "" if value is None else words.get(value, value)


def tone(value: str) -> str:
    """``success``, ``danger``, ``warning`` or ``info``: Bootstrap's names.

    :param value: of any state
    """
    if value in GOOD:
        return "success"
    if value in BAD:
        return "danger"
    return "warning" if value in DOUBTFUL else "info"
