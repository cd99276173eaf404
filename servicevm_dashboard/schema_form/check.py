"""Whether a document fits its schema, in sentences next to the fields. Pure.

What only the service knows it says itself, see `SchemaForm.refuse`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from servicevm_dashboard.schema_form import formats, paths, schemas
from servicevm_dashboard.schema_form.paths import Path
from servicevm_dashboard.schema_form.schemas import Schema
from servicevm_dashboard.schema_form.values import Unread


def check(schema: Schema, document: Any) -> dict[Path, list[str]]:
    """Sentences about each field that does not fit; empty if all do."""
    found: dict[Path, list[str]] = {}
    for path in _unread(document, ()):
        found[path] = [_("This is not JSON.")]
    # Not checked is the schema itself: who wrote it did that.
    validator = jsonschema.Draft202012Validator(schema)
    for error in validator.iter_errors(document):
        for path, sentence in _sentences(error):
            if path not in found:
                found[path] = [sentence]
    for path, sentence in _beyond(schema, document, document, schema, ()):
        found.setdefault(path, [sentence])
    return found


def _unread(document: Any, path: Path) -> Iterator[Path]:
    if isinstance(document, Unread):
        yield path
    elif isinstance(document, dict):
        for key, value in document.items():
            yield from _unread(value, (*path, key))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from _unread(value, (*path, index))


def _beyond(
    schema: Any, value: Any, document: Any, root: Schema, path: Path
) -> Iterator[tuple[Path, str]]:
    """What the library does not look at: formats, and what refers to others
    of the document.
    """
    schema = schemas.resolve(schema, root)
    if isinstance(value, dict):
        for key, inner in schema.get("properties", {}).items():
            if key in value:
                yield from _beyond(
                    inner, value[key], document, root, (*path, key)
                )
    elif isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        yield from _doubles(schema, value, root, path)
        for index, one in enumerate(value):
            yield from _beyond(
                schema["items"], one, document, root, (*path, index)
            )
    elif isinstance(value, str) and not isinstance(value, Unread):
        yield from ((path, one) for one in _text(schema, value, document))


def _text(schema: Schema, value: str, document: Any) -> Iterator[str]:
    asked = formats.of(schema)
    if not formats.fits(value, asked):
        yield (
            schemas.translated(schema.get("x-sentence"))
            or formats.sentence(asked)
        )
    if "x-reference" not in schema:
        return
    known = paths.values(document, schema["x-reference"])
    if value not in known:
        names = ", ".join(map(str, known))
        sentence = _("There is no %(name)s; there are: %(names)s.")
        if not names:
            sentence = _("There is no %(name)s.")
        yield sentence % {"name": value, "names": names}


def _doubles(
    schema: Schema, items: list[Any], root: Schema, path: Path
) -> Iterator[tuple[Path, str]]:
    """Items that are what no two may be; see ``x-unique``."""
    fields = schemas.resolve(schema["items"], root).get("properties", {})
    for keys in _unique(schema.get("x-unique")):
        seen = set()
        labels = ", ".join(
            schemas.label(schemas.resolve(fields.get(key), root), key)
            for key in keys
        )
        for index, item in enumerate(items):
            values = [
                item.get(key) if isinstance(item, dict) else None
                for key in keys
            ]
            if not all(isinstance(one, str | int) for one in values):
                continue
            if tuple(values) in seen:
                yield (*path, index, keys[0]), _double(keys, labels)
            seen.add(tuple(values))


def _unique(words: Any) -> Iterator[tuple[str, ...]]:
    """Fields that are unique, and those that are so together."""
    for one in words if isinstance(words, list) else [words]:
        if isinstance(one, str):
            yield (one,)
        elif isinstance(one, list) and one:
            yield tuple(map(str, one))


def _double(keys: tuple[str, ...], labels: str) -> str:
    if len(keys) == 1:
        return _limit("uniqueItems", None, "")
    return _("Another one has the same: %(fields)s.") % {"fields": labels}


def _sentences(
    error: jsonschema.ValidationError,
) -> Iterator[tuple[Path, str]]:
    path: Path = tuple(error.absolute_path)
    schema: Any = error.schema
    limit: Any = error.validator_value
    match error.validator:
        case "required":
            # The library has an error for each, with all names in it.
            for key in limit:
                if key not in error.instance:
                    yield (*path, key), _required(schema, key)
        case "additionalProperties":
            for key in error.instance:
                if key not in schema.get("properties", {}):
                    sentence = _("There is no field %(name)s.")
                    yield (*path, "*"), sentence % {"name": key}
        case "type":
            yield path, _wrong_type(limit)
        case "pattern":
            yield (
                path,
                schemas.translated(schema.get("x-sentence"))
                or _(
                    "It has characters that it may not have, or is not "
                    "complete."
                ),
            )
        case _:
            yield path, _limit(str(error.validator), limit, error.message)


def _required(schema: Schema, key: str) -> str:
    inner = schema.get("properties", {}).get(key, {})
    what = schemas.kind(inner) if isinstance(inner, Mapping) else ""
    if what == "choice":
        return _("Choose one.")
    if what == "array":
        return _("Add at least one.")
    return _("This field is required.")


def _wrong_type(wanted: Any) -> str:
    sentences = {
        "integer": _("Enter a whole number."),
        "number": _("Enter a number."),
        "boolean": _("It is either true or false."),
        "array": _("Enter a list, as JSON."),
        "object": _("Enter an object, as JSON."),
    }
    named = wanted if isinstance(wanted, str) else "string"
    return sentences.get(named, _("It can not have this value."))


def _limit(rule: str, limit: Any, message: str) -> str:
    number = int(limit) if isinstance(limit, int | float) else 0
    sentences = {
        "enum": _("Choose one of those that there are."),
        "const": _("Choose one of those that there are."),
        "minimum": _("It must be %(limit)s or more."),
        "maximum": _("It must be %(limit)s or less."),
        "exclusiveMinimum": _("It must be more than %(limit)s."),
        "exclusiveMaximum": _("It must be less than %(limit)s."),
        "multipleOf": _("It must be a multiple of %(limit)s."),
        "uniqueItems": _("No two of them may be the same."),
        "minLength": ngettext(
            "It must have %(limit)s character or more.",
            "It must have %(limit)s characters or more.",
            number,
        ),
        "maxLength": ngettext(
            "It must have %(limit)s character or fewer.",
            "It must have %(limit)s characters or fewer.",
            number,
        ),
        "minItems": ngettext(
            "There must be at least %(limit)s.",
            "There must be at least %(limit)s.",
            number,
        ),
        "maxItems": ngettext(
            "There can be %(limit)s at most.",
            "There can be %(limit)s at most.",
            number,
        ),
    }
    if rule in sentences:
        return sentences[rule] % {"limit": limit}
    return _("It does not fit: %(why)s") % {"why": message[:200]}
