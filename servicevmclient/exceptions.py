"""Everything that this package raises.

::

    ClientError                  anything below
     +- ConfigError              where or who to ask is not known
     +- InvalidInput             refused here, before anything was sent
     +- ConnectionFailed         the service gave no answer
     +- ApiError                 the service answered with an error
     |   +- BadRequest           4xx that no other class names
     |   +- AuthenticationFailed 401
     |   +- Forbidden            403
     |   +- NotFound             404, and find_*() without a match
     |   +- Conflict             409
     |   |   +- PreconditionFailed  412: it changed since it was read
     |   +- ServerError          5xx
     +- MultipleMatches          a name that fits more than one resource
     +- WaitTimeout              the time to wait ran out
     +- ResourceFailed           what was waited for went to ERROR

Every error has ``status`` (HTTP, or None), ``code`` (stable, machine
readable), ``title``, ``detail``, ``hint`` (what to do next), ``fields``
(path of an offending field to a sentence) and ``request_id``.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from servicevmclient.exit_codes import ExitCode

__all__ = [
    "ApiError",
    "AuthenticationFailed",
    "BadRequest",
    "ClientError",
    "ConfigError",
    "Conflict",
    "ConnectionFailed",
    "Forbidden",
    "InvalidInput",
    "MultipleMatches",
    "NotFound",
    "PreconditionFailed",
    "ResourceFailed",
    "ServerError",
    "WaitTimeout",
]


class ClientError(Exception):
    """Anything that this package raises.

    :param detail: the particular sentence: what, where, which values
    :param title: what went wrong, without the particulars
    :param hint: what can be done about it
    :param fields: path of each offending field and a sentence about it
    """

    #: what a command that ends with this error exits with
    exit_code: ClassVar[ExitCode] = ExitCode.ERROR
    #: used where the service gave no code, title or hint of its own
    default_code: ClassVar[str] = "client_error"
    default_title: ClassVar[str] = "The client failed."
    default_hint: ClassVar[str] = ""

    def __init__(
        self,
        detail: str = "",
        *,
        title: str = "",
        hint: str = "",
        code: str = "",
        status: int | None = None,
        fields: Mapping[str, str] | None = None,
        request_id: str | None = None,
    ) -> None:
        self.status = status
        self.code = code or self.default_code
        self.title = title or self.default_title
        self.detail = detail or self.title
        self.hint = hint or self.default_hint
        self.fields = dict(fields or {})
        self.request_id = request_id
        super().__init__(self.detail)


class ConfigError(ClientError):
    """Where the service is, or who asks, is not known."""

    exit_code = ExitCode.USAGE
    default_code = "client_config"
    default_title = "The client is not configured."
    default_hint = (
        "Name a cloud of clouds.yaml with --os-cloud (OS_CLOUD), or an "
        "endpoint with --os-endpoint (OS_ENDPOINT)."
    )


class InvalidInput(ClientError):
    """Refused here, before anything was sent."""

    exit_code = ExitCode.USAGE
    default_code = "invalid_input"
    default_title = "The input is not valid."
    default_hint = "Correct it and try again; nothing was sent."


class ConnectionFailed(ClientError):
    """The service gave no answer: refused, lost, or too slow."""

    default_code = "no_answer"
    default_title = "The service did not answer."
    default_hint = (
        "Check that the service runs (on one machine: "
        "servicevm-standalone) and that the endpoint is right."
    )


class ApiError(ClientError):
    """The service answered with an error."""

    default_code = "api_error"
    default_title = "The service refused the request."


class BadRequest(ApiError):
    """The request is wrong: status 4xx that no other class names."""

    default_code = "bad_request"


class AuthenticationFailed(ApiError):
    """401: no valid credentials."""

    exit_code = ExitCode.AUTH
    default_code = "unauthenticated"
    default_title = "The credentials are not accepted."
    default_hint = "Check the user name and password, or the token."


class Forbidden(ApiError):
    """403: policy does not allow it."""

    exit_code = ExitCode.AUTH
    default_code = "forbidden"
    default_title = "Policy does not allow this request."


class NotFound(ApiError):
    """404, or a name or id that fits nothing."""

    exit_code = ExitCode.NOT_FOUND
    default_code = "not_found"
    default_title = "There is no such resource."


class Conflict(ApiError):
    """409: contradicts the state of the resource."""

    exit_code = ExitCode.CONFLICT
    default_code = "conflict"


class PreconditionFailed(Conflict):
    """412: the resource changed since it was read."""

    default_code = "precondition_failed"


class ServerError(ApiError):
    """5xx: the service failed."""

    default_code = "internal_error"
    default_title = "The service failed."


class MultipleMatches(ClientError):
    """A name that fits more than one resource.

    :param ids: ids of those it fits (at least two; the first page)
    """

    exit_code = ExitCode.CONFLICT
    default_code = "multiple_matches"
    default_title = "The name fits more than one resource."
    default_hint = "Use the id instead of the name."

    def __init__(
        self, detail: str, ids: Sequence[str], *, hint: str = ""
    ) -> None:
        super().__init__(detail, hint=hint)
        self.ids = tuple(ids)


class WaitTimeout(ClientError):
    """The time to wait ran out; what was waited for goes on."""

    exit_code = ExitCode.TIMED_OUT
    default_code = "wait_timeout"
    default_title = "The time to wait ran out."
    default_hint = "It goes on without us: see it with operation show."


class ResourceFailed(ClientError):
    """What was waited for went to ERROR, or its operation did.

    :param operation_id: the operation that failed, if it is known
    :param step: the step of it that failed, if it is known
    """

    exit_code = ExitCode.RESOURCE_FAILED
    default_code = "resource_failed"
    default_title = "The operation failed."
    default_hint = (
        "See its steps with operation show; then operation retry, or "
        "delete the resource."
    )

    def __init__(
        self,
        detail: str,
        *,
        title: str = "",
        code: str = "",
        hint: str = "",
        request_id: str | None = None,
        operation_id: str | None = None,
        step: str | None = None,
    ) -> None:
        super().__init__(
            detail, title=title, code=code, hint=hint, request_id=request_id
        )
        self.operation_id = operation_id
        self.step = step
