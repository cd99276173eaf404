"""Reason codes and the exceptions that carry them.

A reason is declared once, here, and rendered in API errors, in
``status_code``/``status_reason`` of devices and services, in operations and
events, and in the documentation.

::

    ServicevmError            something said no, with a Reason
     +- TransientError        trying the same again later can help
     +- PermanentError        it cannot; an operation fails at once
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reason:
    """One stable reason code.

    :param code: stable, machine readable, never renamed
    :param status: HTTP status where an API call is refused with it
    :param title: what went wrong, as a sentence without the details
    :param hint: what the reader can do next
    """

    code: str
    status: int
    title: str
    hint: str


REASONS: dict[str, Reason] = {}


def _declare(code: str, status: int, title: str, hint: str) -> Reason:
    if code in REASONS:
        raise ValueError(f"reason code declared twice: {code}")
    REASONS[code] = reason = Reason(code, status, title, hint)
    return reason


# -- requests ---------------------------------------------------------------
BAD_REQUEST = _declare(
    "bad_request",
    400,
    "The request is not valid.",
    "Correct what the detail names and send it again.",
)
BAD_JSON = _declare(
    "bad_json",
    400,
    "The request body is not valid JSON.",
    "Send one JSON object with Content-Type: application/json.",
)
UNKNOWN_FIELD = _declare(
    "unknown_field",
    400,
    "The request has a field that does not exist.",
    "Remove the field; /v1/openapi.json lists those that exist.",
)
INVALID_FIELD = _declare(
    "invalid_field",
    400,
    "A field of the request has a wrong value.",
    "Correct the field that the detail names.",
)
BODY_TOO_LARGE = _declare(
    "body_too_large",
    413,
    "The request body is too large.",
    "Send less than the limit in the detail.",
)
UNSUPPORTED_MEDIA_TYPE = _declare(
    "unsupported_media_type",
    415,
    "The request body is not JSON.",
    "Send Content-Type: application/json.",
)
NOT_ACCEPTABLE = _declare(
    "unsupported_version",
    406,
    "The API version asked for is not offered.",
    "Ask for a version between the minimum and maximum in the detail.",
)
UNAUTHENTICATED = _declare(
    "unauthenticated",
    401,
    "The request carries no valid credentials.",
    "Check the user name and password, or the token.",
)
PROJECT_NEEDED = _declare(
    "project_needed",
    403,
    "The token is not one of a project.",
    "Name a project in clouds.yaml, or in OS_PROJECT_NAME.",
)
OWNED = _declare(
    "owned_by_service",
    403,
    "Another service owns this resource.",
    "Change it through the service that the detail names.",
)
FORBIDDEN = _declare(
    "forbidden",
    403,
    "Policy does not allow this request.",
    "Ask an administrator for a role that the policy rule names.",
)
NOT_FOUND = _declare(
    "not_found",
    404,
    "There is no such resource.",
    "List the resources to see those that you can reach.",
)
METHOD_NOT_ALLOWED = _declare(
    "method_not_allowed",
    405,
    "The resource does not have this method.",
    "The Allow header lists the methods that it has.",
)
CONFLICT = _declare(
    "conflict",
    409,
    "The request contradicts the state of the resource.",
    "Look at the resource's status and try again.",
)
IN_USE = _declare(
    "in_use", 409, "The resource is in use.", "Delete what uses it first."
)
IDEMPOTENCY_KEY_REUSED = _declare(
    "idempotency_key_reused",
    422,
    "This Idempotency-Key was used for a different request.",
    "Use a fresh key for a new request.",
)
PRECONDITION_FAILED = _declare(
    "precondition_failed",
    412,
    "The resource changed since it was read.",
    "Read it again, apply the change to what is there now, and retry.",
)
INTERNAL = _declare(
    "internal_error",
    500,
    "The service failed in a way it did not foresee.",
    "Look for the request id in the service's log and report it.",
)
UNAVAILABLE = _declare(
    "unavailable",
    503,
    "A part of the service is not reachable.",
    "Try again; if it stays, look at the service's log.",
)

IDENTITY_UNAVAILABLE = _declare(
    "identity_unavailable",
    503,
    "The identity service does not answer.",
    "Try again; if it stays, look at Keystone and at [keystone_authtoken].",
)

# -- templates, capacity ----------------------------------------------------
TEMPLATE_INVALID = _declare(
    "template_invalid",
    400,
    "The device template cannot work.",
    "Correct what the detail names.",
)
NO_FREE_SLOT = _declare(
    "no_free_slot",
    409,
    "The device has no room for the service.",
    "Delete a service of the device, or use a device with more slots.",
)
TYPE_NOT_OFFERED = _declare(
    "type_not_offered",
    409,
    "The device does not host this service type.",
    "Use a device whose template lists the service type.",
)
CONFIG_INVALID = _declare(
    "config_invalid",
    400,
    "The configuration does not fit its schema.",
    "Correct the field that the detail names; the service type shows the "
    "schema.",
)
NO_FREE_ADDRESS = _declare(
    "no_free_address",
    409,
    "The interface's network has no free address.",
    "Delete a device on that network or widen the template's range.",
)

ADDRESS_TAKEN = _declare(
    "address_taken",
    409,
    "Another device has the address.",
    "Choose another address, or leave it out to be given a free one.",
)

QUOTA_EXCEEDED = _declare(
    "quota_exceeded",
    403,
    "The project's quota does not allow this.",
    "Delete what is not needed (servicevm quota show tells what is in use), "
    "or ask an administrator for a higher limit.",
)

# -- operations -------------------------------------------------------------
DEADLINE_EXCEEDED = _declare(
    "deadline_exceeded",
    504,
    "The operation did not end in time.",
    "See the operation's steps, then retry it or delete the resource.",
)
CANCELLED = _declare(
    "cancelled",
    409,
    "The operation was cancelled.",
    "Retry the operation or delete the resource.",
)
SUPERSEDED = _declare(
    "superseded",
    409,
    "A later operation took over.",
    "Look at the resource's newest operation.",
)

# -- the device -------------------------------------------------------------
DEVICE_FAILED = _declare(
    "device_failed",
    409,
    "The device is in ERROR.",
    "See why with device show; retry its operation or delete it.",
)
DEVICE_DIED = _declare(
    "device_died",
    503,
    "The virtual machine stopped running.",
    "See its console log; device reboot starts it again.",
)
DEVICE_MISSING = _declare(
    "device_missing",
    503,
    "The virtual machine no longer exists.",
    "device reboot builds it again, or delete the device.",
)
SERVICE_DIED = _declare(
    "service_died",
    503,
    "The service's own software in the device does not run.",
    "See what its operating status says; service set hands it over again.",
)
IMAGE_MISSING = _declare(
    "image_missing",
    503,
    "The guest image is not there.",
    "Build it with: servicevm-manage image build; on a cloud, upload it and "
    "see that the template names it.",
)
QEMU_MISSING = _declare(
    "qemu_missing",
    503,
    "QEMU is not installed.",
    "Install the package qemu-system-x86.",
)
QEMU_FAILED = _declare(
    "qemu_failed",
    503,
    "QEMU did not start.",
    "The detail has QEMU's own words; see also the device's console log.",
)
KVM_UNUSABLE = _declare(
    "kvm_unusable",
    503,
    "KVM was asked for and cannot run guests here.",
    "Set the accelerator to auto or tcg in the template.",
)
PORT_TAKEN = _declare(
    "port_taken",
    409,
    "The port is taken.",
    "Choose another port, or stop what listens there.",
)
DISK_FULL = _declare(
    "disk_full",
    503,
    "The disk that holds the service's files is full.",
    "Free some space and try again.",
)
NETWORK_MISSING = _declare(
    "network_missing",
    503,
    "The network of an interface does not exist.",
    "Make the bridge or network, or correct the template's network.",
)
NETWORK_REFUSED = _declare(
    "network_refused",
    403,
    "The network or port of an interface cannot be used.",
    "Use a network of the device's project, or one that is shared with it, "
    "or a free port of that project.",
)
PRIVILEGE_MISSING = _declare(
    "privilege_missing",
    503,
    "The service may not do this as this user.",
    "Run it as root, or use the network 'user' in the template.",
)
AGENT_NEVER_CALLED = _declare(
    "agent_never_called",
    504,
    "The agent in the device never called home.",
    "See the console log; then retry the operation or delete the device.",
)
AGENT_NOT_CONNECTED = _declare(
    "agent_not_connected",
    503,
    "The device's agent is not connected.",
    "Wait for it to come back, or reboot the device.",
)
RELAY_UNREACHABLE = _declare(
    "relay_unreachable",
    503,
    "The relay that holds the device's session cannot be reached.",
    "The device may be well: see relay list, and look at the message broker.",
)
AGENT_TIMEOUT = _declare(
    "agent_timeout",
    504,
    "The device's agent did not answer in time.",
    "Try again; if it stays, reboot the device.",
)
AGENT_BUSY = _declare(
    "agent_busy",
    503,
    "The device's agent has too many requests under way.",
    "Try again in a moment.",
)
AGENT_ERROR = _declare(
    "agent_error",
    502,
    "The device's agent refused the request.",
    "The detail has the agent's own words.",
)

# -- a cloud ----------------------------------------------------------------
CLOUD_NOT_CONFIGURED = _declare(
    "cloud_not_configured",
    503,
    "The service knows no cloud.",
    "Set auth_type and what belongs to it in [nova] of servicevm.conf.",
)
CLOUD_UNAVAILABLE = _declare(
    "cloud_unavailable",
    503,
    "The cloud does not answer as it should.",
    "Try again; if it stays, look at the service of the cloud that the "
    "detail names.",
)
CLOUD_CREDENTIALS = _declare(
    "cloud_credentials",
    503,
    "The cloud does not accept the service's credentials.",
    "Correct [nova] in servicevm.conf, or the user in Keystone.",
)
CLOUD_FORBIDDEN = _declare(
    "cloud_forbidden",
    503,
    "The cloud does not let the service's user do this.",
    "Give the user the roles that the manual's page on Nova lists.",
)
CLOUD_QUOTA = _declare(
    "cloud_quota",
    503,
    "A quota of the cloud does not allow this.",
    "Delete what is not needed, or have the quota raised of the project "
    "that the server belongs to; the detail names the quota.",
)
CLOUD_REFUSED = _declare(
    "cloud_refused",
    409,
    "The cloud refused the request.",
    "The detail has the cloud's own words; correct the template.",
)
CLOUD_TOO_OLD = _declare(
    "cloud_too_old",
    501,
    "The cloud's API lacks what is needed.",
    "Use a cloud whose Nova has the microversion in the detail.",
)
NO_VALID_HOST = _declare(
    "no_valid_host",
    503,
    "No host of the cloud has room for the server.",
    "Choose another flavor or availability zone, or add hosts.",
)
FLAVOR_MISSING = _declare(
    "flavor_missing",
    503,
    "There is no such flavor.",
    "Make the flavor, or correct the template.",
)
FLAVOR_TOO_SMALL = _declare(
    "flavor_too_small",
    409,
    "The flavor is too small.",
    "Name a larger flavor in the template, or ask for less.",
)
IMAGE_UNUSABLE = _declare(
    "image_unusable",
    409,
    "The guest image cannot be used.",
    "The detail says why; upload the image again, or name another.",
)
SERVER_FAILED = _declare(
    "server_failed",
    503,
    "The cloud could not build the server.",
    "The detail has Nova's own words; retry the operation or delete the "
    "device.",
)

# -- the guest image --------------------------------------------------------
PLATFORM_UNSUPPORTED = _declare(
    "platform_unsupported",
    501,
    "The guest image cannot be built on this system.",
    "Build it on Debian 12, amd64, and copy the image folder.",
)
TOOL_MISSING = _declare(
    "tool_missing",
    503,
    "A program that is needed is not installed.",
    "Install the package that the detail names.",
)
PACKAGES_UNREACHABLE = _declare(
    "packages_unreachable",
    503,
    "The distribution's packages cannot be fetched.",
    "Check the network and the mirror in /etc/apt, then try again.",
)
IMAGE_BUILD_FAILED = _declare(
    "image_build_failed",
    500,
    "The guest image could not be built.",
    "The detail has the failed tool's own words.",
)
IMAGE_UPLOAD_FAILED = _declare(
    "image_upload_failed",
    500,
    "The guest image could not be uploaded.",
    "Correct what the detail says and run it again; it goes on with what is "
    "there.",
)

# -- services ---------------------------------------------------------------
CONFIG_REFUSED = _declare(
    "config_refused",
    422,
    "The device refused the configuration.",
    "Correct what the detail names and set the configuration again; the "
    "last good one keeps serving.",
)

# -- the channel ------------------------------------------------------------
RELAY_GROUP_BOUND = _declare(
    "relay_group_bound",
    409,
    "The relay group serves another project.",
    "Use a template that names no relay group, or another one; or ask an "
    "administrator for a relay group of the project's own.",
)
NO_RELAY = _declare(
    "no_relay",
    503,
    "The relay group has no relay that lives.",
    "Start a relay of the group ('relay list' shows those there are), then "
    "retry the operation.",
)
RELAY_REFUSED = _declare(
    "relay_refused",
    403,
    "The agent came to a relay that may not serve the device.",
    "device rebuild has it use the relay group that a new device would; "
    "'relay list' and 'device show' say which group each is of.",
)
ENROLMENT_REFUSED = _declare(
    "enrolment_refused",
    403,
    "The agent's enrolment was refused.",
    "If it was not you who used the token, delete the device.",
)
CERTIFICATE_REFUSED = _declare(
    "certificate_refused",
    403,
    "The agent's certificate is not accepted.",
    "Delete the device or build it again.",
)


class ServicevmError(Exception):
    """Something said no.

    :param reason: the stable reason
    :param detail: the particular sentence: what, where, with which values
    :param fields: paths of offending request fields, each with a sentence
    :param members: further members of the API's error, for programs
    """

    def __init__(
        self,
        reason: Reason,
        detail: str = "",
        *,
        fields: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail or reason.title)
        self.reason = reason
        self.detail = detail or reason.title
        self.fields = dict(fields or {})
        self.members = dict(members or {})

    def to_dict(self) -> dict[str, Any]:
        """What crosses a process boundary; read back by `from_dict`."""
        return {
            "kind": type(self).__name__,
            "code": self.reason.code,
            "detail": self.detail,
            "fields": self.fields,
        }


class TransientError(ServicevmError):
    """Trying the same again later can help."""


class PermanentError(ServicevmError):
    """Trying the same again cannot help."""
