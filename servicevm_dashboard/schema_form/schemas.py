"""What a schema says of a field. Pure."""

import json
import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from servicevm_dashboard.schema_form import formats

Schema = Mapping[str, Any]

SCALARS = frozenset({"string", "integer", "number", "boolean"})

#: Deeper than that it is JSON text: a schema may contain itself.
DEEPEST = 8

_WORDS = {
    "api": "API",
    "cidr": "CIDR",
    "cpu": "CPU",
    "http": "HTTP",
    "https": "HTTPS",
    "id": "ID",
    "ip": "IP",
    "ips": "IPs",
    "ipv4": "IPv4",
    "ipv6": "IPv6",
    "tcp": "TCP",
    "tls": "TLS",
    "udp": "UDP",
    "uri": "URI",
    "url": "URL",
    "vcpus": "vCPUs",
    "vip": "VIP",
}
_UNITS = {
    "ms": "ms",
    "seconds": "s",
    "mib": "MiB",
    "gib": "GiB",
    "bytes": "bytes",
}


def resolve(schema: Any, root: Schema) -> Schema:
    """The schema that a local ``$ref`` means; a ``true`` allows anything."""
    for _ in range(DEEPEST):
        if not isinstance(schema, Mapping):
            return {}
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#"):
            return schema
        found: Any = root
        for step in reference.lstrip("#/").split("/"):
            if step:
                found = found.get(step.replace("~1", "/").replace("~0", "~"))
        beside = {key: schema[key] for key in schema if key != "$ref"}
        schema = {**found, **beside}
    return {}


def kind(schema: Schema, depth: int = 0) -> str:
    """``object``, ``array``, ``choice``, a scalar type, or ``json``."""
    if depth >= DEEPEST or any(
        word in schema for word in ("oneOf", "allOf", "not", "if")
    ):
        return "json"
    if "anyOf" in schema and not formats.only(schema):
        return "json"
    if "const" in schema:
        return "choice"
    if isinstance(schema.get("enum"), list):
        plain = all(isinstance(one, str | int) for one in schema["enum"])
        return "choice" if plain and schema["enum"] else "json"
    named = schema.get("type")
    if named == "object" or (named is None and "properties" in schema):
        return "object" if "properties" in schema else "json"
    if named == "array" or (named is None and "items" in schema):
        return "array" if isinstance(schema.get("items"), Mapping) else "json"
    return named if named in SCALARS else "json"


def fits(kind: str, value: Any) -> bool:
    """Whether a form of this kind can show the value at all."""
    if kind == "object":
        return isinstance(value, dict)
    if kind == "array":
        return isinstance(value, list)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in ("integer", "number") and isinstance(value, bool):
        return False
    return kind == "json" or not isinstance(value, dict | list | None)


def label(schema: Schema, key: str) -> str:
    """What a person calls the field."""
    return translated(schema.get("title")) or readable(key)


def item(items: Schema, key: str) -> str:
    """One item of a list as its schema calls it: "listener".

    It is the same in every language, for what names are made of.
    """
    title = items.get("title")
    if title:
        return str(title)
    word = re.sub(r"ies$", "y", key)
    word = re.sub(r"sses$", "ss", word) if word == key else word
    return readable(re.sub(r"(?<!s)s$", "", word))


def singular(items: Schema, key: str) -> str:
    """What a person calls one item of a list."""
    return translated(item(items, key))


def readable(key: str) -> str:
    """``connect_timeout_ms`` as "Connect timeout (ms)"."""
    parts = re.split(r"[_\s-]+", key.strip("_"))
    unit = _UNITS.get(parts[-1]) if len(parts) > 1 else None
    if unit:
        parts.pop()
    words = [_WORDS.get(part.lower(), part) for part in parts]
    text = " ".join(words)
    text = text if words[0] in _WORDS.values() else text[:1].upper() + text[1:]
    return f"{text} ({unit})" if unit else text


def translated(text: Any) -> str:
    """In the user's language, where a catalogue has it."""
    return gettext(str(text)) if text else ""


def options(schema: Schema) -> list[tuple[str, str]]:
    """Each value of an enumeration as text, and its word."""
    values = [schema["const"]] if "const" in schema else schema["enum"]
    titles = schema.get("x-enum-titles") or {}
    if isinstance(titles, list):
        titles = dict(zip(map(text, values), titles, strict=False))
    return [
        (
            text(value),
            translated(titles.get(text(value)))
            or (readable(value) if isinstance(value, str) else text(value)),
        )
        for value in values
    ]


def chosen(schema: Schema, given: str) -> Any:
    """The value of an enumeration that this text stands for."""
    values = [schema["const"]] if "const" in schema else schema["enum"]
    return next((one for one in values if text(one) == given), given)


def text(value: Any) -> str:
    """A value as an input shows it."""
    return value if isinstance(value, str) else json.dumps(value)
