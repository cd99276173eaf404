"""What to do next about a device or service, in words of these pages."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from servicevm_dashboard import healing, hints, reasons

__all__ = ["BY_CODE", "next_step", "reason", "refused", "sentence"]

_RETRY = _(
    "Open the tab Operations to see which step failed, then retry it there, "
    "or delete this."
)
_ASK = _("Tell your administrator; then retry the operation.")

#: By the service's stable reason codes. Others get the general advice.
BY_CODE: Mapping[str, Any] = {
    "device_died": _(
        "Reboot the device to start it again. Its console log may say why it "
        "stopped."
    ),
    "device_missing": _(
        "Reboot the device to have its machine built again, or delete it."
    ),
    "service_died": _(
        "Change its configuration and save it, which starts it anew; if that "
        "does not help, reboot the device."
    ),
    "device_failed": _("See the device that it is on."),
    "deadline_exceeded": _RETRY,
    "cancelled": _("Retry the operation in the tab Operations, or delete it."),
    "agent_never_called": _(
        "Look at the console log for what the machine is doing; then retry "
        "the operation, or delete the device."
    ),
    "agent_not_connected": _(
        "Wait a moment for it to come back; if it does not, reboot the device."
    ),
    "relay_unreachable": _(
        "The device may be well: try again in a moment, and tell your "
        "administrator if it stays like this."
    ),
    "agent_timeout": _("If it stays like this, reboot the device."),
    "agent_busy": _("Try again in a moment."),
    "agent_error": _RETRY,
    "config_refused": _("Correct the configuration and save it again."),
    "no_free_slot": _("Delete a service of the device, or use another one."),
    "no_free_address": _(
        "Delete a device on the same network, or ask your administrator for "
        "a wider range of addresses."
    ),
    "address_taken": _("Create it again with another address, or with none."),
    "port_taken": _("Choose another port for the listener."),
    "certificate_refused": _("Delete the device and create it again."),
    "enrolment_refused": _(
        "If it was not you who used its token, delete the device."
    ),
    "relay_group_bound": _("Use another template, or ask your administrator."),
    "no_relay": _ASK,
    "relay_refused": _(
        "Rebuild the device: it is told the relays that it is to use."
    ),
    "image_missing": _ASK,
    "qemu_missing": _ASK,
    "qemu_failed": _ASK,
    "kvm_unusable": _ASK,
    "disk_full": _ASK,
    "network_missing": _ASK,
    "network_refused": _(
        "Create it again with a network of your project, or one that is "
        "shared with it."
    ),
    **dict.fromkeys(
        (
            "cloud_credentials",
            "cloud_forbidden",
            "cloud_not_configured",
            "cloud_quota",
            "cloud_refused",
            "cloud_too_old",
            "cloud_unavailable",
            "flavor_missing",
            "flavor_too_small",
            "image_unusable",
            "no_valid_host",
            "server_failed",
        ),
        _ASK,
    ),
    "privilege_missing": _ASK,
    "unavailable": _("If it stays like this, tell your administrator."),
    "internal_error": _ASK,
}

_LATER = _(
    "Try again in a moment; if that does not help, tell your administrator."
)
_CORRECT = _("Correct what is named, and send it again.")

#: What to do about a refusal; `BY_CODE` has those that resources are in, too.
_REFUSED: Mapping[str, Any] = {
    "bad_request": _CORRECT,
    "unknown_field": _CORRECT,
    "invalid_field": _CORRECT,
    "config_invalid": _CORRECT,
    "template_invalid": _CORRECT,
    "owned_by_service": _("Change it through the service that it belongs to."),
    "forbidden": _("Ask an administrator for a role that is allowed to."),
    "not_found": _("It may have been deleted meanwhile."),
    "conflict": _("Look at how it is now, and try again."),
    "in_use": _("Delete what uses it first."),
    "precondition_failed": _(
        "Somebody changed it meanwhile: open the page again."
    ),
    "type_not_offered": _(
        "Use a device whose template offers this type of service."
    ),
    "quota_exceeded": _(
        "Delete what is no longer needed, or ask an administrator for a "
        "larger quota."
    ),
    "unavailable": _LATER,
    "internal_error": _LATER,
    "identity_unavailable": _LATER,
    "agent_timeout": _LATER,
    "agent_not_connected": _LATER,
    "relay_unreachable": _LATER,
}

_STATE: Mapping[str, Any] = {
    "PENDING_CREATE": _("It is being built."),
    "PENDING_UPDATE": _("It is being changed."),
    "PENDING_DELETE": _("It is being deleted."),
    "ERROR": _("Something went wrong with it."),
}
#: Of services whose configuration before this one is in force.
_SERVING: Mapping[str, Any] = {
    "PENDING_UPDATE": _(
        "It is being changed; until then the configuration before it keeps "
        "serving."
    ),
    "ERROR": _(
        "Something went wrong with it; the configuration before it keeps "
        "serving."
    ),
}
#: And of those that never had one in force.
_NEVER_SERVED: Mapping[str, Any] = {
    "PENDING_UPDATE": _("It is being changed; nothing serves yet."),
    "ERROR": _("Something went wrong with it; nothing serves yet."),
}
_HEALTH: Mapping[str, Any] = {
    "ONLINE": _("It is in service."),
    "DEGRADED": _("It is in service, but not all of it works."),
    "UNRESPONSIVE": _("It has stopped answering."),
    "DEAD": _("It does not run any more."),
    "OFFLINE": _("It is not in service."),
    "UNKNOWN": _("It has not been heard of yet."),
}
_NEXT: Mapping[str, Any] = {
    "DEGRADED": _(
        "See which of its parts do not work; repair them or take them out."
    ),
    "UNRESPONSIVE": _(
        "Wait a moment for it to come back; if it does not, reboot the device."
    ),
    "DEAD": _("Reboot the device to start it again."),
    "OFFLINE": _("See its events for what happened."),
}


#: Of devices that are lost and healed, or were.
_HEALED = _(
    "Nothing: it is about to be healed. Who does not want to wait chooses "
    "Heal Device."
)
_SERVICE_HEALED = _("Nothing: it is about to be healed.")
_GIVEN_UP = _(
    "Its console log may say what is wrong. Then choose Heal Device, which "
    "tries all of it again, or delete the device."
)


def sentence(resource: Any) -> Any:
    """How a device or service is."""
    status = resource.provisioning_status
    if status == "ACTIVE":
        return _HEALTH.get(resource.operating_status, "")
    known = _STATE
    if resource.key == "device":
        if status == "PENDING_UPDATE":
            return _("It is being restarted or changed.")
    elif not resource.observed_generation:
        known = {**_STATE, **_NEVER_SERVED}
    elif resource.operating_status in ("ONLINE", "DEGRADED"):
        known = {**_STATE, **_SERVING}
    return known.get(status, "")


def reason(resource: Any) -> str:
    """Why it is so; empty where there is nothing to say but `next_step`.

    :param resource: a device or a service
    """
    code, text = resource.status_code, resource.status_reason or ""
    return reasons.told(code, text.removesuffix(hints.BY_CODE.get(code, "")))


def next_step(resource: Any) -> Any:
    """What its owner can do; empty where there is nothing to do.

    :param resource: a device or a service
    """
    if resource.provisioning_status.startswith("PENDING"):
        return ""
    healed = _healed(resource)
    if healed:
        return healed
    if resource.status_code in BY_CODE:
        return BY_CODE[resource.status_code]
    if resource.provisioning_status == "ERROR":
        return _RETRY
    return _NEXT.get(resource.operating_status, "")


def _healed(resource: Any) -> Any:
    """What healing leaves to do; empty where that is nothing special."""
    device = resource.key == "device"
    if not healing.is_lost(resource):
        return ""
    if healing.by_itself(resource):
        return _HEALED if device else _SERVICE_HEALED
    gave_up = resource.healing and resource.healing["gave_up"]
    return _GIVEN_UP if device and gave_up else ""


def refused(code: str | None, text: str | None) -> str:
    """What to do about a refusal.

    :param text: what the service itself says, for who knows no more
    """
    known = _REFUSED.get(code or "") or BY_CODE.get(code or "")
    return str(known or text or "")
