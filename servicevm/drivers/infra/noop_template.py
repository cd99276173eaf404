"""What a template may say of a device that is only files."""

from collections.abc import Mapping
from typing import Any

from servicevm import errors

__all__ = ["OPTIONS"]

_VERBS = {
    "create": "Creations",
    "observe": "Looks",
    "delete": "Deletions",
    "reboot": "Reboots",
    "rebuild": "Rebuilds",
}


def _seconds(title: str, description: str, **more: Any) -> dict[str, Any]:
    return {
        "title": f"{title} (s)",
        "type": "number",
        "minimum": 0,
        "maximum": 3600,
        "description": description,
        **more,
    }


def _failures(title: str) -> dict[str, Any]:
    return {
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "required": ["times", "code"],
        "properties": {
            "times": {
                "title": "Times",
                "type": "integer",
                "minimum": 0,
                "description": "How often it fails before it works.",
            },
            "code": {
                "title": "Reason",
                "enum": sorted(errors.REASONS),
                "description": "What it fails with.",
            },
            "transient": {
                "title": "Try again",
                "type": "boolean",
                "default": True,
                "description": "Whether it is tried again.",
            },
        },
    }


#: JSON Schema of the driver's options.
OPTIONS: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "vcpus": {
            "title": "Processors",
            "type": "integer",
            "minimum": 0,
            "maximum": 1024,
            "default": 0,
            "description": "Processors that count in the quota.",
            "x-basic": True,
        },
        "memory_mib": {
            "title": "Memory (MiB)",
            "type": "integer",
            "minimum": 0,
            "maximum": 1 << 24,
            "default": 0,
            "description": "MiB of memory that count in the quota.",
            "x-basic": True,
        },
        "create_seconds": _seconds(
            "Time to start", "Time until a device runs.", default=0
        ),
        "delete_seconds": _seconds(
            "Time to go", "Time until a deleted device is gone.", default=0
        ),
        "die_after_seconds": _seconds(
            "Time to live",
            "Time after its start at which a device stops by itself.",
        ),
        "record_calls": {
            "title": "Keep a journal",
            "type": "boolean",
            "default": False,
            "description": "Keep a line about each call that changes "
            "a device in <state_dir>/noop/journal; nobody deletes it.",
        },
        "keep_bootstrap": {
            "title": "Keep first-boot files",
            "type": "boolean",
            "default": False,
            "description": "Keep the device's first-boot files in "
            "<state_dir>/noop/bootstrap while it exists, for an agent "
            "that is run by hand. They hold its secret.",
        },
        "fail": {
            "title": "Failures",
            "type": "object",
            "description": "Calls that fail, and how often.",
            "additionalProperties": False,
            "properties": {
                verb: _failures(title) for verb, title in _VERBS.items()
            },
        },
    },
}
