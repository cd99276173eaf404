"""The reader of simple YAML, against PyYAML."""

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from servicevmclient import _words

STANDALONE = {
    "clouds": {
        "servicevm": {
            "auth_type": "http_basic",
            "auth": {
                "endpoint": "http://127.0.0.1:9890",
                "username": "admin",
                "password": "0o8TzZ-bq_A7Lk2mWxYc9dEfGhIjKlMnOpQrStUvWx0",
            },
            "servicevm_endpoint_override": "http://127.0.0.1:9890",
            "servicevm_api_version": "1",
            "verify": False,
        }
    }
}
BY_HAND = """\
---
# Ours.
clouds:
    lab:
        auth_type: "none"

        auth:
            endpoint: https://[::1]:9890
    # The other one.
    other:
        auth_type: none
"""

_WORDS = st.one_of(
    st.text("abeEfnoxyTZ019_-.:/+=~", max_size=8),
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.sampled_from(
        "yes off NULL true 1 1.5 1e3 12:30 0x1f 2026-11-22 .inf << = ~ 'a' "
        "\"b\" 'it''s' \"\\n\" # &a *a !!str [a] {a: b} | > - --- ... ? % @"
        .split(" ")
    ),
)  # fmt: skip
_LINES = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "", "  ", "  ", "    ", "\t", " "]),
        _WORDS | st.sampled_from(["a", "b", "clouds"]),
        st.sampled_from([": ", ": ", ":", "", " : ", ":  "]),
        _WORDS | st.just(""),
        st.sampled_from(["", "", "", " ", " # x", "\r"]),
    ),
)
_TEXTS = st.lists(_LINES, max_size=8).map("\n".join)
_MAPPINGS = st.recursive(
    _WORDS | st.booleans() | st.none() | st.integers() | st.floats(),
    lambda inner: st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=12,
)


def _by_pyyaml(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    # A date like 0000-00-00 is no YAMLError.
    except (yaml.YAMLError, ValueError) as error:
        return error


@given(_TEXTS)
@example("a: foo\n  b: bar")
@example("a: 1\na: 2")
@example("a:\nb: 1")
@example("a: b\n c: d")
@example("a:\n    b: c\n  d: e")
@example("a: 'b' 'c'")
@example("--- a: b")
def test_what_it_reads_pyyaml_reads_alike(text: str) -> None:
    found = _words.read(text)
    if found is not None:
        assert repr(found) == repr(_by_pyyaml(text))


@given(_MAPPINGS, st.sampled_from([None, "'", '"']), st.booleans())
def test_what_pyyaml_writes_it_reads_or_leaves_alone(
    data: Any, style: str | None, flow: bool
) -> None:
    text = yaml.safe_dump(
        data, default_style=style, default_flow_style=flow, sort_keys=False
    )
    found = _words.read(text)
    assert found is None or repr(found) == repr(data)


@pytest.mark.parametrize(
    "text",
    [
        yaml.safe_dump(STANDALONE, sort_keys=False),
        yaml.safe_dump(STANDALONE, indent=4),
        BY_HAND.replace("[::1]", "localhost"),
    ],
    ids=["standalone", "indented", "by-hand"],
)
def test_the_usual_files_need_no_pyyaml(text: str) -> None:
    assert _words.read(text) == yaml.safe_load(text)


@pytest.mark.parametrize(
    "text",
    [
        BY_HAND,
        "clouds: {}",
        "clouds:\n- a",
        "a: |\n  b",
        "a: &x b",
        "a: 1",
        "a: 1.10",
        "a: 2026-11-22",
        "a: ~",
        "a: on",
        "a:",
        "a: b # c",
        "ä: b",
        "a: b\n...",
        "",
    ],
)
def test_all_else_is_left_to_pyyaml(text: str) -> None:
    assert _words.read(text) is None
