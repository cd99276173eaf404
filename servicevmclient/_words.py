"""The YAML of most clouds.yaml: mappings of names to words, and no more.

PyYAML's import alone is an eighth of a command's work (2026-11), so what is
that simple is read here. A test compares with PyYAML on anything.
"""

import string
from typing import Any

_KEY = frozenset(string.ascii_letters + string.digits + "_-.")
_WORD = _KEY | frozenset("/:@+=")
#: what numbers, dates and times of YAML 1.1 are made of
_NUMBER = frozenset(string.hexdigits + "xobtTzZ_.:+-")
#: words that stand for something else in YAML 1.1
_OTHERS = frozenset(("y", "n", "yes", "no", "on", "off", "null"))
_BOOLEANS = {"true": True, "false": False}
#: PyYAML takes no key that is longer
_LONGEST = 1000


def read(text: str) -> dict[str, Any] | None:
    """The mapping that a text is, or None: this takes PyYAML to know."""
    if not text.isascii():
        return None
    # Mappings that are open, the outermost first, and their indentation.
    levels: list[tuple[int, dict[str, Any]]] = [(0, {})]
    awaited = ""  # the key whose mapping begins with the next line
    for line in text.removeprefix("---\n").split("\n"):
        content = line.lstrip(" ")
        if not line.isprintable() or len(line) > _LONGEST:
            return None
        if not content or content[0] == "#":
            continue
        indent = len(line) - len(content)
        if awaited:
            if indent <= levels[-1][0]:
                return None  # a null
            inner = levels[-1][1][awaited] = {}
            levels.append((indent, inner))
        while indent < levels[-1][0]:
            levels.pop()
        key, colon, rest = content.partition(":")
        mapping = levels[-1][1]
        if indent != levels[-1][0] or not colon or key in mapping:
            return None
        if not _KEY.issuperset(key) or not _is_text(key):
            return None
        value = rest.strip(" ")
        awaited = "" if value else key
        if value:
            found = _scalar(value) if rest[0] == " " else None
            if found is None:
                return None
            mapping[key] = found
    return None if awaited or not levels[0][1] else levels[0][1]


def _scalar(value: str) -> str | bool | None:
    """A quoted text, a boolean or a word; None for all else."""
    if value[0] in "'\"":
        inside = value[1:-1]
        simple = len(value) > 1 and value[-1] == value[0]
        if not simple or value[0] in inside or "\\" in inside:
            return None
        return inside
    if value in _BOOLEANS:
        return _BOOLEANS[value]
    plain = _WORD.issuperset(value) and value[-1] != ":" and _is_text(value)
    return value if plain else None


def _is_text(word: str) -> bool:
    """Whether YAML 1.1 takes a word for nothing but text."""
    if not (word[:1].isalnum() or word[:1] in ("/", "_")):
        return False
    if word[0].isdigit() and _NUMBER.issuperset(word):
        return False
    return word.lower() not in _OTHERS and word.lower() not in _BOOLEANS
