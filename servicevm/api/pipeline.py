"""What stands before the application: oslo.middleware, where it is wanted.

Each costs a request and an answer of WebOb, a tenth of a millisecond; so
only what is configured is there at all. The size of a body is bounded by
``[api] max_body_bytes`` alone, by what reads it; request ids and health are
the application's own.
"""

from typing import Any

from oslo_config import cfg
from oslo_middleware import cors, http_proxy_to_wsgi

from servicevm.api import idempotency, microversion

#: Headers that a browser's script may send beyond the simple ones, and read.
_SENT = [
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    microversion.HEADER,
    "X-Auth-Token",
    "X-Openstack-Request-Id",
]
_READ = [
    "ETag",
    idempotency.REPLAYED,
    "Location",
    microversion.HEADER,
    "X-Openstack-Request-Id",
]


def register(conf: cfg.ConfigOpts) -> None:
    """Register ``[cors]`` and ``[oslo_middleware]`` with our defaults."""
    cors.set_defaults(
        allow_headers=_SENT,
        expose_headers=_READ,
        allow_methods=["GET", "POST", "PATCH", "DELETE"],
    )
    conf.register_opts(cors.OPTS, group="cors")
    conf.register_opts(http_proxy_to_wsgi.OPTS, group="oslo_middleware")


def wrap(app: Any, conf: cfg.ConfigOpts) -> Any:
    """The application behind what is configured.

    :param app: a WSGI callable
    :returns: a WSGI callable
    """
    register(conf)
    if conf.cors.allowed_origin:
        app = cors.CORS(app, conf)
    if conf.oslo_middleware.enable_proxy_headers_parsing:
        app = http_proxy_to_wsgi.HTTPProxyToWSGI(app, conf)
    return app
