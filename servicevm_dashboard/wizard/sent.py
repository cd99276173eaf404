"""What a browser sent, in this step and in those before it. Pure."""

import json
from typing import Any

from django.utils.datastructures import MultiValueDict

Sent = MultiValueDict[str, Any]


def unpacked(sent: Any) -> Sent:
    """What a form sent, though its script made one input of all."""
    found: Sent = MultiValueDict(dict(sent.lists()))
    _add(found, found.pop("packed", [""])[-1])
    return found


def merged(sent: Sent) -> Sent:
    """What was filled in in this step, and in those before."""
    found: Sent = MultiValueDict(dict(sent.lists()))
    before: Sent = MultiValueDict()
    _add(before, found.pop("state", [""])[-1])
    for key, values in before.lists():
        found.setlist(key, values)
    return found


def state(data: Sent, but: str) -> str:
    """What was filled in, as one input.

    :param but: the step that shows its own; empty: all are in it
    """
    return json.dumps(
        [
            [key, value]
            for key, values in data.lists()
            for value in values
            if "/" in key or "?" in key
            if not but or not key.startswith((f"{but}/", f"{but}?"))
        ]
    )


def _add(found: Sent, text: Any) -> None:
    """Pairs as JSON; what is none was not written by us."""
    try:
        pairs = json.loads(text or "[]")
    except ValueError:
        return
    for pair in pairs if isinstance(pairs, list) else ():
        match pair:
            case [str(key), str(value)]:
                found.appendlist(key, value)
