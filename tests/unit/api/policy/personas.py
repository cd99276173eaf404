"""Callers of every persona, without Keystone: a strategy made of headers.

It stands where `servicevm.api.identity.Keystone` stands; who is what is
said by the request.
"""

import itertools
from typing import Any, NamedTuple

import falcon
from falcon import testing

from servicevm.context import RequestContext
from tests.unit.api import requests

MINE = "mine"
OTHER = "other"

#: One device has a port once.
_ports = itertools.count(1024)


class ByHeader:
    """``X-As: PROJECT ROLE [USER]``; several roles are parted by commas."""

    challenge = "Test"

    def identify(self, req: falcon.Request) -> RequestContext:
        project, roles, *user = (req.get_header("X-As") or "").split()
        return RequestContext(
            user_id=user[0] if user else f"{project}-{roles}",
            project_id=project,
            roles=[] if roles == "none" else roles.split(","),
            service_user_id=req.get_header("X-Service-As"),
            service_roles=["service"]
            if req.get_header("X-Service-As")
            else [],
            request_id=req.context.request_id,
            overwrite=False,
        )


def as_(role: str, project: str = MINE, user: str = "") -> dict[str, str]:
    """The header."""
    return {"X-As": f"{project} {role} {user}".strip()}


class World(NamedTuple):
    """The things that the table's requests are about; all of `MINE`."""

    api: testing.TestClient
    template: str
    device: str
    service: str
    operation: str
    hold: str


def ask(
    api: testing.TestClient,
    method: str,
    path: str,
    headers: dict[str, str],
    json: Any = None,
) -> testing.Result:
    return api.simulate_request(method, path, headers=headers, json=json)


def service_body(device_id: str, **more: Any) -> dict[str, Any]:
    return {
        "service": {
            "name": "web",
            "device_id": device_id,
            "service_type": "loadbalancer",
            "config": requests.config(next(_ports)),
            **more,
        }
    }
