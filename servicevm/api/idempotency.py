"""``Idempotency-Key`` on POST: the same request again makes nothing new."""

import hashlib
import json

from oslo_utils import uuidutils
from sqlalchemy import orm

from servicevm.api.method import Call
from servicevm.db import api as db
from servicevm.db import models
from servicevm.errors import (
    CONFLICT,
    IDEMPOTENCY_KEY_REUSED,
    INVALID_FIELD,
    PermanentError,
)

HEADER = "Idempotency-Key"
#: In an answer that made nothing new.
REPLAYED = "Idempotent-Replayed"
MAX_LENGTH = 255


def made_before(session: orm.Session, call: Call) -> str | None:
    """Id of what the same request made earlier, if it has a key.

    :raises PermanentError: IDEMPOTENCY_KEY_REUSED for another request
    """
    value = key(call)
    if value is None:
        return None
    row = session.get(
        models.IdempotencyKey, (str(call.context.project_id), value)
    )
    if row is None:
        return None
    if row.request_hash != _hash(call):
        raise PermanentError(IDEMPOTENCY_KEY_REUSED)
    call.headers[REPLAYED] = "true"
    return row.resource_id


def claim(session: orm.Session, call: Call, resource_type: str) -> str:
    """A fresh id for what the request is to make; its key is taken first.

    The same request at the same time waits here, and then finds what this
    one made: were it to wait for a quota or a slot instead, it would find
    that used up.

    :raises oslo_db.exception.DBDuplicateEntry: the other one came first;
        `servicevm.db.api.write` does it again
    """
    resource_id: str = uuidutils.generate_uuid()
    remember(session, call, resource_type, resource_id)
    session.flush()
    return resource_id


def remember(
    session: orm.Session, call: Call, resource_type: str, resource_id: str
) -> None:
    """Note what a request made, in the transaction that makes it."""
    value = key(call)
    if value is not None:
        session.add(
            models.IdempotencyKey(
                project_id=str(call.context.project_id),
                key=value,
                request_hash=_hash(call),
                resource_type=resource_type,
                resource_id=resource_id,
                created_at=db.now(session),
            )
        )


def gone(resource_id: str) -> PermanentError:
    """The refusal where what was made is deleted by now."""
    return PermanentError(
        CONFLICT,
        f"This request made {resource_id}, which is deleted by now; use a "
        "fresh Idempotency-Key to make another.",
    )


def key(call: Call) -> str | None:
    """The request's key, if it has one.

    :raises PermanentError: INVALID_FIELD
    """
    value = call.req.get_header(HEADER)
    if value is None:
        return None
    if not 0 < len(value) <= MAX_LENGTH or not value.isprintable():
        sentence = f"It must have 1 to {MAX_LENGTH} printable characters."
        raise PermanentError(
            INVALID_FIELD, f"{HEADER}: {sentence}", fields={HEADER: sentence}
        )
    return value


def _hash(call: Call) -> str:
    text = json.dumps(
        [call.req.path, call.body], sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(text.encode()).hexdigest()
