"""A guest's console log as text that is safe to show."""

import re

__all__ = ["DOWNLOAD", "TAIL", "shown"]

#: Bytes: what a page shows, and what is downloaded at most.
TAIL = 64 << 10
DOWNLOAD = 1 << 20

#: Colours, cursor movements, window titles.
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_]?)"
)
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)


def shown(text: str) -> str:
    """The log as it would be read: no control characters but line ends.

    A terminal's own sequences are left out; other control characters are
    made visible, so that a guest can not hide or turn around what it wrote.
    """
    text = _ESCAPES.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub(_visible, text)


def _visible(found: re.Match[str]) -> str:
    number = ord(found[0])
    return (
        chr(0x2400 + number) if number < 0x20 else "\N{REPLACEMENT CHARACTER}"
    )
