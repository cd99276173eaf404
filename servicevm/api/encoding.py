"""Answers as text, and what an ETag is made of."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import orjson

#: What changes without anyone's changing the resource: presence,
#: operators' holds, what others are called, and what drivers say. It would
#: make If-Match fail for no reason.
_NOT_IN_ETAG = (
    "agent",
    "hold",
    "members",
    "alive",
    "last_seen",
    "sessions",
    "group_project_id",
    "template_name",
    "device_name",
    "resource_name",
    "resource_gone",
    "footprint",
    "capabilities",
)


def encode(document: Mapping[str, Any], *, canonical: bool = False) -> bytes:
    """The document as JSON.

    :param canonical: equal documents give equal texts
    """
    try:
        return orjson.dumps(
            document, option=orjson.OPT_SORT_KEYS if canonical else None
        )
    except orjson.JSONEncodeError:
        # A number of more than 64 bits: rare, but JSON.
        return json.dumps(
            document, sort_keys=canonical, separators=(",", ":")
        ).encode()


def etag(name: str, item: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical body, without what changes by itself."""
    stable = {
        key: value for key, value in item.items() if key not in _NOT_IN_ETAG
    }
    text = encode({name: stable}, canonical=True)
    return hashlib.sha256(text).hexdigest()
