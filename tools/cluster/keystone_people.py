"""Who and what Keystone knows: users, roles, the catalogue's entry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests
from keystoneauth1 import adapter, session
from keystoneauth1.identity import v3

#: Seconds of a request to Keystone.
_TIMEOUT = 30


@dataclass(frozen=True)
class People:
    """Who there is, besides Keystone's own administrator.

    :param projects: in the domain ``default``
    :param users: name to project and roles in it
    :param everywhere: name to roles in every project of the domain, those
        that are made later too; not in the domain itself
    """

    projects: Sequence[str]
    users: Mapping[str, tuple[str, Sequence[str]]]
    everywhere: Mapping[str, Sequence[str]] = field(default_factory=dict)


_PROJECTS = ("red", "blue")
_ROLES = ("admin", "manager", "member", "reader")

#: ``red-admin`` ..., and services in the project ``service``.
PEOPLE = People(
    projects=(*_PROJECTS, "service"),
    users={
        **{
            f"{project}-{role}": (project, (role,))
            for project in _PROJECTS
            for role in _ROLES
        },
        **{
            name: ("service", ("service",))
            for name in ("servicevm", "neutron", "octavia")
        },
    },
)


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


def login(
    auth_url: str, user: str, password: str, project: str = "admin"
) -> Login:
    """How a user of ours gets a token."""
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
        # It keeps its token; connections are not kept.
        self._plugin = who.plugin()

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        """One request; the answer's JSON, None where it has none.

        :raises keystoneauth1.exceptions.ClientException: it says no
        """
        with requests.Session() as opened:
            made = session.Session(
                auth=self._plugin, session=opened, timeout=_TIMEOUT
            )
            return _send(made, self._login.auth_url, method, path, body)

    def user_id(self) -> str:
        """The user's own id."""
        with requests.Session() as opened:
            made = session.Session(session=opened, timeout=_TIMEOUT)
            return str(self._plugin.get_user_id(made))

    def find(self, kind: str, name: str) -> dict[str, Any] | None:
        """The one of this name, e.g. of ``projects``."""
        found: list[dict[str, Any]] = self("GET", f"/{kind}?name={name}")[kind]
        return found[0] if found else None

    def ensure(self, kind: str, name: str, **more: Any) -> str:
        """The id of the one of this name, which is made where it is missing.

        :param kind: in the plural: ``projects``
        :param more: further fields of a new one
        """
        found = self.find(kind, name)
        if found is None:
            one = kind.removesuffix("s")
            found = self("POST", f"/{kind}", {one: {"name": name, **more}})[
                one
            ]
        return str(found["id"])


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


def settle(
    identity: Identity, people: People, passwords: Mapping[str, str]
) -> None:
    """Make the projects and their users, where they are missing."""
    of_domain = {"domain_id": "default"}
    projects = {
        name: identity.ensure("projects", name, **of_domain)
        for name in people.projects
    }
    roles = {
        row["name"]: row["id"] for row in identity("GET", "/roles")["roles"]
    }
    for name, (project, given) in people.users.items():
        user = identity.ensure(
            "users", name, password=passwords[name], **of_domain
        )
        for role in given:
            identity(
                "PUT",
                f"/projects/{projects[project]}/users/{user}"
                f"/roles/{roles[role]}",
            )
        for role in people.everywhere.get(name, ()):
            identity(
                "PUT",
                f"/OS-INHERIT/domains/default/users/{user}/roles/"
                f"{roles[role]}/inherited_to_projects",
            )


def register(
    identity: Identity,
    endpoint: str,
    region: str,
    *,
    kind: str = "servicevm",
    name: str | None = None,
) -> None:
    """Make `endpoint` the one of the service in the region.

    :param kind: type of the service
    :param name: of the service; its type where there is none
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
            {"service": {"name": name or kind, "type": kind}},
        )["service"]
    missing = {"public", "internal", "admin"}
    old = identity("GET", f"/endpoints?service_id={service['id']}")
    for row in old["endpoints"]:
        if row["region_id"] != region:
            continue
        if row["url"] == endpoint and row["interface"] in missing:
            missing.remove(row["interface"])
        else:
            identity("DELETE", f"/endpoints/{row['id']}")
    for interface in sorted(missing):
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
