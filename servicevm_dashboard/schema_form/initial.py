"""A document to begin with, so that nobody starts with an empty page. Pure."""

import copy
import re
from collections.abc import Mapping, Sequence
from typing import Any

from servicevm_dashboard.schema_form import paths, schemas
from servicevm_dashboard.schema_form.schemas import Schema


def document(schema: Schema) -> Any:
    """What is required, with one item in each list, named and connected."""
    found = value(schema, schema)
    _connect(found, schema, schema, found)
    return found


def value(
    schema: Any, root: Schema, key: str = "", within: Sequence[Schema] = ()
) -> Any:
    """What a field starts with.

    :param key: what it is called in its object
    :param within: schemas of the objects that it is in: a list of what it
        is in starts empty
    """
    schema = schemas.resolve(schema, root)
    if "default" in schema:
        return copy.deepcopy(schema["default"])
    what = schemas.kind(schema)
    if what == "choice":
        return schema.get("const", schema.get("enum", [""])[0])
    if what == "array":
        items = schemas.resolve(schema["items"], root)
        if schemas.kind(items) != "object" and not schema.get("minItems"):
            return []
        if items in within:
            return []
        return [item(schema, items, root, key, 1, within)]
    if what == "object" and schema not in within:
        properties = schema["properties"]
        return {
            name: value(properties[name], root, name, (*within, schema))
            for name in schema.get("required", ())
            if name in properties
        }
    if what == "object":
        return {}
    return False if what == "boolean" else ""


def item(
    schema: Schema,
    items: Schema,
    root: Schema,
    key: str,
    number: int | str,
    within: Sequence[Schema] = (),
) -> Any:
    """A new item of a list, with a name that nobody has to think of.

    :param items: the items' schema
    :param key: what the list is called in its object
    :param number: of the item; text where a script puts it
    :param within: as for `value`
    """
    found = value(items, root, within=within)
    if schemas.kind(items) == "object":
        noun = schemas.item(items, key)
        for name in found:
            wanted = schemas.resolve(items["properties"][name], root)
            stem = suggestion(wanted, name, noun)
            if stem:
                found[name] = f"{stem}{number}"
    return found


def suggestion(schema: Schema, key: str, noun: str) -> str:
    """``listener-``: what a number makes a name of; else nothing.

    Items of a list have names because they refer to each other.

    :param noun: what one item is called, in any language the same
    """
    if key != "name" or schemas.kind(schema) != "string":
        return ""
    stem = re.sub(r"[^a-z0-9]+", "-", noun.lower()).strip("-")
    example = f"{stem}-1"
    short = len(example) + 2 <= schema.get("maxLength", 64)
    fits = re.search(schema.get("pattern", ""), example)
    return f"{stem}-" if stem and short and fits else ""


def _connect(found: Any, schema: Any, root: Schema, whole: Any) -> None:
    """Fill in references that have one thing to refer to."""
    schema = schemas.resolve(schema, root)
    if isinstance(found, list) and isinstance(schema.get("items"), Mapping):
        for one in found:
            _connect(one, schema["items"], root, whole)
    if not isinstance(found, dict):
        return
    for key, inner in schema.get("properties", {}).items():
        inner = schemas.resolve(inner, root)
        if found.get(key) == "" and "x-reference" in inner:
            names = paths.values(whole, inner["x-reference"])
            if len(names) == 1:
                found[key] = names[0]
        elif key in found:
            _connect(found[key], inner, root, whole)
