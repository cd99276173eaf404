"""JSON Schema for requests and responses, with sentences for people.

One difference to the library: a ``$`` in a pattern is the end of the text,
as the standard says, where Python's ``$`` lets a line feed follow it.
"""

import functools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

import jsonschema
from jsonschema import validators

from servicevm.errors import INVALID_FIELD, UNKNOWN_FIELD, PermanentError

Schema = Mapping[str, Any]

#: Keyword beside a ``pattern``: what it asks for, in words.
SENTENCE = "x-sentence"

#: Most fields that one answer complains about.
_MAX_FIELDS = 20

_NOUNS = {
    "object": "an object",
    "array": "a list",
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


@functools.lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    if pattern.endswith("$") and not pattern.endswith(r"\$"):
        pattern = pattern[:-1] + r"\Z"
    return re.compile(pattern)


def _pattern(
    validator: Any, pattern: str, instance: Any, schema: Schema
) -> Iterator[jsonschema.ValidationError]:
    if isinstance(instance, str) and not _compiled(pattern).search(instance):
        yield jsonschema.ValidationError("has characters it may not have")


def _unique(
    validator: Any, wanted: bool, instance: Any, schema: Schema
) -> Iterator[jsonschema.ValidationError]:
    """Linear, where the library compares each item with each: minutes."""
    if wanted and isinstance(instance, list):
        texts = {json.dumps(item, sort_keys=True) for item in instance}
        if len(texts) < len(instance):
            yield jsonschema.ValidationError("has an item twice")


_Validator: Any = validators.extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft202012Validator,
    {"pattern": _pattern, "uniqueItems": _unique},
    # The library also takes 80.0 for an integer; a digest of the canonical
    # JSON would not.
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
        "integer",
        lambda checker, value: (
            isinstance(value, int) and not isinstance(value, bool)
        ),
    ),
)


def validator(schema: Schema) -> Any:
    """A validator of `schema`, to be kept: making one is slow.

    :raises jsonschema.SchemaError: if it is not a schema
    """
    _Validator.check_schema(schema)
    return own(schema)


def own(schema: Schema) -> Any:
    """A validator of a schema of the API itself.

    That it is a schema is for a test to find out: to look at all of them
    took twice as long as all other imports of the API (2026-11).
    """
    return _Validator(schema)


def kept(schema: Schema) -> Any:
    """`validator`, made once for each of a few schemas that come by name.

    :raises jsonschema.SchemaError: if it is not a schema
    """
    return _kept(json.dumps(schema, sort_keys=True))


@functools.lru_cache(maxsize=128)
def _kept(text: str) -> Any:
    return validator(json.loads(text))


def problems(
    checker: Any, instance: object, at: str = "$"
) -> tuple[dict[str, str], bool]:
    """Every field that does not fit.

    :param checker: from `validator`
    :param at: JSONPath of `instance` in what the user sent
    :returns: JSONPath to sentence; whether unknown fields are all there is
    """
    found: dict[str, str] = {}
    only_unknown = True
    for error in checker.iter_errors(instance):
        for leaf in _leaves(error):
            only_unknown &= leaf.validator == "additionalProperties"
            for path, sentence in _sentences(leaf):
                found.setdefault(at + path.removeprefix("$"), sentence)
                if len(found) >= _MAX_FIELDS:
                    return found, only_unknown
    return found, only_unknown


def check(checker: Any, instance: object, what: str, at: str = "$") -> None:
    """Refuse what does not fit.

    :raises PermanentError: UNKNOWN_FIELD or INVALID_FIELD, with `fields`
    """
    found, only_unknown = problems(checker, instance, at)
    if found:
        refuse(
            found,
            what,
            UNKNOWN_FIELD if only_unknown else INVALID_FIELD,
        )


def refuse(
    fields: Mapping[str, str], what: str, reason: Any = INVALID_FIELD
) -> NoReturn:
    """Refuse `what` because of `fields`.

    :raises PermanentError: always
    """
    path, sentence = next(iter(fields.items()))
    more = len(fields) - 1
    detail = f"{what}: {path}: {sentence}"
    if more:
        detail += f" And {more} more, see fields."
    raise PermanentError(reason, detail, fields=fields)


def _leaves(
    error: jsonschema.ValidationError,
) -> Iterator[jsonschema.ValidationError]:
    """The errors below an anyOf or oneOf, of its nearest branch."""
    if not error.context:
        yield error
        return
    nearest = max(
        {item.schema_path[0] for item in error.context},
        key=lambda branch: max(
            len(item.path)
            for item in error.context or ()
            if item.schema_path[0] == branch
        ),
    )
    for item in error.context:
        if item.schema_path[0] == nearest:
            yield from _leaves(item)


def _sentences(
    error: jsonschema.ValidationError,
) -> Iterator[tuple[str, str]]:
    path = error.json_path
    schema: Any = error.schema
    value: Any = error.validator_value
    instance: Any = error.instance
    match error.validator:
        case "additionalProperties":
            known = sorted(schema.get("properties", {}))
            for name in instance:
                if name not in known:
                    yield (
                        _below(path, name),
                        (
                            "There is no such field; those here are: "
                            f"{', '.join(known) or 'none'}."
                        ),
                    )
        case "required":
            for name in value:
                if name not in instance:
                    yield _below(path, name), "This field is required."
        case "type":
            wanted = [value] if isinstance(value, str) else value
            nouns = " or ".join(_NOUNS[name] for name in wanted)
            yield path, f"It must be {nouns}, not {_noun(instance)}."
        case "enum":
            names = ", ".join(str(item) for item in value)
            yield path, f"It must be one of: {names}."
        case "const":
            yield path, f"It must be {value}."
        case "pattern":
            yield (
                path,
                schema.get(SENTENCE, f"It must match the pattern {value}"),
            )
        case "minLength":
            yield path, f"It must have {value} or more characters."
        case "maxLength":
            yield path, f"It must have {value} or fewer characters."
        case "minItems":
            yield path, f"It must have {value} or more items."
        case "maxItems":
            yield path, f"It must have {value} or fewer items."
        case "minProperties":
            yield path, f"It must have {value} or more fields."
        case "maxProperties":
            yield path, f"It must have {value} or fewer fields."
        case "uniqueItems":
            yield path, "No two items may be the same."
        case "minimum":
            yield path, f"It must be {value} or more."
        case "maximum":
            yield path, f"It must be {value} or less."
        case _:
            yield path, f"It does not fit: {error.message[:200]}"


def _below(path: str, name: object) -> str:
    # A name that the user made up: keep it short and on one line.
    text = str(name)[:64]
    return f"{path}.{text}" if text.isidentifier() else f"{path}[{text!r}]"


def _noun(instance: object) -> str:
    match instance:
        case bool():
            return "true or false"
        case None:
            return "null"
        case int():
            return "an integer"
        case float():
            return "a number with a fraction or exponent"
        case str():
            return "a string"
        case Sequence():
            return "a list"
    return "an object"


def floats(instance: object, path: str) -> Iterator[str]:
    """Paths of the numbers in `instance` that are not integers."""
    if isinstance(instance, float):
        yield path
    elif isinstance(instance, Mapping):
        for name, item in instance.items():
            yield from floats(item, f"{path}.{name}")
    elif isinstance(instance, list):
        for index, item in enumerate(instance):
            yield from floats(item, f"{path}[{index}]")
