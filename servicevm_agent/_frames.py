"""Frames: a 4-byte big-endian length, then one JSON object in UTF-8."""

from __future__ import annotations

import json
import math
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

#: Largest payload of a frame, in bytes, without its 4-byte length.
MAX_FRAME = 1 << 20
#: Objects and lists may be nested this deep; more is refused before any
#: recursive code (a schema check, an encoder) meets it.
MAX_DEPTH = 32
#: Digits of an integer: 64 bits and a sign. Also keeps Python < 3.11 from
#: spending quadratic time on a million digits.
_MAX_DIGITS = 20
_HEADER = 4
#: What JSON allows around a value.
_SPACE = " \t\n\r"
#: Seen through this a payload has one kind of digit and one of bracket.
_OUTLINE = bytes.maketrans(b"123456789[", b"000000000{")
#: What 64 bits certainly hold has less: other readers need not be exact.
_MANY_DIGITS = b"0" * (_MAX_DIGITS - 1)

Message = Dict[str, Any]
#: Reads JSON in UTF-8, strictly: no NaN, no lone surrogate, nothing behind.
#: Raises ValueError.
Reader = Callable[[bytes], Any]


class WireError(Exception):
    """The peer broke the protocol, or we would: close the session.

    :param reason: stable and machine readable: ``frame_too_large``,
        ``bad_frame``, ``bad_message``, ``rate_limited``,
        ``too_many_in_flight``, ``closed``
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason


def encode(message: Message, max_frame: int = MAX_FRAME) -> bytes:
    """Return the frame of `message`.

    :raises WireError: ``frame_too_large``, or ``bad_message`` if it cannot
        be written as JSON (NaN, a lone surrogate, a foreign type)
    """
    try:
        payload = json.dumps(
            message,
            ensure_ascii=False,
            allow_nan=False,
            separators=(",", ":"),
        ).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise WireError("bad_message", str(error)) from None
    if len(payload) > max_frame:
        raise WireError(
            "frame_too_large", f"{len(payload)} bytes, limit {max_frame}"
        )
    return len(payload).to_bytes(_HEADER, "big") + payload


class Decoder:
    """Turns received bytes, cut anywhere, into messages.

    Holds at most one incomplete frame: a length over the limit is refused
    when its header is seen, before anything of it is kept.

    :param reader: instead of the standard library's, for who has a faster one
    """

    __slots__ = ("_buffer", "_max_frame", "_reader")

    def __init__(
        self, max_frame: int = MAX_FRAME, reader: Optional[Reader] = None
    ) -> None:
        self._max_frame = max_frame
        self._reader = _read if reader is None else reader
        self._buffer = bytearray()

    def feed(self, data: bytes) -> List[Message]:
        """Return the messages that `data` completes; see `frames`."""
        return [message for message, _ in self.frames(data)]

    def frames(self, data: bytes) -> List[Tuple[Message, int]]:
        """Return the messages that `data` completes, and their bytes.

        :raises WireError: ``frame_too_large``, ``bad_frame`` (empty) or
            ``bad_message`` (not UTF-8, not JSON, not an object, NaN, too
            deep). The decoder is of no use after that.
        """
        size = len(data) - _HEADER
        if (
            not self._buffer
            and 0 < size <= self._max_frame
            and int.from_bytes(data[:_HEADER], "big") == size
        ):
            # Mostly it is one whole frame.
            return [(_decode(data[_HEADER:], self._reader), size)]
        # What completes nothing old is not copied.
        held: Union[bytes, bytearray] = data
        if self._buffer:
            self._buffer += data
            held = self._buffer
        messages = []
        start, size = 0, len(held)
        while size - start >= _HEADER:
            body = start + _HEADER
            length = int.from_bytes(held[start:body], "big")
            end = body + length
            if length > self._max_frame:
                self._buffer.clear()
                raise WireError(
                    "frame_too_large",
                    f"{length} bytes, limit {self._max_frame}",
                )
            if length == 0:
                raise WireError("bad_frame", "empty frame")
            if end > size:
                break
            payload = bytes(held[body:end])
            messages.append((_decode(payload, self._reader), length))
            start = end
        if held is data:
            if start < size:
                self._buffer += data[start:]
        elif start:
            # A fresh object gives the memory of a large frame back; an
            # idle session should cost next to nothing.
            self._buffer = bytearray(held[start:])
        return messages


def _decode(payload: bytes, reader: Reader) -> Message:
    outline = payload.translate(_OUTLINE)
    try:
        # Where no run of digits is long, neither is any integer. The wary one
        # calls us for each, which takes as long as reading the rest does.
        if _MANY_DIGITS in outline:
            message = _read(payload, _WARY_READER)
        else:
            message = reader(payload)
    except (ValueError, RecursionError) as error:
        raise WireError("bad_message", str(error)[:200]) from None
    if not isinstance(message, dict):
        raise WireError("bad_message", "not an object")
    # Fewer brackets than the limit cannot nest deeper than the limit.
    if outline.count(b"{") > MAX_DEPTH:
        _check_depth(message)
    return message


def _read(payload: bytes, reader: Optional[json.JSONDecoder] = None) -> Any:
    text = payload.decode("utf-8").strip(_SPACE)
    message, end = (reader or _READER).raw_decode(text)
    if end != len(text):
        raise ValueError("something follows the object")
    # One byte is found much faster than two.
    if b"\\" in payload and b"\\u" in payload:
        # A lone surrogate can be received but never sent on or stored.
        json.dumps(message, ensure_ascii=False).encode()
    return message


def _check_depth(message: Message) -> None:
    level: List[Any] = [message]
    for _ in range(MAX_DEPTH):
        below: List[Any] = []
        for value in level:
            children = value.values() if isinstance(value, dict) else value
            below += [c for c in children if isinstance(c, (dict, list))]
        if not below:
            return
        level = below
    raise WireError("bad_message", f"nested deeper than {MAX_DEPTH}")


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is not a JSON number")


def _parse_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("number out of range")
    return number


def _parse_int(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError("integer out of range")
    return int(text)


_READER = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_float=_parse_float
)
_WARY_READER = json.JSONDecoder(
    parse_constant=_refuse_constant,
    parse_float=_parse_float,
    parse_int=_parse_int,
)
