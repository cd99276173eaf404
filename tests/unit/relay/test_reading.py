"""The relay reads JSON with a faster reader, and takes the same as others."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicevm_agent.wire import MAX_DEPTH, Decoder, WireError, encode
from tests.unit.agent.test_wire import MESSAGES, frame

PAYLOADS = {
    "broken": b"{",
    "a list": b"[]",
    "something behind": b"{}x",
    "spaces around": b' \t{"a" : 1}\r\n',
    "other spaces": b"\x0b{}",
    "BOM": b"\xef\xbb\xbf{}",
    "not UTF-8": b'{"a":"\xff"}',
    "a surrogate in UTF-8": b'{"a":"\xed\xa0\x80"}',
    "a lone surrogate": b'{"a":"\\ud800"}',
    "a lone surrogate in a key": b'{"\\udc00":1}',
    "a pair": b'{"a":"\\ud83d\\ude00"}',
    "a control character": b'{"a":"\x01"}',
    "an escaped control character": b'{"a":"\\u0000"}',
    "NaN": b'{"a":NaN}',
    "infinity": b'{"a":-Infinity}',
    "overflow": b'{"a":1e999}',
    "underflow": b'{"a":1e-999}',
    "a zero before": b'{"a":01}',
    "nothing behind the point": b'{"a":1.}',
    "the largest integer": b'{"a":9223372036854775807}',
    "one more": b'{"a":9223372036854775808}',
    "the least integer": b'{"a":-9223372036854775808}',
    "one less": b'{"a":-9223372036854775809}',
    "18 digits": b'{"a":' + b"9" * 18 + b"}",
    "20 digits": b'{"a":' + b"9" * 20 + b"}",
    "21 digits": b'{"a":' + b"9" * 21 + b"}",
    "a long fraction": b'{"a":0.' + b"3" * 40 + b"}",
    "a key twice": b'{"a":1,"a":2}',
    "deep": b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}",
    "far too deep": b'{"a":' + b"[" * 99_999 + b"]" * 99_999 + b"}",
}


def _taken(payload: bytes, **options: Any) -> Any:
    """What is made of a frame, or why it is refused."""
    try:
        (message,) = Decoder(**options).feed(frame(payload))
    except WireError as error:
        return error.reason
    # 1, 1.0 and True are equal, and not the same.
    return repr(message)


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_what_one_reader_refuses_so_does_the_other(payload: bytes) -> None:
    assert _taken(payload, reader=orjson.loads) == _taken(payload)


@given(MESSAGES)
def test_both_readers_understand_the_same(message: dict[str, Any]) -> None:
    decoder = Decoder(reader=orjson.loads)
    assert decoder.feed(encode(message)) == [message]


@given(st.text('{}[]",:0123456789.eE+-\\u dD8tn', max_size=60))
def test_near_misses_are_taken_alike(text: str) -> None:
    payload = b'{"a":' + text.encode() + b"}"
    assert _taken(payload, reader=orjson.loads) == _taken(payload)
