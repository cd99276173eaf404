"""The wire's public face, frames first."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicevm_agent import wire
from servicevm_agent.wire import MAX_DEPTH, Decoder, WireError, encode

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
MESSAGES = st.dictionaries(st.sampled_from("abcd"), JSON, max_size=4)


def frame(payload: bytes) -> bytes:
    return len(payload).to_bytes(4, "big") + payload


def test_the_public_names_are_these() -> None:
    assert sorted(wire.__all__) == [
        "AGENT",
        "ALPN_ENROL",
        "ALPN_SESSION",
        "Allowance",
        "Check",
        "Decoder",
        "Event",
        "Expired",
        "Failure",
        "INVALID_PARAMS",
        "LinkEvent",
        "LinkReset",
        "LinkUp",
        "MARKER_SIZE",
        "MAX_DEPTH",
        "MAX_FRAME",
        "METHOD_NOT_FOUND",
        "Message",
        "Notification",
        "OLD_AGENT",
        "OLD_RELAY",
        "Pace",
        "RELAY",
        "Request",
        "Response",
        "SecureChannel",
        "SerialLink",
        "Session",
        "WireError",
        "allowance",
        "encode",
    ]


@given(st.lists(MESSAGES, max_size=5), st.data())
def test_messages_survive_any_cutting(
    messages: list[wire.Message], data: st.DataObject
) -> None:
    stream = b"".join(encode(m) for m in messages)
    decoder, seen = Decoder(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        seen += decoder.feed(stream[:size])
        stream = stream[size:]
    assert seen == messages


@given(st.binary(max_size=300))
def test_garbage_is_refused_or_understood_and_nothing_else(
    garbage: bytes,
) -> None:
    try:
        messages = Decoder(4096).feed(garbage)
    except WireError as error:
        reason = error.reason
        messages = []
    else:
        reason = ""
    assert reason in {"", "frame_too_large", "bad_frame", "bad_message"}
    assert all(isinstance(m, dict) for m in messages)


def test_an_oversized_length_is_refused_at_its_header() -> None:
    decoder = Decoder(1000)
    with pytest.raises(WireError) as caught:
        decoder.feed((1001).to_bytes(4, "big"))
    assert caught.value.reason == "frame_too_large"


def test_the_largest_frame_passes_and_one_byte_more_does_not() -> None:
    size = len(json.dumps({"a": ""}, separators=(",", ":")))
    fits = {"a": "x" * (100 - size)}
    assert Decoder(100).feed(encode(fits, 100)) == [fits]
    with pytest.raises(WireError) as caught:
        encode({"a": fits["a"] + "x"}, 100)
    assert caught.value.reason == "frame_too_large"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        pytest.param(b"", "bad_frame", id="empty frame"),
        pytest.param(b"{", "bad_message", id="broken JSON"),
        pytest.param(b"[]", "bad_message", id="a list"),
        pytest.param(b"1", "bad_message", id="a number"),
        pytest.param(b'{"a":NaN}', "bad_message", id="NaN"),
        pytest.param(b'{"a":-Infinity}', "bad_message", id="infinity"),
        pytest.param(b'{"a":1e999}', "bad_message", id="overflow"),
        pytest.param(b'{"a":' + b"9" * 99 + b"}", "bad_message", id="bigint"),
        pytest.param(b'{"a":"\xff"}', "bad_message", id="not UTF-8"),
        pytest.param(b'{"a":"\\ud800"}', "bad_message", id="lone surrogate"),
        pytest.param(b'{"\\ud800":1}', "bad_message", id="surrogate key"),
        pytest.param(b"\xef\xbb\xbf{}", "bad_message", id="BOM"),
        pytest.param(
            b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
            "bad_message",
            id="deeper than the interpreter's stack",
        ),
        pytest.param(
            b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}",
            "bad_message",
            id="just too deep",
        ),
    ],
)
def test_bad_payloads_are_refused(payload: bytes, reason: str) -> None:
    with pytest.raises(WireError) as caught:
        Decoder().feed(frame(payload))
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(b"9" * 20, 10**20 - 1, id="twenty digits"),
        pytest.param(b"-" + b"9" * 19, 1 - 10**19, id="a sign and nineteen"),
        pytest.param(b"9" * 21, None, id="twenty-one digits"),
        pytest.param(b"-" + b"9" * 20, None, id="a sign and twenty"),
        pytest.param(b"[1," + b"9" * 21 + b"]", None, id="not the first"),
        pytest.param(b"0." + b"3" * 40, 1 / 3, id="a fraction"),
        pytest.param(b'"' + b"9" * 40 + b'"', "9" * 40, id="a text"),
    ],
)
def test_integers_are_bounded_whatever_else_has_many_digits(
    value: bytes, expected: object
) -> None:
    payload = frame(b'{"a":' + value + b"}")
    if expected is None:
        with pytest.raises(WireError, match="integer out of range"):
            Decoder().feed(payload)
    else:
        assert Decoder().feed(payload) == [{"a": expected}]


@pytest.mark.parametrize("opening", [b'{"a":', b"["], ids=["objects", "lists"])
def test_both_brackets_count_for_the_depth(opening: bytes) -> None:
    closing = {b"[": b"]"}.get(opening, b"}")
    inner = opening * MAX_DEPTH + b"1" + closing * MAX_DEPTH
    with pytest.raises(WireError, match="nested deeper"):
        Decoder().feed(frame(b'{"a":' + inner + b"}"))


def test_the_deepest_allowed_message_passes() -> None:
    depth = MAX_DEPTH - 1
    payload = b'{"a":' + b"[" * depth + b"]" * depth + b"}"
    assert len(Decoder().feed(frame(payload))) == 1


def test_wide_messages_are_not_taken_for_deep_ones() -> None:
    message = {"a": [{"b": []}] * 1000}
    assert Decoder().feed(encode(message)) == [message]


def test_of_a_duplicate_key_the_last_counts() -> None:
    assert Decoder().feed(frame(b'{"a":1,"a":2}')) == [{"a": 2}]


def test_escaped_pairs_are_understood() -> None:
    assert Decoder().feed(frame(b'{"a":"\\ud83d\\ude00"}')) == [
        {"a": "\N{GRINNING FACE}"}
    ]


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), "\ud800", b"bytes", {1, 2}],
    ids=["nan", "inf", "surrogate", "bytes", "set"],
)
def test_what_is_not_json_is_not_sent(value: object) -> None:
    with pytest.raises(WireError) as caught:
        encode({"a": value})
    assert caught.value.reason == "bad_message"
