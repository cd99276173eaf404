"""Documents of users, checked by a JSON Schema."""

from collections.abc import Iterator
from typing import Any


def misfits(document: Any, schema: Any) -> dict[str, str]:
    """JSONPath of each field that does not fit to a sentence about it.

    :param schema: JSON Schema, 2020-12
    """
    # 0.1 s, so only where it is needed.
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    fields: dict[str, str] = {}
    for error in Draft202012Validator(schema).iter_errors(document):
        # Of the branches of an anyOf the nearest says most.
        nearest = best_match([error]) or error
        for path, sentence in _problems(nearest):
            fields.setdefault(path, sentence)
    return fields


def _problems(error: Any) -> Iterator[tuple[str, str]]:
    """Path and sentence; a missing or unknown key is named in the path."""
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        for key in error.instance:
            if key not in known:
                names = ", ".join(known) or "none"
                yield (
                    f"{error.json_path}.{key}",
                    f"There is no such field; there are: {names}",
                )
    elif error.validator == "required":
        for key in error.validator_value:
            if key not in error.instance:
                yield f"{error.json_path}.{key}", "It is required"
    else:
        text = " ".join(error.message.split())
        if len(text) > 200:
            text = text[:197] + "..."
        yield error.json_path, text
