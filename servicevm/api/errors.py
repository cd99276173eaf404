"""Every refusal in one form, that of the API-SIG guideline on errors.

https://specs.openstack.org/openstack/api-sig/guidelines/errors.html
"""

import json
from collections.abc import Mapping
from typing import Any

import falcon
from oslo_db.exception import DBConnectionError, DBDeadlock, DBError
from oslo_log import log
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from servicevm import errors, logs
from servicevm.errors import Reason, ServicevmError

LOG = log.getLogger(__name__)

#: Falcon's own refusals that have a reason of ours.
_REASONS = {
    400: errors.BAD_REQUEST,
    404: errors.NOT_FOUND,
    405: errors.METHOD_NOT_ALLOWED,
    413: errors.BODY_TOO_LARGE,
    415: errors.UNSUPPORTED_MEDIA_TYPE,
}


#: What SQLite says where it is not our fault, and what we say then.
_DATABASE = {
    "database or disk is full": (
        errors.DISK_FULL,
        "The database has no room for the change; nothing was changed.",
    ),
    "database is locked": (
        errors.UNAVAILABLE,
        "The database is held by another writer; nothing was changed.",
    ),
    "disk I/O error": (
        errors.UNAVAILABLE,
        "The disk under the database fails; nothing was changed.",
    ),
    "attempt to write a readonly database": (
        errors.UNAVAILABLE,
        "The database can not be written to; nothing was changed.",
    ),
    "unable to open database file": (
        errors.UNAVAILABLE,
        "The database can not be opened; nothing was changed.",
    ),
}


#: The same of servers, by class.
_AWAY: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    (
        (DBConnectionError, PoolTimeout),
        "The database does not answer. Whether anything was changed is not "
        "known; the same Idempotency-Key makes it safe to ask again.",
    ),
    (
        (DBDeadlock,),
        "The database is busy with others' changes; nothing was changed.",
    ),
)


def document(
    reason: Reason,
    detail: str,
    *,
    status: int,
    request_id: str,
    fields: Mapping[str, str] | None = None,
    members: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The body of an error answer."""
    error: dict[str, Any] = {
        "request_id": request_id,
        "code": reason.code,
        "status": status,
        "title": reason.title,
        "detail": detail,
        "hint": reason.hint,
        "links": [],
    }
    if fields:
        error["fields"] = dict(fields)
    error |= members or {}
    return {"errors": [error]}


def register(app: Any, challenge: str) -> None:
    """Answer every exception of `app` in the one form.

    :param challenge: ``WWW-Authenticate`` of a 401
    """

    def on_error(
        req: falcon.Request,
        resp: falcon.Response,
        error: ServicevmError,
        params: object,
    ) -> None:
        if error.reason is errors.UNAUTHENTICATED:
            resp.set_header("WWW-Authenticate", challenge)
        _on_error(req, resp, error, params)

    app.add_error_handler(Exception, _on_exception)
    # oslo.db passes on as they are what it has no class of its own for.
    for kind in (DBError, OperationalError, PoolTimeout):
        app.add_error_handler(kind, _on_database)
    app.add_error_handler(falcon.HTTPError, _on_falcon)
    app.add_error_handler(ServicevmError, on_error)


def _answer(
    req: falcon.Request,
    resp: falcon.Response,
    reason: Reason,
    detail: str,
    status: int,
    fields: Mapping[str, str] | None = None,
    members: Mapping[str, Any] | None = None,
) -> None:
    resp.status = status
    resp.content_type = falcon.MEDIA_JSON
    resp.data = json.dumps(
        document(
            reason,
            detail,
            status=status,
            request_id=getattr(req.context, "request_id", ""),
            fields=fields,
            members=members,
        )
    ).encode()


def _on_error(
    req: falcon.Request,
    resp: falcon.Response,
    error: ServicevmError,
    params: object,
) -> None:
    reason = error.reason
    if reason.status >= 500:
        LOG.warning(
            "%s %s: %s", req.method, logs.shown(req.path), error.detail
        )
    _answer(
        req,
        resp,
        reason,
        error.detail,
        reason.status,
        error.fields,
        error.members,
    )


def _on_falcon(
    req: falcon.Request,
    resp: falcon.Response,
    error: falcon.HTTPError,
    params: object,
) -> None:
    for name, value in dict(error.headers or {}).items():
        resp.set_header(name, value)
    status = error.status_code
    reason = _REASONS.get(status, errors.BAD_REQUEST)
    if status == 404:
        detail = f"There is nothing at {req.path[:200]}"
    elif status == 405:
        allowed = resp.get_header("Allow") or ""
        detail = f"{req.method} is not offered here; {allowed} is."
    else:
        detail = error.description or error.title or reason.title
    _answer(req, resp, reason, detail, status)


def _on_database(
    req: falcon.Request,
    resp: falcon.Response,
    error: Exception,
    params: object,
) -> None:
    found = next(
        (found for words, found in _DATABASE.items() if words in str(error)),
        None,
    )
    for classes, sentence in _AWAY:
        if isinstance(error, classes):
            found = (errors.UNAVAILABLE, sentence)
    if found is None:
        _on_exception(req, resp, error, params)
        return
    reason, detail = found
    _on_error(req, resp, errors.TransientError(reason, detail), params)


def _on_exception(
    req: falcon.Request,
    resp: falcon.Response,
    error: Exception,
    params: object,
) -> None:
    # The traceback is for the log; it may hold what the caller may not see.
    LOG.error(
        "%s %s failed (%s)",
        req.method,
        logs.shown(req.path),
        getattr(req.context, "request_id", ""),
        exc_info=error,
    )
    _answer(
        req,
        resp,
        errors.INTERNAL,
        "The service's log has the cause under this request's id.",
        500,
    )
