"""What a browser sent, as a document. Pure.

What does not have the type that the schema wants stays the text that
somebody wrote: it is shown again, with a sentence from `check`.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Protocol

from servicevm_dashboard.schema_form import paths, schemas
from servicevm_dashboard.schema_form.paths import Path
from servicevm_dashboard.schema_form.schemas import Schema
from servicevm_dashboard.schema_form.values import ABSENT, Unread

#: Most items of a list: what is sent is not to be trusted.
MAX_ITEMS = 1000

_INTEGER = re.compile(r"[+-]?[0-9]{1,300}")


class Sent(Protocol):
    """A QueryDict, as far as it is needed."""

    def __contains__(self, name: object) -> bool: ...
    def getlist(self, name: str) -> list[Any]: ...


def parse(schema: Schema, prefix: str, sent: Sent) -> Any:
    """The document that a form was filled with.

    Empty fields are left out.
    """
    found = _Parser(schema, prefix, sent).value(schema, (), True, 0)
    return {} if found is ABSENT else found


class _Parser:
    def __init__(self, root: Schema, prefix: str, sent: Sent) -> None:
        self._root, self._prefix, self._sent = root, prefix, sent

    def value(
        self, schema: Any, path: Path, required: bool, depth: int
    ) -> Any:
        """What was written into a field; ABSENT where that is nothing."""
        schema = schemas.resolve(schema, self._root)
        name = paths.name(self._prefix, path)
        if f"{name}?json" in self._sent:
            return _json(self._text(f"{name}?json"))
        match schemas.kind(schema, depth):
            case "object":
                if not required and f"{name}?on" not in self._sent:
                    return ABSENT
                return self._object(schema, path, name, depth)
            case "array":
                return self._array(schema, path, name, depth)
            case "boolean":
                return self._boolean(name)
            case "choice":
                text = self._text(name)
                return schemas.chosen(schema, text) if text else ABSENT
            case "integer" | "number":
                return _number(self._text(name).strip())
            case "string":
                return self._text(name) or ABSENT
        return ABSENT

    def _object(
        self, schema: Schema, path: Path, name: str, depth: int
    ) -> Mapping[str, Any]:
        wanted = schema.get("required", ())
        found = {
            key: self.value(inner, (*path, key), key in wanted, depth + 1)
            for key, inner in schema["properties"].items()
        }
        found = {key: found[key] for key in found if found[key] is not ABSENT}
        extra = _json(self._text(f"{name}/*"))
        if isinstance(extra, dict):
            return {**extra, **found}
        return found if extra is ABSENT else {**found, "*": extra}

    def _array(
        self, schema: Schema, path: Path, name: str, depth: int
    ) -> list[Any] | Any:
        # Each once: repeated ones would multiply what is in them.
        present = list(dict.fromkeys(self._sent.getlist(name)))[:MAX_ITEMS]
        if not present and f"{name}?list" not in self._sent:
            return ABSENT
        found = [
            self.value(schema["items"], (*path, index), True, depth + 1)
            for index in present
            if str(index).isdecimal()
        ]
        return [one for one in found if one is not ABSENT]

    def _boolean(self, name: str) -> Any:
        given = self._sent.getlist(name)
        if "true" in given:
            return True
        if "absent" in given or "false" not in given:
            return ABSENT
        return False

    def _text(self, name: str) -> str:
        given = self._sent.getlist(name)
        # A browser ends lines of a text as the network does.
        return str(given[-1]).replace("\r\n", "\n") if given else ""


def _number(text: str) -> Any:
    if _INTEGER.fullmatch(text):
        return int(text)
    try:
        found = float(text)
    except ValueError:
        return text or ABSENT
    return found if math.isfinite(found) else text


def _json(text: str) -> Any:
    if not text.strip():
        return ABSENT
    try:
        found = json.loads(text, parse_constant=_finite, parse_float=_finite)
        # Half a character can be written, and not be sent.
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return Unread(text)
    return found


def _finite(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise ValueError(text)
    return found
