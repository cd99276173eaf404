"""What is written as YAML is read as what it was."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from servicevmclient.osc._yaml import Loader, dump

_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("ab:# -", max_size=3), inner, max_size=3)
    ),
)


@given(_VALUES)
def test_a_document_comes_back(value: Any) -> None:
    assert yaml.load(dump(value), Loader=Loader) == value  # noqa: S506 # a SafeLoader


@pytest.mark.parametrize(
    "text", ["on", "12:30", "1e3", "010", "0x1f", "~", "null", "1.", "=", ""]
)
def test_a_text_that_looks_like_something_else_stays_a_text(text: str) -> None:
    written = dump({"a": text})
    assert yaml.load(written, Loader=Loader) == {"a": text}  # noqa: S506 # a SafeLoader
    assert yaml.safe_load(written) == {"a": text}


def test_it_is_in_the_order_given_and_has_no_references() -> None:
    shared = {"z": 1, "a": "ä"}
    assert dump({"b": shared, "a": shared}) == (
        "b:\n  z: 1\n  a: ä\na:\n  z: 1\n  a: ä\n"
    )
