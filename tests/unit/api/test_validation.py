from typing import Any

import pytest

from servicevm.api import validation
from servicevm.api.app import ROUTES
from servicevm.service_types import registry


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("^a+$", "aa", True),
        ("^a+$", "aa\n", False),
        ("^a+$", "aa\nb", False),
        ("a", "bab", True),
        (r"^a\$", "a$", True),
    ],
)
def test_a_dollar_is_the_end_of_the_text(
    pattern: str, text: str, fits: bool
) -> None:
    checker = validation.validator({"type": "string", "pattern": pattern})
    found, _ = validation.problems(checker, text)
    assert (found == {}) is fits


@pytest.mark.parametrize(
    ("value", "fits"), [(1, True), (1.0, False), (True, False), ("1", False)]
)
def test_an_integer_is_written_as_one(value: object, fits: bool) -> None:
    found, _ = validation.problems(
        validation.validator({"type": "integer"}), value
    )
    assert (found == {}) is fits


@pytest.mark.parametrize(
    ("items", "fits"),
    [
        ([{"a": 1, "b": 2}, {"b": 2, "a": 1}], False),
        ([1, True], True),
        # Each compared with each would take minutes.
        ([{"a": number} for number in range(20_000)], True),
    ],
    ids=["the same in another order", "no number", "many"],
)
def test_items_are_told_apart(items: list[object], fits: bool) -> None:
    checker = validation.validator({"type": "array", "uniqueItems": True})
    assert (validation.problems(checker, items)[0] == {}) is fits


def test_the_nearest_branch_of_a_choice_is_complained_about() -> None:
    schema = {
        "anyOf": [
            {"type": "null"},
            {
                "type": "object",
                "properties": {"port": {"type": "integer", "minimum": 1}},
            },
        ]
    }
    found, _ = validation.problems(
        validation.validator(schema), {"port": 0}, "$.x"
    )
    assert found == {"$.x.port": "It must be 1 or more."}


def test_a_name_made_up_by_the_user_stays_on_one_line() -> None:
    schema = {"type": "object", "additionalProperties": False}
    found, only_unknown = validation.problems(
        validation.validator(schema), {"a\n" * 99: 1}
    )
    (path,) = found
    assert "\n" not in path
    assert len(path) < 200
    assert only_unknown


def test_complaints_are_bounded() -> None:
    schema = {"type": "array", "items": {"type": "integer"}}
    found, _ = validation.problems(
        validation.validator(schema), ["x"] * 10_000
    )
    assert len(found) == 20


def _patterns(schema: Any) -> list[str]:
    if isinstance(schema, list):
        return [found for item in schema for found in _patterns(item)]
    if not isinstance(schema, dict):
        return []
    found = [item for value in schema.values() for item in _patterns(value)]
    pattern = schema.get("pattern")
    return [*found, pattern] if isinstance(pattern, str) else found


def _declared() -> list[Any]:
    """The schemas of all methods, of bodies and of answers."""
    return [
        schema
        for resource in ROUTES.values()
        for verb in ("on_get", "on_post", "on_patch", "on_delete")
        if hasattr(resource, verb)
        for declared in [getattr(resource, verb).declared]
        for schema in (declared.request, declared.response)
        if schema is not None
    ]


def test_every_schema_of_the_api_is_one() -> None:
    for schema in _declared():
        validation.validator(schema)


def test_no_pattern_has_an_end_in_its_middle() -> None:
    """There the library's meaning of it would hold."""
    schemas = _declared()
    schemas += [
        item.config_schema for item in registry.service_types().values()
    ]
    found = _patterns(schemas)
    assert len(found) > 20
    assert all("$" not in pattern[:-1] for pattern in found)


def test_a_schema_that_comes_again_costs_nothing() -> None:
    first = validation.kept({"type": "string", "minLength": 3})
    again = validation.kept({"minLength": 3, "type": "string"})
    assert first is again
    assert validation.kept({"type": "string"}) is not first
