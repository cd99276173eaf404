"""Who and what Keystone knows: users, roles, the catalogue's entry."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from keystoneauth1 import adapter, session
from keystoneauth1.identity import v3

#: Seconds of a request to Keystone.
_TIMEOUT = 30

PROJECTS = ("red", "blue")
ROLES = ("admin", "manager", "member", "reader")
#: Users of the project ``service``, with the role of that name.
SERVICES = ("servicevm", "neutron", "octavia")

#: user: project and role
USERS: Mapping[str, tuple[str, str]] = {
    **{
        f"{project}-{role}": (project, role)
        for project in PROJECTS
        for role in ROLES
    },
    **{name: ("service", "service") for name in SERVICES},
}


@dataclass(frozen=True)
class Login:
    """A user with a password, in a project.

    :param auth: user and project, as in the ``auth`` of clouds.yaml
    """

    auth_url: str
    auth: Mapping[str, str]

    def plugin(self) -> v3.Password:
        """The keystoneauth1 plugin."""
        return v3.Password(auth_url=self.auth_url, **self.auth)

    def token(self) -> str:
        """A fresh token."""
        with requests.Session() as opened:
            made = session.Session(
                auth=self.plugin(), session=opened, timeout=_TIMEOUT
            )
            return str(made.get_token())


def login(auth_url: str, user: str, password: str) -> Login:
    """How a user of ours gets a token."""
    project = USERS[user][0] if user in USERS else "admin"
    return Login(
        auth_url,
        {
            "username": user,
            "password": password,
            "project_name": project,
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        },
    )


class Identity:
    """Keystone's API in the name of one user."""

    def __init__(self, who: Login) -> None:
        self._login = who

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        """One request; the answer's JSON, None where it has none.

        :raises keystoneauth1.exceptions.ClientException: it says no
        """
        with requests.Session() as opened:
            made = session.Session(
                auth=self._login.plugin(), session=opened, timeout=_TIMEOUT
            )
            return _send(made, self._login.auth_url, method, path, body)

    def user_id(self) -> str:
        """The user's own id."""
        plugin = self._login.plugin()
        with requests.Session() as opened:
            made = session.Session(session=opened, timeout=_TIMEOUT)
            return str(plugin.get_user_id(made))

    def find(self, kind: str, name: str) -> dict[str, Any] | None:
        """The one of this name, e.g. of ``projects``."""
        found: list[dict[str, Any]] = self("GET", f"/{kind}?name={name}")[kind]
        return found[0] if found else None


def _send(
    made: session.Session, url: str, method: str, path: str, body: Any
) -> Any:
    api = adapter.Adapter(made, endpoint_override=url)
    answer = api.request(path, method, json=body)
    return answer.json() if answer.content else None


def answers(auth_url: str) -> bool:
    """Whether Keystone is there."""
    try:
        return bool(requests.get(auth_url, timeout=5).ok)
    except requests.RequestException:
        return False


def settle(identity: Identity, passwords: Mapping[str, str]) -> None:
    """Make the projects and their users."""
    roles = {
        row["name"]: row["id"] for row in identity("GET", "/roles")["roles"]
    }
    projects = {}
    for name in (*PROJECTS, "service"):
        made = identity(
            "POST",
            "/projects",
            {"project": {"name": name, "domain_id": "default"}},
        )
        projects[name] = made["project"]["id"]
    for name, (project, role) in USERS.items():
        made = identity(
            "POST",
            "/users",
            {
                "user": {
                    "name": name,
                    "domain_id": "default",
                    "password": passwords[name],
                }
            },
        )
        identity(
            "PUT",
            f"/projects/{projects[project]}/users/{made['user']['id']}"
            f"/roles/{roles[role]}",
        )


def register(
    identity: Identity,
    endpoint: str,
    region: str,
    *,
    kind: str = "servicevm",
) -> None:
    """Make `endpoint` the one of the service in the region.

    :param kind: type and name of the service
    """
    regions = identity("GET", "/regions")["regions"]
    if region not in {row["id"] for row in regions}:
        identity("POST", "/regions", {"region": {"id": region}})
    found = identity("GET", f"/services?type={kind}")["services"]
    if found:
        service = found[0]
    else:
        service = identity(
            "POST",
            "/services",
            {"service": {"name": kind, "type": kind}},
        )["service"]
    old = identity("GET", f"/endpoints?service_id={service['id']}")
    for row in old["endpoints"]:
        if row["region_id"] == region:
            identity("DELETE", f"/endpoints/{row['id']}")
    for interface in ("public", "internal", "admin"):
        identity(
            "POST",
            "/endpoints",
            {
                "endpoint": {
                    "service_id": service["id"],
                    "interface": interface,
                    "url": endpoint,
                    "region_id": region,
                }
            },
        )


def forget(identity: Identity, region: str) -> None:
    """Delete a region and every endpoint that is in it."""
    for row in identity("GET", f"/endpoints?region_id={region}")["endpoints"]:
        identity("DELETE", f"/endpoints/{row['id']}")
    identity("DELETE", f"/regions/{region}")


def application_credential(
    who: Login, name: str, **asked: Any
) -> dict[str, Any]:
    """Make an application credential; the answer has its secret."""
    identity = Identity(who)
    made = identity(
        "POST",
        f"/users/{identity.user_id()}/application_credentials",
        {"application_credential": {"name": name, **asked}},
    )
    found: dict[str, Any] = made["application_credential"]
    return found
