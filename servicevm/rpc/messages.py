"""Every message between processes, as data: its shape and its time.

Who receives a message checks it against the shape declared here, whatever
its sender has checked. A message is a method's name and its arguments; an
answer is ``{"result": ...}`` or ``{"error": ...}``, an error as
`servicevm.errors.ServicevmError.to_dict` writes it.

While an installation is upgraded its processes are of two releases. So a
field that is not declared here is of a newer release and is dropped, not
refused; and a field that a release adds is optional at its receivers, since
older senders do not know it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from jsonschema import Draft202012Validator

from servicevm import errors
from servicevm.states import OperatingStatus, Severity

__all__ = [
    "AGENT_EVENTS",
    "CONDUCTOR_API",
    "RELAY_API",
    "Method",
    "Methods",
    "answer",
    "outcome",
]

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Method:
    """One message.

    :param arguments: schema of each
    :param result: schema of what is answered
    :param timeout: seconds that the caller waits for the answer
    :param added: those of the arguments that senders of an older release
        do not know: None, where one is missing
    """

    arguments: Mapping[str, Schema]
    result: Schema = field(default_factory=lambda: {"type": "null"})
    timeout: float = 10.0
    added: Collection[str] = ()

    def check(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments that this release knows.

        :raises PermanentError: BAD_REQUEST, saying where
        """
        _check(self._asked, arguments)
        return {name: arguments.get(name) for name in self.arguments}

    def check_result(self, result: Any) -> None:
        """:raises PermanentError: BAD_REQUEST, saying where"""
        _check(self._answered, result)

    @cached_property
    def _asked(self) -> Draft202012Validator:
        return Draft202012Validator(
            {
                "type": "object",
                "required": [
                    name for name in self.arguments if name not in self.added
                ],
                "properties": self.arguments,
            }
        )

    @cached_property
    def _answered(self) -> Draft202012Validator:
        return Draft202012Validator(self.result)


Methods = Mapping[str, Method]


def _text(longest: int, shortest: int = 0) -> Schema:
    return {"type": "string", "minLength": shortest, "maxLength": longest}


def _record(
    required: Mapping[str, Schema],
    optional: Mapping[str, Schema] | None = None,
) -> Schema:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
    }


_ID: Schema = {
    "type": "string",
    "pattern": r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
}
_NAME = _text(128, 1)
_MAYBE_NAME: Schema = {"anyOf": [_NAME, {"type": "null"}]}
_INTEGER: Schema = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
_SECONDS: Schema = {
    "type": "number",
    "exclusiveMinimum": 0,
    "maximum": 600,
}
_OBJECT: Schema = {"type": "object"}
_SERIAL: Schema = {"type": "string", "pattern": "^[0-9a-f]{1,64}$"}
_STATUS: Schema = {"enum": [str(one) for one in OperatingStatus]}
_PEM = _text(1 << 16, 1)
_BUNDLE = _text(1 << 18, 1)
_CSR = _text(8192, 1)

#: What an agent says of one service, as the relay has cleaned it.
_REPORT = _record(
    {
        "generation": _INTEGER,
        "digest": _text(128),
        "operating_status": _STATUS,
    },
    {
        "failed_generation": {"anyOf": [_INTEGER, {"type": "null"}]},
        "detail": _text(8192),
        "members": {"type": "array", "maxItems": 64 * 256, "items": _OBJECT},
    },
)
_REPORTS: Schema = {
    "type": "object",
    "maxProperties": 64,
    "propertyNames": _ID,
    "additionalProperties": _REPORT,
}
_EPOCHS: Schema = {
    "type": "array",
    "items": _record(
        {"device_id": _ID, "epoch": _INTEGER}, {"reason": _text(1024)}
    ),
}
#: What a service has had since a boot.
_TOTALS = _record(
    {"connections": _INTEGER, "bytes_in": _INTEGER, "bytes_out": _INTEGER}
)
_CERTIFICATE = _record(
    {"device_id": _ID, "certificate": _PEM, "ca_bundle": _BUNDLE}
)

#: What the api asks of any conductor; `servicevm.rpc.base.ConductorApi`.
#: `wake` is told, not asked: nobody waits for an answer.
CONDUCTOR_API: Methods = {
    "wake": Method({}),
    "call_service": Method(
        {
            "host": _record(
                {
                    "device_id": _ID,
                    "mgmt_driver": _NAME,
                    "relay": _MAYBE_NAME,
                }
            ),
            "service_id": _ID,
            "action": _NAME,
            "arguments": _OBJECT,
        },
        _OBJECT,
        timeout=15.0,
        added=["host"],
    ),
    "console_log": Method(
        {"device_id": _ID, "max_bytes": _INTEGER}, {"type": "string"}
    ),
}

#: What relays ask of any conductor; `servicevm.rpc.base.AgentEvents`.
AGENT_EVENTS: Methods = {
    "enrol": Method(
        {
            "token": _text(256, 1),
            "csr": _CSR,
            "peer": _text(256),
            "relay": _MAYBE_NAME,
        },
        _CERTIFICATE,
        added=["relay"],
    ),
    "renew": Method(
        {
            "device_id": _ID,
            "serial": _SERIAL,
            "csr": _CSR,
            "relay": _MAYBE_NAME,
        },
        _CERTIFICATE,
        added=["relay"],
    ),
    "session_opened": Method(
        {
            "device_id": _ID,
            "serial": _SERIAL,
            "relay": _NAME,
            "hello": _record(
                {
                    "proto": _INTEGER,
                    "agent_version": _NAME,
                    "boot_id": _NAME,
                    "ready": {"type": "boolean"},
                    "services": _REPORTS,
                }
            ),
        },
        _record({"epoch": _INTEGER, "ca_bundle": _BUNDLE}),
    ),
    "session_closed": Method(
        {"device_id": _ID, "epoch": _INTEGER, "reason": _text(4096)}
    ),
    "heartbeats": Method(
        {
            "relay": _NAME,
            "beats": {
                "type": "array",
                "maxItems": 1000,
                "items": _record(
                    {
                        "device_id": _ID,
                        "epoch": _INTEGER,
                        "age_us": _INTEGER,
                    },
                    {"services": _REPORTS},
                ),
            },
        },
        _EPOCHS,
    ),
    "counters": Method(
        {
            "relay": _NAME,
            "tallies": {
                "type": "array",
                "maxItems": 500,
                "items": _record(
                    {
                        "device_id": _ID,
                        "boot_id": _text(64, 1),
                        "services": {
                            "type": "object",
                            "maxProperties": 64,
                            "propertyNames": _ID,
                            "additionalProperties": _TOTALS,
                        },
                    }
                ),
            },
        }
    ),
    "result": Method(
        {
            "device_id": _ID,
            "epoch": _INTEGER,
            "result": _record(
                {
                    "service_id": _ID,
                    "generation": _INTEGER,
                    "digest": _text(128),
                    "ok": {"type": "boolean"},
                    "operating_status": _STATUS,
                },
                {"detail": _text(8192)},
            ),
        }
    ),
    "event": Method(
        {
            "device_id": _ID,
            "epoch": _INTEGER,
            "event": _record(
                {
                    "type": _text(64, 1),
                    "severity": {"enum": [str(one) for one in Severity]},
                    "message": _text(2048),
                }
            ),
        }
    ),
    "relay_report": Method(
        {
            "report": _record(
                {
                    "name": _NAME,
                    "host": _text(255),
                    "group": _text(64, 1),
                    "version": _text(64),
                    "address": _text(255),
                    "sessions": _INTEGER,
                    "started_at": _INTEGER,
                }
            )
        },
        _record({"draining": {"type": "boolean"}}),
        timeout=5.0,
    ),
}

#: What conductors and apis ask of one relay; `servicevm.rpc.base.RelayApi`.
#: Of `call` the caller says how long it waits.
RELAY_API: Methods = {
    "call": Method(
        {
            "device_id": _ID,
            "method": {
                "enum": [
                    "apply",
                    "remove",
                    "restart",
                    "action",
                    "interfaces",
                    "status",
                    "ping",
                ]
            },
            "params": _OBJECT,
            "timeout": _SECONDS,
        },
        {},
    ),
    "close_session": Method(
        {"device_id": _ID, "reason": _text(1024)},
        {"type": "boolean"},
        timeout=5.0,
    ),
}


def answer(error: errors.ServicevmError) -> dict[str, Any]:
    """How `error` is answered."""
    return {"error": error.to_dict()}


def outcome(method: Method, answered: Any) -> Any:
    """The result of a call; raises what the other side raised.

    :raises ServicevmError: theirs; INTERNAL, if the answer has no shape
    """
    try:
        refused = not isinstance(answered, dict) or "error" in answered
        if not refused and "result" in answered:
            method.check_result(answered["result"])
            return answered["result"]
        _check(_REFUSAL, answered)
    except errors.PermanentError as error:
        raise errors.PermanentError(
            errors.INTERNAL, f"A process answered out of shape: {error.detail}"
        ) from None
    raise _restored(answered["error"])


def _restored(told: Mapping[str, Any]) -> errors.ServicevmError:
    """What the other side raised, as the same class and reason."""
    kind = (
        errors.TransientError
        if told["kind"] == "TransientError"
        else errors.PermanentError
    )
    reason = errors.REASONS.get(told["code"])
    if reason is None:
        # Of a newer release, in the middle of an upgrade.
        return kind(errors.INTERNAL, f"{told['code']}: {told['detail']}")
    return kind(reason, told["detail"], fields=told["fields"])


_REFUSAL = Draft202012Validator(
    _record(
        {
            "error": _record(
                {
                    "kind": {"enum": ["TransientError", "PermanentError"]},
                    "code": _text(64, 1),
                    "detail": {"type": "string"},
                    "fields": {
                        "type": "object",
                        "additionalProperties": {"type": "string"},
                    },
                }
            )
        }
    )
)


def _check(validator: Draft202012Validator, value: Any) -> None:
    error = next(validator.iter_errors(value), None)
    if error is not None:
        where = "/".join(str(part) for part in error.absolute_path)
        # Not the value: it may be secret, and of any size.
        raise errors.PermanentError(
            errors.BAD_REQUEST,
            f"{where or 'the message'} does not fit: {error.validator}",
        )
