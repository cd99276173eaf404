"""What happens before and after every request."""

import logging
import time

import falcon
from oslo_context import context as oslo_context
from oslo_log import log

from servicevm import logs
from servicevm.api import microversion
from servicevm.api.auth import Strategy
from servicevm.api.metrics import Metrics

LOG = log.getLogger(__name__)

#: Methods that change nothing; their lines are for debugging.
_READS = ("GET", "HEAD", "OPTIONS")


class Envelope:
    """Request id, caller, version, latency.

    :param metrics: where the request is counted
    """

    def __init__(self, strategy: Strategy, metrics: Metrics) -> None:
        self._strategy = strategy
        self._metrics = metrics

    def process_request(
        self, req: falcon.Request, resp: falcon.Response
    ) -> None:
        req.context.began = time.perf_counter()
        req.context.request_id = oslo_context.generate_request_id()
        given = req.get_header("X-Openstack-Request-Id") or ""
        # Only what has the form of an id: it goes into logs.
        req.context.global_request_id = (
            given if logs.REQUEST_ID.match(given) else None
        )
        logs.enter(
            req.context.request_id,
            global_request_id=req.context.global_request_id,
        )
        req.context.version = microversion.negotiate(req)

    def process_resource(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        resource: object,
        params: dict[str, str],
    ) -> None:
        if not getattr(resource, "open", False):
            req.context.caller = self._strategy.identify(req)
            req.context.caller.update_store()

    def process_response(
        self,
        req: falcon.Request,
        resp: falcon.Response,
        resource: object,
        succeeded: bool,
    ) -> None:
        resp.set_header("X-Openstack-Request-Id", req.context.request_id)
        version = getattr(req.context, "version", microversion.MAX)
        resp.set_header(
            microversion.HEADER, f"{microversion.SERVICE_TYPE} {version}"
        )
        resp.append_header("Vary", microversion.HEADER)
        seconds = time.perf_counter() - req.context.began
        self._metrics.observe(
            req.method, req.uri_template or "", resp.status_code, seconds
        )
        LOG.log(
            logging.DEBUG if req.method in _READS else logging.INFO,
            "%s %s: %s in %.3f s",
            req.method,
            logs.shown(req.path),
            resp.status_code,
            seconds,
        )
        logs.leave()
