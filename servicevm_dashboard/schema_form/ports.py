"""Which fields of a document are ports of the device. Pure."""

from collections.abc import Iterator
from typing import Any

from servicevm_dashboard.schema_form import schemas
from servicevm_dashboard.schema_form.paths import Path
from servicevm_dashboard.schema_form.schemas import Schema

Port = tuple[str, int]


def occupied(schema: Schema, document: Any) -> Iterator[tuple[Path, Port]]:
    """Path of each field with its protocol and number; see ``x-occupies``."""
    yield from _below(schema, document, schema, ())


def _below(
    schema: Any, value: Any, root: Schema, path: Path
) -> Iterator[tuple[Path, Port]]:
    schema = schemas.resolve(schema, root)
    if isinstance(value, dict):
        for key, inner in schema.get("properties", {}).items():
            if key in value:
                yield from _below(inner, value[key], root, (*path, key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _below(schema.get("items"), one, root, (*path, index))
    elif isinstance(value, int) and "x-occupies" in schema:
        yield path, (str(schema["x-occupies"]), value)
