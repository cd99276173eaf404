"""Native constraints of an input, out of a schema. Pure."""

import re
from typing import Any

from django.utils.translation import gettext as _

from servicevm_dashboard.schema_form import formats, paths, schemas
from servicevm_dashboard.schema_form.nodes import Node
from servicevm_dashboard.schema_form.schemas import Schema

#: Keyword of a schema to attribute of an input.
_ATTRS = {
    "string": {
        "minLength": "minlength",
        "maxLength": "maxlength",
        "pattern": "pattern",
    },
    "integer": {"minimum": "min", "maximum": "max"},
    "number": {"minimum": "min", "maximum": "max"},
}

#: A class of characters in a pattern.
_CLASS = re.compile(r"(?<!\\)\[(\^?)((?:\\.|[^\]\\])+)\]")
#: Escapes that need none, outside of a class and in one.
_OUTSIDE = re.compile(r"(?<!\\)\\(_|[^\w^$\\.*+?()\[\]{}|/])")
_INSIDE = re.compile(r"(?<!\\)\\(_|[^\w^$\\.*+?()\[\]{}|/&!#%,:;<=>@`~-])")
#: In a class, operators or reserved to become some.
_TWICE = re.compile(r"(?<!\\)([&!#$%*+,.:;<=>?@^`~])\1")


def attributes(node: Node, schema: Schema, prefix: str) -> dict[str, Any]:
    """What a browser is told of a field, but for its value.

    :param prefix: begins the names of all inputs
    """
    attrs = {
        attribute: schema[keyword]
        for keyword, attribute in _ATTRS[node.kind].items()
        if keyword in schema
    }
    if node.kind == "string":
        if node.multiline:
            attrs.pop("pattern", None)
        if "pattern" in attrs:
            attrs["title"] = schemas.translated(
                schema.get("x-sentence")
                or _("It has characters that it may not have.")
            )
            # An input's is for the whole value.
            attrs["pattern"] = _whole(str(attrs["pattern"]))
        names = formats.of(schema)
        if formats.in_browser(names):
            attrs["data-format"] = formats.in_browser(names)
            attrs["data-format-says"] = schemas.translated(
                schema.get("x-sentence")
            ) or formats.sentence(names)
    else:
        attrs["step"] = "1" if node.kind == "integer" else "any"
    if "default" in schema:
        attrs["placeholder"] = schemas.text(schema["default"])
    elif schema.get("examples"):
        attrs["placeholder"] = schemas.text(schema["examples"][0])
    if "x-reference" in schema:
        attrs["list"] = f"{node.id}-list"
        attrs["autocomplete"] = "off"
        attrs["data-reference"] = paths.pattern(prefix, schema["x-reference"])
    return attrs


def _whole(pattern: str) -> str:
    start = "" if pattern.startswith("^") else ".*"
    end = "" if pattern.endswith("$") else ".*"
    whole = f"{start}(?:{pattern}){end}" if start or end else pattern
    parts, at = [], 0
    for found in _CLASS.finditer(whole):
        parts += [_OUTSIDE.sub(r"\1", whole[at : found.start()])]
        parts += [_escaped(found)]
        at = found.end()
    return "".join([*parts, _OUTSIDE.sub(r"\1", whole[at:])])


def _escaped(found: re.Match[str]) -> str:
    """A class of characters as HTML wants it: its syntax is stricter.

    The pattern of an input is compiled with the flag ``v``, where the
    characters of syntax are escaped, a hyphen that is no range and doubled
    punctuation as well, and nothing else is. One that can not be compiled
    is none to a browser.
    """
    inner = _INSIDE.sub(r"\1", found[2])
    inner = re.sub(r"(?<!\\)([(){}/|\[])", r"\\\1", inner)
    inner = re.sub(r"^-|(?<!\\)-$|(?<=\\[dswDSW])-", r"\\-", inner)
    inner = _TWICE.sub(r"\\\1\\\1", inner)
    return f"[{found[1]}{inner}]"
