"""What the relay may ask of the device. Anything else is refused."""

from __future__ import annotations

import re
from typing import Any, Dict, Mapping

from servicevm_agent import bootstrap
from servicevm_agent.journal import valid_id
from servicevm_agent.wire import Check

Params = Dict[str, Any]
#: 64-bit signed, as in the control plane's database.
_MOST_WITHIN = 3600
_MAX_INT = 2**63 - 1
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def _apply(params: Params) -> None:
    _request_id(params)
    _service_id(params)
    _text(params, "service_type", 64)
    _text(params, "digest", 80)
    _integer(params, "generation")
    _object(params, "config")
    if params.get("fence") is not None:
        _integer(params, "fence")


def _remove(params: Params) -> None:
    _request_id(params)
    _service_id(params)
    _integer(params, "generation")


def _restart(params: Params) -> None:
    _request_id(params)
    _service_id(params)
    if params.get("operation_id") is not None:
        _text(params, "operation_id", 64)


def _action(params: Params) -> None:
    _request_id(params)
    _service_id(params)
    _text(params, "action", 64)
    _object(params, "arguments")


def _interfaces(params: Params) -> None:
    _request_id(params)
    _integer(params, "generation")
    try:
        bootstrap.interfaces(params.get("interfaces"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"interfaces: {error}") from None


def _move(params: Params) -> None:
    value: Any = params.get("within_s")
    if type(value) not in (int, float) or not 0 <= value <= _MOST_WITHIN:
        raise ValueError("within_s is missing or wrong")


def _anything(params: Params) -> None:
    pass


def _request_id(params: Params) -> None:
    """May be missing; it is written into the log as it is."""
    value = params.get("request_id")
    if value is not None and not (
        isinstance(value, str) and _REQUEST_ID.fullmatch(value)
    ):
        raise ValueError("request_id is wrong")


def _service_id(params: Params) -> None:
    value = params.get("service_id")
    if not isinstance(value, str) or not valid_id(value):
        raise ValueError("service_id is missing or wrong")


def _text(params: Params, name: str, longest: int) -> None:
    value = params.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise ValueError(f"{name} is missing or wrong")


def _integer(params: Params, name: str) -> None:
    value: Any = params.get(name)
    if type(value) is not int or not 0 <= value <= _MAX_INT:
        raise ValueError(f"{name} is missing or wrong")


def _object(params: Params, name: str) -> None:
    if not isinstance(params.get(name), dict):
        raise ValueError(f"{name} is missing or wrong")


#: Method to the check of its parameters. There is no way to run a command.
METHODS: Mapping[str, Check] = {
    "apply": _apply,
    "remove": _remove,
    "restart": _restart,
    "action": _action,
    "interfaces": _interfaces,
    "status": _anything,
    "ping": _anything,
    "move": _move,
}
