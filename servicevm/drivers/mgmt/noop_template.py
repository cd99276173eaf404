"""What a template may say of the agent that there is not."""

from collections.abc import Mapping
from typing import Any

__all__ = ["OPTIONS"]

_CALLS = {
    "bootstrap": "Bootstraps",
    "apply": "Configurations",
    "remove": "Removals",
    "restart": "Restarts",
    "call": "Actions and questions",
}


def _seconds(title: str, description: str) -> dict[str, Any]:
    return {
        "title": f"{title} (s)",
        "type": "number",
        "minimum": 0,
        "maximum": 3600,
        "default": 0,
        "description": description,
    }


#: JSON Schema of the driver's options.
OPTIONS: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "ready_seconds": _seconds(
            "Time to call home", "Time after the boot until it calls home."
        ),
        "apply_seconds": _seconds(
            "Time to configure", "Time until a configuration serves."
        ),
        "unreachable": {
            "title": "Unreachable",
            "type": "boolean",
            "default": False,
            "description": "It never calls home.",
        },
        "refuse": {
            "title": "Refuse",
            "type": "string",
            "minLength": 1,
            "maxLength": 255,
            "description": "Configurations that hold this text are refused.",
        },
        "offline_members": {
            "title": "Members that are down",
            "type": "array",
            "maxItems": 256,
            "items": {
                "title": "Member",
                "type": "string",
                "minLength": 1,
                "maxLength": 63,
            },
            "description": "Members with one of these names never pass their "
            "checks.",
        },
        "failures": {
            "title": "Failures",
            "type": "object",
            "additionalProperties": False,
            "description": "How often a call fails before it works.",
            "properties": {
                name: {
                    "title": title,
                    "type": "integer",
                    "minimum": 0,
                    "default": 0,
                }
                for name, title in _CALLS.items()
            },
        },
    },
}
