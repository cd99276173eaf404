"""What the service says, in the language of the page.

The service sends stable codes and English. What a code stands for is told in
the page's language, and what the service says beyond that as it came; a page
in English has the service's own words alone.

A test compares the texts here with the service's.
"""

from collections.abc import Mapping

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

__all__ = ["SAID", "TITLES", "said", "said_of_field", "told"]

#: What each code stands for, as the service itself has it.
TITLES: Mapping[str, str] = {
    "bad_request": _("The request is not valid."),
    "bad_json": _("The request body is not valid JSON."),
    "unknown_field": _("The request has a field that does not exist."),
    "invalid_field": _("A field of the request has a wrong value."),
    "body_too_large": _("The request body is too large."),
    "unsupported_media_type": _("The request body is not JSON."),
    "unsupported_version": _("The API version asked for is not offered."),
    "unauthenticated": _("The request carries no valid credentials."),
    "project_needed": _("The token is not one of a project."),
    "owned_by_service": _("Another service owns this resource."),
    "forbidden": _("Policy does not allow this request."),
    "not_found": _("There is no such resource."),
    "method_not_allowed": _("The resource does not have this method."),
    "conflict": _("The request contradicts the state of the resource."),
    "in_use": _("The resource is in use."),
    "idempotency_key_reused": _(
        "This Idempotency-Key was used for a different request."
    ),
    "precondition_failed": _("The resource changed since it was read."),
    "internal_error": _("The service failed in a way it did not foresee."),
    "unavailable": _("A part of the service is not reachable."),
    "identity_unavailable": _("The identity service does not answer."),
    "template_invalid": _("The device template cannot work."),
    "no_free_slot": _("The device has no room for the service."),
    "type_not_offered": _("The device does not host this service type."),
    "config_invalid": _("The configuration does not fit its schema."),
    "no_free_address": _("The interface's network has no free address."),
    "address_taken": _("Another device has the address."),
    "quota_exceeded": _("The project's quota does not allow this."),
    "deadline_exceeded": _("The operation did not end in time."),
    "cancelled": _("The operation was cancelled."),
    "superseded": _("A later operation took over."),
    "device_failed": _("The device is in ERROR."),
    "device_died": _("The virtual machine stopped running."),
    "device_missing": _("The virtual machine no longer exists."),
    "service_died": _(
        "The service's own software in the device does not run."
    ),
    "image_missing": _("The guest image is not there."),
    "qemu_missing": _("QEMU is not installed."),
    "qemu_failed": _("QEMU did not start."),
    "kvm_unusable": _("KVM was asked for and cannot run guests here."),
    "port_taken": _("The port is taken."),
    "disk_full": _("The disk that holds the service's files is full."),
    "network_missing": _("The network of an interface does not exist."),
    "network_refused": _(
        "The network or port of an interface cannot be used."
    ),
    "privilege_missing": _("The service may not do this as this user."),
    "agent_never_called": _("The agent in the device never called home."),
    "agent_not_connected": _("The device's agent is not connected."),
    "relay_unreachable": _(
        "The relay that holds the device's session cannot be reached."
    ),
    "agent_timeout": _("The device's agent did not answer in time."),
    "agent_busy": _("The device's agent has too many requests under way."),
    "agent_error": _("The device's agent refused the request."),
    "cloud_not_configured": _("The service knows no cloud."),
    "cloud_unavailable": _("The cloud does not answer as it should."),
    "cloud_credentials": _(
        "The cloud does not accept the service's credentials."
    ),
    "cloud_forbidden": _("The cloud does not let the service's user do this."),
    "cloud_quota": _("A quota of the cloud does not allow this."),
    "cloud_refused": _("The cloud refused the request."),
    "cloud_too_old": _("The cloud's API lacks what is needed."),
    "no_valid_host": _("No host of the cloud has room for the server."),
    "flavor_missing": _("There is no such flavor."),
    "flavor_too_small": _("The flavor is too small."),
    "image_unusable": _("The guest image cannot be used."),
    "server_failed": _("The cloud could not build the server."),
    "platform_unsupported": _(
        "The guest image cannot be built on this system."
    ),
    "tool_missing": _("A program that is needed is not installed."),
    "packages_unreachable": _(
        "The distribution's packages cannot be fetched."
    ),
    "image_build_failed": _("The guest image could not be built."),
    "image_upload_failed": _("The guest image could not be uploaded."),
    "config_refused": _("The device refused the configuration."),
    "enrolment_refused": _("The agent's enrolment was refused."),
    "certificate_refused": _("The agent's certificate is not accepted."),
    "relay_group_bound": _("The relay group serves another project."),
    "no_relay": _("The relay group has no relay that lives."),
    "relay_refused": _(
        "The agent came to a relay that may not serve the device."
    ),
}

#: Sentences that are always the same: what steps wait for, why an agent was
#: turned away.
SAID = frozenset(
    {
        _("Cleared a failed attempt."),
        _("Waiting for the failed attempt to go away."),
        _("The machine is being built."),
        _("The agent is connected and not ready yet."),
        _("Waiting for the agent in the device to call home."),
        _("Waiting for the machine to go away."),
        _("Waiting for the device's agent to come back."),
        _("The device was told again."),
        _("Waiting for the service to serve again."),
        _("Waiting for the device to apply the configuration."),
        _("The device does not run."),
        _("The device is being deleted."),
        _("The token has expired."),
        _("The token was used with another key."),
    }
)

#: They say that something is wrong; what it is stands with the field.
_OF_ANY_FIELD = frozenset(
    {"bad_request", "invalid_field", "config_invalid", "template_invalid"}
)


def said(text: str | None) -> str:
    """A sentence of the service's, in the page's language if it is known."""
    return gettext(text) if text in SAID else text or ""


def told(code: str | None, text: str | None) -> str:
    """What went wrong, in the page's language.

    :param code: the service's reason code, if there is one
    :param text: what it says in particular; may be empty
    """
    own, title = (text or "").strip(), TITLES.get(code or "", "")
    if not title:
        return said(own)
    here = gettext(title)
    if here == title:
        return own or title
    return here if own in ("", title) else _both(here, own)


def said_of_field(code: str | None, text: str) -> str:
    """The same of what is wrong with a field."""
    if code in _OF_ANY_FIELD:
        # The catalogs have what schemas say of their fields.
        return gettext(text) if text else ""
    return told(code, text)


def _both(here: str, own: str) -> str:
    # Translators: a sentence in your language, and the service's own words.
    return gettext("%(sentence)s (%(words)s)") % {
        "sentence": here,
        "words": own,
    }
