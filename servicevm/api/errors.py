"""Every refusal in one form, that of the API-SIG guideline on errors.

https://specs.openstack.org/openstack/api-sig/guidelines/errors.html
"""

import json
from collections.abc import Mapping
from typing import Any

import falcon
from oslo_log import log

from servicevm import errors
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


def document(
    reason: Reason,
    detail: str,
    *,
    status: int,
    request_id: str,
    fields: Mapping[str, str] | None = None,
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
    return {"errors": [error]}


def register(app: Any) -> None:
    """Answer every exception of `app` in the one form."""
    app.add_error_handler(Exception, _on_exception)
    app.add_error_handler(falcon.HTTPError, _on_falcon)
    app.add_error_handler(ServicevmError, _on_error)


def _answer(
    req: falcon.Request,
    resp: falcon.Response,
    reason: Reason,
    detail: str,
    status: int,
    fields: Mapping[str, str] | None = None,
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
        LOG.warning("%s %s: %s", req.method, req.path, error.detail)
    if reason is errors.UNAUTHENTICATED:
        resp.set_header("WWW-Authenticate", 'Basic realm="servicevm"')
    _answer(req, resp, reason, error.detail, reason.status, error.fields)


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
        req.path,
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
