"""Rows that the database hands over as one JSON text each.

PyMySQL takes a microsecond for every value that it reads, and a thousand
devices with all that belongs to them are 40,000. One text for a row, read by
orjson, is a tenth of that, and what is in other tables comes along in the
same statement: `gathered` makes one value of all rows of a subquery.
"""

import collections
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
import sqlalchemy as sa
from oslo_db.sqlalchemy.types import JsonEncodedType
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

#: How each dialect names the function that `array` and `gathered` stand for.
_ARRAY = {
    "mysql": "JSON_ARRAY",
    "postgresql": "json_build_array",
    "sqlite": "json_array",
}
_GATHERED = {
    "mysql": "JSON_ARRAYAGG",
    "postgresql": "json_agg",
    "sqlite": "json_group_array",
}


class Packed(sa.types.UserDefinedType[Any]):
    """A JSON text, which is read as what it stands for."""

    cache_ok = True

    def result_processor(
        self, dialect: Any, coltype: Any
    ) -> Callable[[str | None], Any]:
        return _loads


class array(FunctionElement[Any]):
    """A JSON array of the values."""

    inherit_cache = True
    type = Packed()


class gathered(FunctionElement[Any]):
    """A JSON array of a value of every row, in no order; NULL for none."""

    inherit_cache = True
    type = Packed()


class _text(FunctionElement[Any]):
    """The JSON as text: psycopg2 would read it in its own way."""

    inherit_cache = True
    type = Packed()


@compiles(array)
def _array(element: array, compiler: Any, **more: Any) -> str:
    name = _ARRAY[compiler.dialect.name]
    return f"{name}({compiler.process(element.clauses, **more)})"


@compiles(gathered)
def _gathered(element: gathered, compiler: Any, **more: Any) -> str:
    name = _GATHERED[compiler.dialect.name]
    return f"{name}({compiler.process(element.clauses, **more)})"


@compiles(_text)
def _as_text(element: _text, compiler: Any, **more: Any) -> str:
    found = compiler.process(element.clauses, **more)
    if compiler.dialect.name == "postgresql":
        return f"CAST({found} AS TEXT)"
    return str(found)


def part(
    value: sa.ColumnElement[Any], owner: sa.FromClause, *where: Any
) -> sa.ScalarSelect[Any]:
    """What belongs to a row of `owner` and is in other tables.

    :param value: `array` or `gathered`
    :param where: how it belongs to the row
    """
    return (
        sa.select(_text(value))
        .where(*where)
        .correlate(owner)
        .scalar_subquery()
    )


class Rows:
    """How rows of a kind are read.

    :param columns: attribute to column
    :param parts: further attributes: of other tables, see `part`
    """

    def __init__(
        self,
        columns: Mapping[str, sa.Column[Any]],
        parts: Mapping[str, Any],
    ) -> None:
        #: What to select.
        self.selected: Sequence[sa.ColumnElement[Any]] = [
            _text(array(*columns.values())),
            *parts.values(),
        ]
        self._make: Callable[..., Any] = collections.namedtuple(  # type: ignore[misc]
            "Row", (*columns, *parts)
        )
        self._readers = [
            (position, reader)
            for position, column in enumerate(columns.values())
            if (reader := _reader(column.type)) is not None
        ]

    def read(self, found: Sequence[Any]) -> Any:
        """A tuple with the attributes, of a row of what was selected."""
        values = found[0]
        for position, reader in self._readers:
            values[position] = reader(values[position])
        return self._make(*values, *found[1:])


def _loads(text: str | None) -> Any:
    return None if text is None else orjson.loads(text)


def _reader(kind: Any) -> Callable[[Any], Any] | None:
    """What JSON has in another way than the column."""
    if isinstance(kind, sa.Boolean):
        return bool
    if isinstance(kind, JsonEncodedType):
        # A text in the text: numbers in it may have more than 64 bits,
        # which orjson does not read.
        return functools.partial(kind.process_result_value, dialect=None)
    return None
