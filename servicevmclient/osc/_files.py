"""YAML or JSON files of users: read strictly, and checked by a schema."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from servicevmclient.exceptions import InvalidInput
from servicevmclient.v1._validation import misfits

#: bytes; the service does not take more either
MAX_BYTES = 1 << 20
#: values in a document, aliases written out
MAX_VALUES = 100_000


def load(path: str, stdin: TextIO) -> dict[str, Any]:
    """The object in a YAML or JSON file.

    Types are those of JSON: ``on``, ``no`` and ``12:30`` are strings, and
    so are dates. A key that is there twice is an error.

    :param path: a file, or ``-`` for standard input
    :raises InvalidInput: with the line, where there is one
    """
    text = _read(path, stdin)
    name = "standard input" if path == "-" else path
    import yaml

    from servicevmclient.osc._yaml import Loader

    try:
        found = yaml.load(text, Loader=Loader)  # noqa: S506 # a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f", line {mark.line + 1}" if mark else ""
        raise InvalidInput(
            f"{name}{where}: {error.problem or error.context}",
            title="The file is neither YAML nor JSON.",
        ) from error
    except yaml.YAMLError as error:
        raise InvalidInput(
            f"{name}: {error}", title="The file is neither YAML nor JSON."
        ) from error
    if not isinstance(found, dict):
        raise InvalidInput(
            f"{name} has no object (keys with values) at its top."
        )
    _bounded(found, name)
    return found


def validate(document: Mapping[str, Any], schema: Any, name: str) -> None:
    """Check a document with a JSON Schema (2020-12).

    :raises InvalidInput: with the JSONPath of each field that is wrong
    """
    fields = misfits(document, schema)
    if fields:
        raise InvalidInput(
            f"{len(fields)} field{'s' * (len(fields) > 1)} of {name} "
            f"{'do' if len(fields) > 1 else 'does'} not fit.",
            title="The configuration does not fit its schema.",
            hint="Correct the fields above; service type show has the "
            "schema. Nothing was sent.",
            code="config_invalid",
            fields=fields,
        )


def _read(path: str, stdin: TextIO) -> str:
    try:
        if path == "-":
            text = stdin.read(MAX_BYTES + 1)
        else:
            with Path(path).open(encoding="utf-8-sig") as file:
                text = file.read(MAX_BYTES + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise InvalidInput(f"Cannot read {path}: {reason}.") from error
    if len(text) > MAX_BYTES:
        raise InvalidInput(f"{path} has more than {MAX_BYTES} characters.")
    return text


def _bounded(document: Any, name: str) -> None:
    for count, _ in enumerate(_values(document)):
        if count >= MAX_VALUES:
            raise InvalidInput(
                f"{name} has more than {MAX_VALUES} values (an alias counts "
                "as often as it is used)."
            )


def _values(value: Any) -> Iterator[Any]:
    stack = [iter([value])]
    while stack:
        for one in stack[-1]:
            yield one
            if isinstance(one, dict):
                stack.append(iter(one.values()))
                break
            if isinstance(one, list):
                stack.append(iter(one))
                break
        else:
            stack.pop()
