"""What the service itself tells to do, which is for its command line.

It is the end of each reason that it gives; `servicevm_dashboard.advice` says
it in words of these pages instead, and in the user's language. A test
compares them.
"""

from collections.abc import Mapping

__all__ = ["BY_CODE"]

BY_CODE: Mapping[str, str] = {
    "device_died": "See its console log; device reboot starts it again.",
    "device_missing": "device reboot builds it again, or delete the device.",
    "service_died": (
        "See what its operating status says; service set hands it over again."
    ),
    "device_failed": (
        "See why with device show; retry its operation or delete it."
    ),
    "deadline_exceeded": (
        "See the operation's steps, then retry it or delete the resource."
    ),
    "cancelled": "Retry the operation or delete the resource.",
    "agent_never_called": (
        "See the console log; then retry the operation or delete the device."
    ),
    "agent_not_connected": "Wait for it to come back, or reboot the device.",
    "relay_unreachable": (
        "The device may be well: see relay list, and look at the message "
        "broker."
    ),
    "agent_timeout": "Try again; if it stays, reboot the device.",
    "agent_busy": "Try again in a moment.",
    "agent_error": "The detail has the agent's own words.",
    "config_refused": (
        "Correct what the detail names and set the configuration again; the "
        "last good one keeps serving."
    ),
    "no_free_slot": (
        "Delete a service of the device, or use a device with more slots."
    ),
    "no_free_address": (
        "Delete a device on that network or widen the template's range."
    ),
    "address_taken": (
        "Choose another address, or leave it out to be given a free one."
    ),
    "port_taken": "Choose another port, or stop what listens there.",
    "certificate_refused": "Delete the device or build it again.",
    "enrolment_refused": (
        "If it was not you who used the token, delete the device."
    ),
    "relay_group_bound": (
        "Use a template that names no relay group, or another one; or ask an "
        "administrator for a relay group of the project's own."
    ),
    "no_relay": (
        "Start a relay of the group ('relay list' shows those there are), "
        "then retry the operation."
    ),
    "relay_refused": (
        "device rebuild has it use the relay group that a new device would; "
        "'relay list' and 'device show' say which group each is of."
    ),
    "image_missing": (
        "Build it with: servicevm-manage image build; on a cloud, upload it "
        "and see that the template names it."
    ),
    "qemu_missing": "Install the package qemu-system-x86.",
    "qemu_failed": (
        "The detail has QEMU's own words; see also the device's console log."
    ),
    "kvm_unusable": "Set the accelerator to auto or tcg in the template.",
    "disk_full": "Free some space and try again.",
    "network_missing": (
        "Make the bridge or network, or correct the template's network."
    ),
    "network_refused": (
        "Use a network of the device's project, or one that is shared with "
        "it, or a free port of that project."
    ),
    "cloud_credentials": (
        "Correct [nova] in servicevm.conf, or the user in Keystone."
    ),
    "cloud_forbidden": (
        "Give the user the roles that the manual's page on Nova lists."
    ),
    "cloud_not_configured": (
        "Set auth_type and what belongs to it in [nova] of servicevm.conf."
    ),
    "cloud_quota": (
        "Delete what is not needed, or have the quota raised of the project "
        "that the server belongs to; the detail names the quota."
    ),
    "cloud_refused": (
        "The detail has the cloud's own words; correct the template."
    ),
    "cloud_too_old": (
        "Use a cloud whose Nova has the microversion in the detail."
    ),
    "cloud_unavailable": (
        "Try again; if it stays, look at the service of the cloud that the "
        "detail names."
    ),
    "flavor_missing": "Make the flavor, or correct the template.",
    "flavor_too_small": (
        "Name a larger flavor in the template, or ask for less."
    ),
    "image_unusable": (
        "The detail says why; upload the image again, or name another."
    ),
    "no_valid_host": (
        "Choose another flavor or availability zone, or add hosts."
    ),
    "server_failed": (
        "The detail has Nova's own words; retry the operation or delete the "
        "device."
    ),
    "privilege_missing": (
        "Run it as root, or use the network 'user' in the template."
    ),
    "unavailable": "Try again; if it stays, look at the service's log.",
    "internal_error": (
        "Look for the request id in the service's log and report it."
    ),
}
