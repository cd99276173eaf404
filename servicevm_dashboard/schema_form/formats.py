"""Whether a text has the format that its schema wants. Pure.

``"format": "ipv4"``, or one of several: ``"anyOf": [{"type": "string",
"format": "ipv4"}, {"type": "string", "format": "ipv6"}]``. A format that
nobody here knows is not checked.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jsonschema
from django.utils.translation import gettext as _

#: https://www.rfc-editor.org/rfc/rfc1123#page-13
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOSTNAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")

_LIBRARY = jsonschema.Draft202012Validator.FORMAT_CHECKER


def of(schema: Mapping[str, Any]) -> Sequence[str]:
    """Names of the formats of which a text has one; empty: any will do."""
    branches = schema.get("anyOf")
    if isinstance(branches, list) and only(schema):
        return [branch["format"] for branch in branches]
    named = schema.get("format")
    return [named] if isinstance(named, str) else []


def only(schema: Mapping[str, Any]) -> bool:
    """Whether the branches of an ``anyOf`` are formats and nothing else."""
    return all(
        isinstance(branch, Mapping)
        and isinstance(branch.get("format"), str)
        and {**branch, "type": "string"}.keys() == {"type", "format"}
        and branch.get("type", "string") == "string"
        for branch in schema["anyOf"]
    )


def fits(text: str, names: Sequence[str]) -> bool:
    """Whether it has one of these formats."""
    return not names or any(_has(text, name) for name in names)


def sentence(names: Sequence[str]) -> str:
    """What it has to be."""
    sentences = {
        frozenset({"ipv4"}): _(
            "It must be an IPv4 address, such as 192.0.2.10."
        ),
        frozenset({"ipv6"}): _(
            "It must be an IPv6 address, such as 2001:db8::10."
        ),
        frozenset({"ipv4", "ipv6"}): _("It must be an IPv4 or IPv6 address."),
        frozenset({"hostname"}): _(
            "It must be the name of a host, such as www.example.org."
        ),
    }
    return sentences.get(frozenset(names)) or _(
        "It is not written as it has to be: %(formats)s."
    ) % {"formats": ", ".join(names)}


def in_browser(names: Sequence[str]) -> str:
    """Those, if ``schema_form.js`` knows all of them; else nothing."""
    return " ".join(names) if set(names) <= set(_OURS) else ""


def _ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _ipv6(text: str) -> bool:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return False
    # A zone means something on one machine only.
    return address.scope_id is None


def _hostname(text: str) -> bool:
    return _HOSTNAME.fullmatch(text) is not None


_OURS: Mapping[str, Callable[[str], bool]] = {
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "hostname": _hostname,
}


def _has(text: str, name: str) -> bool:
    if name in _OURS:
        return _OURS[name](text)
    return bool(_LIBRARY.conforms(text, name))
