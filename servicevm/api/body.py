"""Reading a request's body: bounded, JSON, nothing that can not be stored."""

import json
from typing import Any

import falcon

from servicevm.errors import (
    BAD_JSON,
    BODY_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    PermanentError,
)

#: Objects and lists within each other; what handles them calls itself.
_MAX_DEPTH = 64


def read(
    req: falcon.Request, limit: int, *, optional: bool = False
) -> dict[str, Any]:
    """The JSON object in the body.

    :param limit: most bytes
    :param optional: an empty body is an empty object
    :raises PermanentError: BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, BAD_JSON
    """
    raw = _raw(req, limit)
    if not raw and optional:
        return {}
    media = (req.content_type or "").partition(";")[0].strip().lower()
    if media != falcon.MEDIA_JSON:
        raise PermanentError(
            UNSUPPORTED_MEDIA_TYPE,
            f"The Content-Type is {media[:64] or 'missing'}.",
        )
    try:
        found = json.loads(
            raw, parse_constant=_constant, object_pairs_hook=_pairs
        )
        if b"\\u" in raw:
            # Half a surrogate pair is JSON, but no text: it has no UTF-8.
            json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise PermanentError(
            BAD_JSON, "A text has half of a surrogate pair."
        ) from None
    except UnicodeDecodeError:
        raise PermanentError(BAD_JSON, "The body is not UTF-8.") from None
    except RecursionError:
        raise _too_deep() from None
    except ValueError as error:
        if str(error).startswith("Exceeds the limit"):
            # Python's own words are about a setting of the interpreter.
            raise PermanentError(
                BAD_JSON, "A number has too many digits."
            ) from None
        raise PermanentError(BAD_JSON, f"{error}."[:300]) from None
    if not isinstance(found, dict):
        raise PermanentError(BAD_JSON, "The body is not a JSON object.")
    if raw.count(b"[") + raw.count(b"{") > _MAX_DEPTH:
        _check_depth(found)
    return found


def _check_depth(document: Any) -> None:
    level = [document]
    for _ in range(_MAX_DEPTH):
        level = [
            item
            for above in level
            for item in (above.values() if isinstance(above, dict) else above)
            if isinstance(item, dict | list)
        ]
    if level:
        raise _too_deep()


def _too_deep() -> PermanentError:
    return PermanentError(BAD_JSON, "It is nested too deeply.")


def _raw(req: falcon.Request, limit: int) -> bytes:
    length = req.content_length
    if length is None:
        if not req.get_header("Transfer-Encoding"):
            return b""
        raw: bytes = req.stream.read(limit + 1)
    elif length > limit:
        raise _too_large(limit)
    else:
        raw = req.bounded_stream.read()
    if len(raw) > limit:
        raise _too_large(limit)
    return raw


def _too_large(limit: int) -> PermanentError:
    return PermanentError(BODY_TOO_LARGE, f"The limit is {limit} bytes.")


def _constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("An object has a field twice")
    return found
