from typing import Any

import pytest

from servicevm.relay.shapes import (
    MAX_INT,
    Anything,
    Array,
    Boolean,
    Choice,
    Integer,
    Map,
    Optional,
    Record,
    Shape,
    Text,
    Word,
)

RECORD = Record(
    required={"n": Integer(1, 9)}, optional={"words": Array(Text(5), 2)}
)

GOOD: dict[str, tuple[Shape, Any, Any]] = {
    "integer": (Integer(), MAX_INT, MAX_INT),
    "boolean": (Boolean(), False, False),
    "word": (Word("[a-z]+"), "abc", "abc"),
    "choice": (Choice(frozenset("ab")), "a", "a"),
    "null": (Optional(Integer()), None, None),
    "not null": (Optional(Integer()), 3, 3),
    "text is cut": (Text(3), "abcdef", "abc"),
    "text in any language": (Text(9), "péché 日本", "péché 日本"),
    "control characters": (
        Text(20),
        "a\x1b[31m\x00\tb\nc",
        "a\ufffd[31m\ufffd b\nc",
    ),
    "a lone surrogate": (Text(9), "a\ud800b", "a\ufffdb"),
    "record": (RECORD, {"n": 1, "words": ["a"]}, {"n": 1, "words": ["a"]}),
    "unknown fields are dropped": (RECORD, {"n": 1, "x": [1]}, {"n": 1}),
    "map": (Map(Word("[a-z]"), Integer(), 2), {"a": 1}, {"a": 1}),
    "anything": (Anything(), {"a": [1, {"b\x00": None}]}, None),
}

BAD: dict[str, tuple[Shape, Any, str]] = {
    "a boolean is no integer": (Integer(), True, "it must be an integer"),
    "a float is no integer": (Integer(), 1.0, "it must be an integer"),
    "too small": (Integer(1, 9), 0, "from 1 to 9"),
    "too large": (Integer(), MAX_INT + 1, "integer"),
    "not a boolean": (Boolean(), 0, "true or false"),
    "word with more": (Word("[a-z]+"), "abc\n", "must match"),
    "word that is none": (Word("[a-z]+"), 3, "must match"),
    "no choice": (Choice(frozenset("ab")), "c", "one of a, b"),
    "an unhashable choice": (Choice(frozenset("ab")), [], "one of a, b"),
    "text that is none": (Text(3), None, "must be a string"),
    "too many items": (RECORD, {"n": 1, "words": [""] * 3}, "at most 2"),
    "a bad item": (RECORD, {"n": 1, "words": ["", 1]}, "it.words[1]"),
    "missing": (RECORD, {}, "it.n is missing"),
    "not an object": (RECORD, [], "it must be an object"),
    "a bad key": (Map(Word("[a-z]"), Integer(), 2), {"A": 1}, "a key of it"),
    "too many keys": (
        Map(Word("[a-z]"), Integer(), 1),
        {"a": 1, "b": 1},
        "at most 1",
    ),
    "anything but an object": (Anything(), [], "must be an object"),
    "too deep": (Anything(1), {"a": {"b": {}}}, "nested too deeply"),
}


@pytest.mark.parametrize("case", GOOD)
def test_a_good_value_is_copied_clean(case: str) -> None:
    shape, value, expected = GOOD[case]
    cleaned = shape.clean(value, "it")
    if case == "anything":
        assert cleaned == {"a": [1, {"b\ufffd": None}]}
    else:
        assert cleaned == expected


@pytest.mark.parametrize("case", BAD)
def test_a_bad_value_is_refused_with_its_place(case: str) -> None:
    shape, value, sentence = BAD[case]
    with pytest.raises(ValueError, match="it") as caught:
        shape.clean(value, "it")
    assert sentence in str(caught.value)


def test_what_was_cleaned_shares_nothing_with_what_came() -> None:
    value = {"a": {"b": [1]}}
    cleaned = Anything().clean(value, "it")
    value["a"]["b"].append(2)
    assert cleaned == {"a": {"b": [1]}}
