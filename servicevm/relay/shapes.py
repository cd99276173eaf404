"""Shapes of JSON values that come from agents.

A shape is data. ``clean(value, where)`` gives a fresh value that holds
nothing but what the shape names, or raises ValueError with a sentence that
says where. Unknown fields are dropped, not refused: an image is older or
newer than its relay.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

MAX_INT = 2**63 - 1

#: Where a value is: of the outermost a name, of others where what holds them
#: is, and their name, index, or None for a key. Put into words only when
#: there is something to be said: that takes as long as a look at a value.
Where = str | tuple[Any, str | int | None]


class Shape(Protocol):
    def clean(self, value: Any, where: Where) -> Any: ...


@dataclass(frozen=True)
class Integer:
    low: int = 0
    high: int = MAX_INT

    def clean(self, value: Any, where: Where) -> int:
        # bool is an int in Python, not in JSON.
        if type(value) is not int or not self.low <= value <= self.high:
            raise ValueError(
                f"{_said(where)} must be an integer from {self.low} "
                f"to {self.high}"
            )
        return value


@dataclass(frozen=True)
class Boolean:
    def clean(self, value: Any, where: Where) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"{_said(where)} must be true or false")
        return value


@dataclass(frozen=True)
class Word:
    """A string that matches `pattern` as a whole."""

    pattern: str

    @cached_property
    def _matches(self) -> Callable[[str], object]:
        return re.compile(self.pattern).fullmatch

    def clean(self, value: Any, where: Where) -> str:
        if type(value) is not str or not self._matches(value):
            raise ValueError(f"{_said(where)} must match {self.pattern}")
        return value


@dataclass(frozen=True)
class Choice:
    values: frozenset[str]

    def clean(self, value: Any, where: Where) -> str:
        if type(value) is not str or value not in self.values:
            raise ValueError(
                f"{_said(where)} must be one of "
                f"{', '.join(sorted(self.values))}"
            )
        return value


@dataclass(frozen=True)
class Text:
    """Words for people: cut at `longest` characters rather than refused.

    Control characters and lone surrogates are replaced: the text ends up in
    databases, logs and terminals.
    """

    longest: int

    def clean(self, value: Any, where: Where) -> str:
        if type(value) is not str:
            raise ValueError(f"{_said(where)} must be a string")
        if value.isascii() and value.isprintable():
            return value[: self.longest]
        return "".join(
            char
            if char.isprintable() or char == "\n"
            else (" " if char.isspace() else "\ufffd")
            for char in value[: self.longest]
        )


@dataclass(frozen=True)
class Optional:
    """The value or null."""

    shape: Shape

    def clean(self, value: Any, where: Where) -> Any:
        return None if value is None else self.shape.clean(value, where)


@dataclass(frozen=True)
class Array:
    item: Shape
    longest: int

    def clean(self, value: Any, where: Where) -> list[Any]:
        if type(value) is not list or len(value) > self.longest:
            raise ValueError(
                f"{_said(where)} must be a list of at most "
                f"{self.longest} items"
            )
        clean = self.item.clean
        return [clean(item, (where, n)) for n, item in enumerate(value)]


@dataclass(frozen=True)
class Map:
    """An object whose keys are data."""

    key: Shape
    value: Shape
    longest: int

    def clean(self, value: Any, where: Where) -> dict[str, Any]:
        if type(value) is not dict or len(value) > self.longest:
            raise ValueError(
                f"{_said(where)} must be an object of at most "
                f"{self.longest} fields"
            )
        if not value:  # most heartbeats bring no news
            return {}
        return {
            self.key.clean(key, (where, None)): self.value.clean(
                item, (where, key)
            )
            for key, item in value.items()
        }


@dataclass(frozen=True)
class Record:
    """An object whose fields are named here."""

    required: Mapping[str, Shape]
    optional: Mapping[str, Shape]

    def clean(self, value: Any, where: Where) -> dict[str, Any]:
        if type(value) is not dict:
            raise ValueError(f"{_said(where)} must be an object")
        fresh: dict[str, Any] = {}
        for name, shape in self.required.items():
            if name not in value:
                raise ValueError(f"{_said((where, name))} is missing")
            fresh[name] = shape.clean(value[name], (where, name))
        for name, shape in self.optional.items():
            if name in value:
                fresh[name] = shape.clean(value[name], (where, name))
        return fresh


@dataclass(frozen=True)
class Anything:
    """Any JSON object; `deep` levels at the most."""

    deep: int = 16

    def clean(self, value: Any, where: Where) -> dict[str, Any]:
        if type(value) is not dict:
            raise ValueError(f"{_said(where)} must be an object")
        fresh: dict[str, Any] = _copy(value, where, self.deep)
        return fresh


def _copy(value: Any, where: Where, deep: int) -> Any:
    if type(value) is str:
        return Text(len(value)).clean(value, where)
    if not isinstance(value, (dict, list)):
        return value
    if deep == 0:
        raise ValueError(f"{_said(where)} is nested too deeply")
    if isinstance(value, list):
        return [_copy(item, where, deep - 1) for item in value]
    clean = Text(256).clean
    return {
        clean(key, where): _copy(item, where, deep - 1)
        for key, item in value.items()
    }


def _said(where: Where) -> str:
    if isinstance(where, str):
        return where
    outer, inner = _said(where[0]), where[1]
    if inner is None:
        return f"a key of {outer}"
    return (
        f"{outer}[{inner}]" if type(inner) is int else f"{outer}.{inner:.64}"
    )


Check = Callable[[Any], Any]


def check(shape: Shape, where: Where) -> Check:
    """The shape as a function of one value."""

    def clean(value: Any) -> Any:
        return shape.clean(value, where)

    return clean
