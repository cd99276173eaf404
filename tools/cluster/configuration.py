"""The configuration files of the cluster's processes, mode 0600."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["Options", "render", "write"]

#: Group to name to value.
Options = Mapping[str, Mapping[str, Any]]


def render(*layers: Options) -> str:
    """As oslo.config reads it; later layers win, option by option."""
    merged: dict[str, dict[str, Any]] = {}
    for layer in layers:
        for group, options in layer.items():
            merged.setdefault(group, {}).update(options)
    lines = []
    for group, options in merged.items():
        lines.append(f"[{group}]")
        lines += [f"{name} = {_text(v)}" for name, v in options.items()]
        lines.append("")
    return "\n".join(lines)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    # oslo.config would put a variable's value there.
    return str(value).replace("$", "$$")


def write(path: Path, text: str) -> None:
    """Replace the file at once, for nobody else to read."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    fresh.replace(path)
