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

#: Of members: what a service says of them, and what may be made of it.
MEMBER: Mapping[str, Any] = {
    **OPERATING,
    "UNKNOWN": pgettext_lazy("member status", "Not known"),
    "NO_MONITOR": pgettext_lazy("member status", "Not checked"),
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
    "rebuild": pgettext_lazy("operation", "Rebuild"),
    "attach": pgettext_lazy("operation", "Attach interface"),
    "detach": pgettext_lazy("operation", "Detach interface"),
    "resync": pgettext_lazy("operation", "Resync"),
    "restart": pgettext_lazy("operation", "Restart"),
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
    "relay_group": pgettext_lazy("resource type", "Relay group"),
    "hold": pgettext_lazy("resource type", "Hold"),
    "breaker": pgettext_lazy("resource type", "Breaker"),
}

#: What a hold is on.
HOLD: Mapping[str, Any] = {
    "device": pgettext_lazy("what is held", "Device"),
    "template": pgettext_lazy("what is held", "All devices of the template"),
    "project": pgettext_lazy("what is held", "All devices of the project"),
    "everything": pgettext_lazy("what is held", "Everything"),
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
    "relay_group": pgettext_lazy("driver option", "Relay group"),
}

#: Of operations; `servicevm_dashboard.timeline` has them in order.
STEP: Mapping[str, Any] = {
    "allocate": pgettext_lazy("step", "Reserve addresses"),
    "boot": pgettext_lazy("step", "Start the machine"),
    "wait_running": pgettext_lazy("step", "Wait until the machine runs"),
    "wait_agent": pgettext_lazy("step", "Wait until it can be managed"),
    "activate": pgettext_lazy("step", "Put into service"),
    "reboot": pgettext_lazy("step", "Restart the machine"),
    "rebuild": pgettext_lazy("step", "Build the machine anew"),
    "attach": pgettext_lazy("step", "Plug the interface in"),
    "tell_interfaces": pgettext_lazy("step", "Tell the device"),
    "detach": pgettext_lazy("step", "Unplug the interface"),
    "resync": pgettext_lazy("step", "Bring its services up to date"),
    "quiesce": pgettext_lazy("step", "Stop its services"),
    "revoke": pgettext_lazy("step", "Withdraw its certificate"),
    "destroy": pgettext_lazy("step", "Remove the machine"),
    "purge": pgettext_lazy("step", "Clean up"),
    "wait_device": pgettext_lazy("step", "Wait until the device is ready"),
    "publish": pgettext_lazy("step", "Open the way to it"),
    "apply": pgettext_lazy("step", "Send the configuration"),
    "wait_applied": pgettext_lazy("step", "Wait until it is in force"),
    "withdraw": pgettext_lazy("step", "Take it off the device"),
    "restart": pgettext_lazy("step", "Start its software anew"),
}

EVENT: Mapping[str, Any] = {
    "device.create": pgettext_lazy("event", "Creation asked for"),
    "device.update": pgettext_lazy("event", "Change asked for"),
    "device.delete": pgettext_lazy("event", "Deletion asked for"),
    "device.reboot": pgettext_lazy("event", "Reboot asked for"),
    "device.rebuild": pgettext_lazy("event", "Rebuild asked for"),
    "device.attach": pgettext_lazy("event", "Interface asked for"),
    "device.detach": pgettext_lazy("event", "Detaching asked for"),
    "device.deleted": pgettext_lazy("event", "Deleted"),
    "device.operating_status": pgettext_lazy("event", "Health changed"),
    "device.session_opened": pgettext_lazy("event", "Agent connected"),
    "device.session_closed": pgettext_lazy("event", "Agent disconnected"),
    "device.enrolled": pgettext_lazy("event", "Agent enrolled"),
    "device.enrolment_refused": pgettext_lazy("event", "Enrolment refused"),
    "device.relay_refused": pgettext_lazy("event", "Relay refused"),
    "service.create": pgettext_lazy("event", "Creation asked for"),
    "service.update": pgettext_lazy("event", "Change asked for"),
    "service.delete": pgettext_lazy("event", "Deletion asked for"),
    "service.deleted": pgettext_lazy("event", "Deleted"),
    "service.operating_status": pgettext_lazy("event", "Health changed"),
    "operation.cancel": pgettext_lazy("event", "Cancelling asked for"),
    "operation.retry": pgettext_lazy("event", "Retry asked for"),
    "operation.succeeded": pgettext_lazy("event", "Operation succeeded"),
    "operation.failed": pgettext_lazy("event", "Operation failed"),
    "operation.cancelled": pgettext_lazy("event", "Operation cancelled"),
    "operation.superseded": pgettext_lazy("event", "Operation overtaken"),
    "device_template.create": pgettext_lazy("event", "Template created"),
    "device_template.update": pgettext_lazy("event", "Template changed"),
    "device_template.delete": pgettext_lazy("event", "Template deleted"),
    "quota.update": pgettext_lazy("event", "Quota changed"),
    "quota.delete": pgettext_lazy("event", "Quota set back"),
    "relay_group.create": pgettext_lazy("event", "Relay group created"),
    "relay_group.update": pgettext_lazy("event", "Relay group changed"),
    "relay_group.delete": pgettext_lazy("event", "Relay group deleted"),
    "device.healing": pgettext_lazy("event", "Healing tried"),
    "device.healed": pgettext_lazy("event", "Healed"),
    "device.healing_gave_up": pgettext_lazy("event", "Healing gave up"),
    "service.healing": pgettext_lazy("event", "Healing tried"),
    "service.healed": pgettext_lazy("event", "Healed"),
    "service.healing_gave_up": pgettext_lazy("event", "Healing gave up"),
    "breaker.tripped": pgettext_lazy("event", "Healing stopped"),
    "breaker.closed": pgettext_lazy("event", "Healing goes on"),
    "breaker.release": pgettext_lazy("event", "Going on asked for"),
    "breaker.stop": pgettext_lazy("event", "Stop asked for"),
    "hold.set": pgettext_lazy("event", "Hold set"),
    "hold.unset": pgettext_lazy("event", "Hold taken away"),
    "hold.expired": pgettext_lazy("event", "Hold expired"),
    "relay.drain": pgettext_lazy("event", "Draining asked for"),
    "relay.resume": pgettext_lazy("event", "Draining ended"),
    **dict.fromkeys(
        (
            "api.duplicate_name",
            "conductor.duplicate_name",
            "relay.duplicate_name",
        ),
        pgettext_lazy("event", "Name in use twice"),
    ),
    #: Of whatever an agent tells by itself.
    "agent": pgettext_lazy("event", "Told by its agent"),
}

#: Lists in the configurations of the service types that are here.
PART: Mapping[str, Any] = {
    "listeners": pgettext_lazy("part of a service", "Listeners"),
    "pools": pgettext_lazy("part of a service", "Pools"),
    "members": pgettext_lazy("part of a service", "Members"),
}

KIND: Mapping[str, Any] = {
    "vm": pgettext_lazy("kind of device", "Virtual machine"),
    "external": pgettext_lazy("kind of device", "Adopted"),
}

#: What the drivers tell of a device, where their key says too little.
FACT: Mapping[str, Any] = {
    "accelerator": pgettext_lazy("fact", "Acceleration"),
    "accelerator_note": pgettext_lazy("fact", "Note on acceleration"),
    "image": pgettext_lazy("fact", "Guest image"),
    "memory_mib": pgettext_lazy("fact", "RAM (MiB)"),
    "vcpus": pgettext_lazy("fact", "vCPUs"),
    "server_id": pgettext_lazy("fact", "Instance ID"),
    "boot_id": pgettext_lazy("fact", "ID of this boot"),
    "pid": pgettext_lazy("fact", "Process"),
    "agent_version": pgettext_lazy("fact", "Agent's version"),
}

#: Whole phrases, because languages differ in where the verb is.
OPERATION_NAME: Mapping[tuple[str, str], Any] = {
    ("device", "create"): pgettext_lazy("operation", "Create device"),
    ("device", "update"): pgettext_lazy("operation", "Update device"),
    ("device", "delete"): pgettext_lazy("operation", "Delete device"),
    ("device", "reboot"): pgettext_lazy("operation", "Reboot device"),
    ("device", "rebuild"): pgettext_lazy("operation", "Rebuild device"),
    ("device", "attach"): pgettext_lazy(
        "operation", "Attach interface to device"
    ),
    ("device", "detach"): pgettext_lazy(
        "operation", "Detach interface of device"
    ),
    ("service", "create"): pgettext_lazy("operation", "Create service"),
    ("service", "update"): pgettext_lazy("operation", "Update service"),
    ("service", "delete"): pgettext_lazy("operation", "Delete service"),
    ("service", "resync"): pgettext_lazy("operation", "Resync service"),
    ("service", "restart"): pgettext_lazy("operation", "Restart service"),
}

PROCESS: Mapping[str, Any] = {
    "ALIVE": pgettext_lazy("process", "Running"),
    "DRAINING": pgettext_lazy("process", "Draining"),
    "SILENT": pgettext_lazy("process", "Not heard of"),
}

#: Of healing, where too many devices were lost at once.
BREAKER: Mapping[str, Any] = {
    "STOPPED": pgettext_lazy("breaker", "Healing is stopped"),
    "RELEASED": pgettext_lazy("breaker", "Healing goes on"),
}

#: Of Horizon's three ways of showing a status: good, bad, on its way.
GOOD = frozenset({"ACTIVE", "ALIVE", "ONLINE", "SUCCEEDED", "INFO"})
BAD = frozenset({"ERROR", "DEAD", "FAILED", "SILENT", "STOPPED"})
#: Somebody should look, though it works.
DOUBTFUL = frozenset(
    {
        "CANCELLED",
        "DEGRADED",
        "DRAINING",
        "OFFLINE",
        "RELEASED",
        "UNRESPONSIVE",
        "WARNING",
    }
)


def of(words: Mapping[str, Any], value: str | None) -> Any:
    """The word for a value; itself where there is none."""
    return "" if value is None else words.get(value, value)


def of_plugin(words: Mapping[str, Any], name: str) -> Any:
    """The word for a plugin; one that nobody knew here made readable.

    :param name: e.g. of a service type: ``web_filter`` is "Web filter"
    """
    return words.get(name) or name.replace("_", " ").capitalize()


def tone(value: str) -> str:
    """``success``, ``danger``, ``warning`` or ``info``: Bootstrap's names.

    :param value: of any state
    """
    if value in GOOD:
        return "success"
    if value in BAD:
        return "danger"
    return "warning" if value in DOUBTFUL else "info"
