"""The WSGI application."""

import functools
import json
from collections.abc import Mapping
from typing import Any

import falcon
from oslo_config import cfg

from servicevm.api import auth, errors, metrics, openapi
from servicevm.api.middleware import Envelope
from servicevm.api.resources import (
    apis,
    breakers,
    conductors,
    device_interfaces,
    device_templates,
    devices,
    drivers,
    events,
    holds,
    operations,
    quotas,
    relay_groups,
    relays,
    service_calls,
    service_types,
    services,
    summary,
    usage,
    versions,
)
from servicevm.api.runtime import Runtime
from servicevm.rpc.base import ConductorApi

#: URI template to the class that answers there. A new resource is one file
#: and one line here.
ROUTES: Mapping[str, Any] = {
    "/": versions.Root,
    "/v1": versions.V1,
    "/healthcheck": versions.Healthcheck,
    "/v1/device-templates": device_templates.Collection,
    "/v1/device-templates/{id}": device_templates.Item,
    "/v1/devices": devices.Collection,
    "/v1/devices/{id}": devices.Item,
    "/v1/devices/{id}/reboot": devices.Reboot,
    "/v1/devices/{id}/rebuild": devices.Rebuild,
    "/v1/devices/{id}/heal": devices.Heal,
    "/v1/devices/{id}/interfaces": device_interfaces.Collection,
    "/v1/devices/{id}/interfaces/{index}": device_interfaces.Item,
    "/v1/devices/{id}/console-log": devices.ConsoleLog,
    "/v1/services": services.Collection,
    "/v1/services/{id}": services.Item,
    "/v1/services/{id}/stats": service_calls.Stats,
    "/v1/services/{id}/actions/{action}": service_calls.Actions,
    "/v1/service-types": service_types.Collection,
    "/v1/service-types/{name}": service_types.Item,
    "/v1/drivers": drivers.Collection,
    "/v1/operations": operations.Collection,
    "/v1/operations/{id}": operations.Item,
    "/v1/operations/{id}/cancel": operations.Cancel,
    "/v1/operations/{id}/retry": operations.Retry,
    "/v1/events": events.Collection,
    "/v1/conductors": conductors.Collection,
    "/v1/conductors/{id}": conductors.Item,
    "/v1/relays": relays.Collection,
    "/v1/relays/{id}": relays.Item,
    "/v1/relay-groups": relay_groups.Collection,
    "/v1/relay-groups/{name}": relay_groups.Item,
    "/v1/holds": holds.Collection,
    "/v1/holds/{id}": holds.Item,
    "/v1/breakers": breakers.Collection,
    "/v1/breakers/{name}": breakers.Item,
    "/v1/apis": apis.Collection,
    "/v1/apis/{id}": apis.Item,
    "/v1/summary": summary.Item,
    "/v1/quotas": quotas.Collection,
    "/v1/quotas/defaults": quotas.Defaults,
    "/v1/quotas/{project_id}": quotas.Item,
    "/v1/usage": usage.Collection,
    "/v1/usage/resources": usage.Resources,
    "/v1/usage/{project_id}": usage.Item,
}


def build(
    conf: cfg.ConfigOpts, conductor: ConductorApi
) -> "falcon.App[falcon.Request, falcon.Response]":
    """The application; `servicevm.db.api.configure` was called before.

    :returns: a WSGI callable, thread-safe
    """
    runtime = Runtime(conf, conductor)
    strategy = auth.strategy(conf)
    counted = metrics.Metrics()
    app = falcon.App(middleware=[Envelope(strategy, counted)])
    app.req_options.strip_url_path_trailing_slash = True
    app.req_options.keep_blank_qs_values = True
    errors.register(app, strategy.challenge)
    for path, make in ROUTES.items():
        app.add_route(path, make(runtime))
    app.add_route(
        "/metrics", metrics.MetricsResource(runtime, counted, strategy)
    )
    text = _document(conf.api.auth_strategy)
    app.add_route("/v1/openapi.json", openapi.OpenApi(text))
    return app


@functools.cache
def _document(strategy: str) -> bytes:
    """The OpenAPI document, made of the declarations of the routes."""
    return json.dumps(openapi.document(ROUTES, strategy)).encode()
