"""A browser without a window, and a service behind it over real HTTP."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import django.test
import pytest
from django.core.cache import cache
from keystoneauth1 import access, fixture
from openstack_auth import user as auth_user
from openstack_auth import utils as auth_utils

from servicevmclient.testing import FakeServicevm

PROJECT = "fake"
PROJECTS = [
    {"id": PROJECT, "name": "red", "domain_id": "default", "enabled": True},
    {"id": "p-blue", "name": "blue", "domain_id": "default", "enabled": True},
]
USERS = [
    {"id": "u1", "name": "mia", "domain_id": "default", "enabled": True},
    {"id": "u2", "name": "noah", "domain_id": "default", "enabled": True},
]
NETWORKS = [
    {
        "id": f"11111111-0000-4000-8000-00000000000{number}",
        "name": name,
        "subnets": [],
        "shared": False,
        "router:external": False,
    }
    for number, name in enumerate(("web", "data"))
]
#: Paths that Keystone fails at.
FAILING: set[str] = set()
#: Paths that it was asked for.
ASKED: list[str] = []


@pytest.fixture
def no_names() -> Iterator[None]:
    """Keystone gives neither users nor projects."""
    cache.clear()
    FAILING.update(("/v3/users", "/v3/projects"))
    yield
    FAILING.clear()
    cache.clear()


@pytest.fixture(scope="session")
def identity() -> Iterator[str]:
    """What Horizon itself asks of Keystone: versions, projects, users."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ASKED.append(self.path.partition("?")[0])
            status, document = 300, fixture.DiscoveryList(href=url, v2=False)
            if self.path.startswith("/v3/projects"):
                status, document = 200, {"projects": PROJECTS, "links": {}}
            if self.path.startswith("/v3/users"):
                status, document = 200, {"users": USERS, "links": {}}
            if self.path.startswith("/v2.0/networks"):
                # Neutron is in the same place.
                mine = "shared=True" not in self.path
                status, document = 200, {"networks": NETWORKS if mine else []}
            if self.path.startswith("/v2.0/subnets"):
                status, document = 200, {"subnets": []}
            if self.path.partition("?")[0] in FAILING:
                status = 503
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Not on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"{url}/v3"
        server.shutdown()
        thread.join()


def token(
    identity: str,
    endpoint: str,
    roles: Sequence[str],
    interfaces: Sequence[str] = ("public", "internal", "admin"),
    *,
    neutron: bool = False,
) -> Any:
    """A token of the project `PROJECT`, as Horizon keeps one.

    :param interfaces: that the catalogue has of the service
    :param neutron: whether it has Neutron, too
    """
    made = fixture.V3Token(
        user_id="u1",
        user_name="mia",
        user_domain_id="default",
        user_domain_name="Default",
        project_id=PROJECT,
        project_name="red",
        project_domain_id="default",
        project_domain_name="Default",
    )
    for role in roles:
        made.add_role(id=role, name=role)
    made.add_service("identity", name="identity").add_standard_endpoints(
        public=identity, internal=identity, admin=identity, region="RegionOne"
    )
    if neutron:
        root = identity.removesuffix("/v3")
        made.add_service("network", name="neutron").add_standard_endpoints(
            public=root, internal=root, admin=root, region="RegionOne"
        )
    ours = made.add_service("servicevm", name="servicevm")
    for interface in interfaces:
        ours.add_endpoint(interface, endpoint, region="RegionOne")
    return auth_user.Token(access.AccessInfoV3(made, auth_token="a-token"))


@pytest.fixture
def service() -> Iterator[FakeServicevm]:
    with FakeServicevm() as fake:
        yield fake


@pytest.fixture
def as_user(
    service: FakeServicevm, identity: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., django.test.Client]:
    """``as_user("member")``: a client of who has these roles."""

    def login(
        *roles: str, url: str | None = None, **catalog: Any
    ) -> django.test.Client:
        made = token(identity, url or service.url, roles, **catalog)
        request = SimpleNamespace(session={})
        user = auth_user.create_user_from_token(
            request, made, identity, "RegionOne"
        )
        user.authorized_tenants = []
        # Or Keystone is asked.
        user._is_system_user = False
        monkeypatch.setattr(auth_utils, "get_user", lambda request: user)
        return django.test.Client(raise_request_exception=True)

    return login


@pytest.fixture
def member(as_user: Callable[..., django.test.Client]) -> django.test.Client:
    return as_user("member", "reader")
