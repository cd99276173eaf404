"""Write what the service's own JSON Schemas say, for who translates it.

usage: .venv/bin/python -m tools.dashboard.schemas

Forms look it up in the catalogs; the environment that makes these has not
all of the service in it.
"""

import json
import textwrap
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

__all__ = ["PATH", "text"]

PATH = (
    Path(__file__).resolve().parents[2]
    / "servicevm_dashboard"
    / "schema_form"
    / "texts.py"
)

#: Groups of entry points, and which of their schemas people see.
_SHOWN: Mapping[str, tuple[str, ...]] = {
    "servicevm.service_types": ("config_schema", "actions"),
    "servicevm.infra_drivers": ("options_schema",),
    "servicevm.mgmt_drivers": ("options_schema",),
}

#: Words of a schema whose value people read.
_READ = ("title", "description", "x-sentence")

_HEAD = '''\
"""What the service's own schemas say; they are looked up as they come.

Written by tools.dashboard.schemas.
"""

from django.utils.translation import gettext_noop as _

TEXTS = (
'''


def texts() -> list[str]:
    """Each once, in the order in which forms have them."""
    found: dict[str, None] = {}
    for group, names in _SHOWN.items():
        for entry in sorted(entry_points(group=group)):
            if not entry.value.startswith("servicevm."):
                # Another package brings catalogs of its own.
                continue
            loaded = entry.load()
            if group == "servicevm.service_types":
                found[loaded.description] = None
            for name in names:
                found |= dict.fromkeys(_said(getattr(loaded, name)))
    return list(found)


def _said(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        for key, value in schema.items():
            if key == "x-enum-titles":
                yield from value.values()
            elif key in _READ and isinstance(value, str):
                yield value
            else:
                yield from _said(value)
    elif isinstance(schema, list | tuple):
        for each in schema:
            yield from _said(each)


def text() -> str:
    """``schema_form/texts.py``"""
    return _HEAD + "".join(map(_line, texts())) + ")\n"


def _line(said: str) -> str:
    line = f"    _({_quoted(said)}),\n"
    if len(line) <= 80:
        return line
    parts = textwrap.wrap(said, 66, drop_whitespace=False)
    inner = "".join(f"        {_quoted(part)}\n" for part in parts)
    return f"    _(\n{inner}    ),\n"


def _quoted(said: str) -> str:
    return json.dumps(said, ensure_ascii=False)


if __name__ == "__main__":
    PATH.write_text(text())
