"""The range that a prefix stands for, and what the database finds in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicevm.db import prefix

#: Of PostgreSQL, no text has a NUL; of UTF-8, none has half a character.
TEXT = st.text(st.characters(exclude_categories=("Cs",), min_codepoint=1))


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("a", "b"),
        ("web-", "web."),
        ("50%", "50&"),
        ("z\U0010ffff", "{"),
        ("\U0010ffff\U0010ffff", None),
        ("\ud7ff", "\ue000"),
    ],
)
def test_the_end_is_the_first_text_after_all_that_begin_so(
    text: str, end: str | None
) -> None:
    assert prefix.after(text) == end


@given(TEXT.filter(bool), TEXT)
def test_the_range_has_what_begins_so_and_nothing_else(
    start: str, text: str
) -> None:
    end = prefix.after(start)
    for one in (text, start + text):
        within = start <= one and (end is None or one < end)
        assert within == one.startswith(start)
