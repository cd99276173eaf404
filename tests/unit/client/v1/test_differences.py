"""What two documents differ in, value by value."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from servicevmclient.v1._differences import differences

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.text("ab", max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "x", "y"]), inner, max_size=3
        )
    ),
)


def _found(before: Any, after: Any) -> list[tuple[str, Any, Any]]:
    return [tuple(one) for one in differences(before, after, "c")]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ({"a": 1}, {"a": 2}, [("c.a", 1, 2)]),
        ({"a": 1}, {}, [("c.a", 1, None)]),
        ({}, {"a": {"b": 1}}, [("c.a", None, {"b": 1})]),
        ([1, 2], [1, 3, 4], [("c[1]", 2, 3), ("c[2]", None, 4)]),
        (True, 1, [("c", True, 1)]),
        ("1", 1, [("c", "1", 1)]),
    ],
)
def test_the_smallest_value_is_named(
    before: Any, after: Any, found: list[Any]
) -> None:
    assert _found(before, after) == found


def test_items_with_names_are_compared_by_them() -> None:
    one, two = {"name": "b1", "port": 1}, {"name": "b2", "port": 2}
    assert _found([two], [one, {**two, "port": 3}]) == [
        ("c[b1]", None, one),
        ("c[b2].port", 2, 3),
    ]
    assert _found([one, two], [two, one]) == [
        ("c", ["b1", "b2"], ["b2", "b1"])
    ]


def test_names_that_are_there_twice_are_no_names() -> None:
    one = {"name": "b", "port": 1}
    assert _found([one, one], [one, {**one, "port": 2}]) == [
        ("c[1].port", 1, 2)
    ]


def _same(one: Any, other: Any) -> bool:
    """Equal, as JSON has it: true is not 1, and a null value is none."""
    if isinstance(one, dict) and isinstance(other, dict):
        return all(
            _same(one.get(key), other.get(key)) for key in {*one, *other}
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and bool(one == other)


@given(_VALUES, _VALUES)
@example([], [None])
@example([{"name": "a"}], [{"name": "a"}, None])
def test_there_is_one_exactly_where_they_are_not_the_same(
    before: Any, after: Any
) -> None:
    assert bool(_found(before, after)) is not _same(before, after)
    assert not _found(before, before)
