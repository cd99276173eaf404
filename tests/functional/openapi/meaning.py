"""Hooks of schemathesis: what a valid request has to mean.

A schema says how a request is written, not what is there: that a template
exists, that an ETag is the present one, that a key is fresh, that a driver
is installed. Where a request is meant to be accepted, these hooks put in
what is there; whatever else was generated stays. Requests that are meant to
be refused are sent as they were made.

``SERVICEVM_URL``, ``SERVICEVM_USER`` and ``SERVICEVM_PASSWORD`` say where the
service is, to make what a request needs and nothing has made yet.
"""

import itertools
import os
import random
import time
import uuid
from typing import Any

import requests
import schemathesis

LISTENER = {"name": "web", "protocol": "http", "default_pool": "web"}
CONFIG = {
    "pools": [
        {
            "name": "web",
            "algorithm": "round_robin",
            "members": [{"name": "b1", "address": "192.0.2.11", "port": 8080}],
        }
    ],
}

#: What a template says that its drivers can do.
SPEC = {
    "infra_driver": "noop",
    "infra_options": {"vcpus": 1, "memory_mib": 64},
    "mgmt_driver": "noop",
    "mgmt_options": {},
    "interfaces": [{"role": "ingress", "network": "user"}],
    "service_types": ["loadbalancer"],
}

#: Ids by collection: made here, or by a request that was accepted.
alive: dict[str, list[str]] = {
    "device-templates": [],
    "devices": [],
    "services": [],
}
ports = itertools.cycle(range(1, 1 << 16))
chance = random.Random(1)  # noqa: S311


def _positive(case: Any) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Give a valid request its meaning."""
    if not _positive(case):
        return
    headers = case.headers
    if headers and "If-Match" in headers:
        headers["If-Match"] = "*"
    if headers and "Idempotency-Key" in headers:
        headers["Idempotency-Key"] = str(uuid.uuid4())
    if case.query and "marker" in case.query:
        del case.query["marker"]
    if case.query and "start" in case.query:
        # A period begins before it ends.
        case.query["start"] = "2000-01-01T00:00:00Z"
    if case.query and "end" in case.query:
        case.query["end"] = "2001-01-01T00:00:00Z"
    if isinstance(case.body, dict):
        case.body = _integers(case.body)
        for name, inner in case.body.items():
            if isinstance(inner, dict):
                _give_meaning(name, inner, case.method)


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Remember what was made, forget what was asked to go."""
    collection, _, below = case.operation.path[len("/v1/") :].partition("/")
    if collection not in alive or response.status_code >= 300:
        return
    if case.method == "POST" and not below and response.status_code > 200:
        ((_, made),) = response.json().items()
        alive[collection].append(made["id"])
    elif case.method == "DELETE" and below == "{id}":
        gone = case.path_parameters["id"].lower()
        if gone in alive[collection]:
            alive[collection].remove(gone)
        if response.status_code == 202:
            _await_gone(f"/v1/{collection}/{gone}")


def _give_meaning(name: str, body: dict[str, Any], method: str) -> None:
    # Any project is a valid one, but a service's is that of its device.
    body.pop("project_id", None)
    if name == "device_template":
        for key in SPEC:
            if key in body:
                body[key] = SPEC[key]
    elif name == "device":
        if "template_id" in body:
            body["template_id"] = _one_of("device-templates", body)
        body.pop("interfaces", None)
    elif name == "service":
        if "device_id" in body:
            body["device_id"] = _one_of("devices", body)
        if "service_type" in body:
            body["service_type"] = "loadbalancer"
        if "config" in body:
            # A device gives each port to one of its services.
            listener = LISTENER | {"port": next(ports)}
            body["config"] = CONFIG | {"listeners": [listener]}
    elif name == "hold":
        # It is on one thing, and expires later.
        for key in ("device_id", "template_id", "project_id"):
            body.pop(key, None)
        body["everything"] = True
        body.pop("expires_at", None)
    elif name == "interface":
        if "port" in body:
            # It has a network, a subnet and an address already.
            for key in ("network", "subnet", "address"):
                body.pop(key, None)
        else:
            body.setdefault("network", "made")
        if "address" in body:
            body["address"] = "192.0.2.9"


def _await_gone(path: str) -> None:
    """Until the operation that deletes it has ended."""
    deadline = time.monotonic() + 20
    while _call("GET", path).status_code != 404:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{path} is not gone")
        time.sleep(0.02)


def _one_of(collection: str, body: dict[str, Any]) -> str:
    key = {"device-templates": "template_id", "devices": "device_id"}
    given = str(body[key[collection]])
    if given in alive[collection]:
        return given
    if not alive[collection]:
        alive[collection].append(_make(collection))
    return chance.choice(alive[collection])


def _make(collection: str) -> str:
    if collection == "devices":
        template_id = _one_of("device-templates", {"template_id": ""})
        body = {"device": {"name": "made", "template_id": template_id}}
    else:
        template = {"name": "made", "slots": 1000, **SPEC}
        body = {"device_template": template}
    answer = _call("POST", f"/v1/{collection}", body)
    answer.raise_for_status()
    ((_, made),) = answer.json().items()
    return str(made["id"])


def _call(method: str, path: str, body: Any = None) -> requests.Response:
    return requests.request(
        method,
        f"{os.environ['SERVICEVM_URL']}{path}",
        json=body,
        auth=(
            os.environ["SERVICEVM_USER"],
            os.environ["SERVICEVM_PASSWORD"],
        ),
        timeout=30,
    )


def _integers(value: Any) -> Any:
    """JSON Schema takes 1.0 for an integer, this API on purpose does not."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _integers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_integers(item) for item in value]
    return value
