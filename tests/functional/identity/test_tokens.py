"""Tokens of every kind, and a Keystone that is not there."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.functional.identity.service import Service
from tools.cluster.keystone import Keystone
from tools.cluster.keystone_people import Login

#: An answer without Keystone comes within these seconds.
_QUICK = 5.0

# The first start of a machine installs Keystone.
pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def doubting(
    keystone: Keystone, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """An API that asks Keystone about every token, every time."""
    folder = tmp_path_factory.mktemp("doubting") / "service"
    with Service(folder, keystone, cache_seconds=-1) as made:
        yield made


@pytest.fixture
def somebody(keystone: Keystone) -> Iterator[tuple[Login, str, str]]:
    """A user with a project of the own: login, user's id, project's id."""
    identity = keystone.identity()
    name = f"somebody-{time.monotonic_ns()}"
    project = identity(
        "POST",
        "/projects",
        {"project": {"name": name, "domain_id": "default"}},
    )["project"]["id"]
    user = identity(
        "POST",
        "/users",
        {"user": {"name": name, "domain_id": "default", "password": name}},
    )["user"]["id"]
    role = identity.find("roles", "member")
    assert role is not None
    for scope in (f"projects/{project}", "domains/default"):
        identity("PUT", f"/{scope}/users/{user}/roles/{role['id']}")
    auth = {
        "username": name,
        "password": name,
        "user_domain_name": "Default",
        "project_name": name,
        "project_domain_name": "Default",
    }
    yield Login(keystone.auth_url, auth), user, project
    identity("DELETE", f"/users/{user}")
    identity("DELETE", f"/projects/{project}")


def _refused(
    answer: requests.Response, status: int, code: str
) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    (error,) = answer.json()["errors"]
    assert error["code"] == code
    assert error["request_id"] == answer.headers["X-Openstack-Request-Id"]
    found: dict[str, Any] = error
    return found


def test_a_token_is_let_in_and_none_is_not(
    keystone: Keystone, service: Service
) -> None:
    token = keystone.login("red-reader").token()
    assert service.ask(token).json() == {"devices": []}
    answer = service.ask(None)
    _refused(answer, 401, "unauthenticated")
    uri = f'Keystone uri="{keystone.auth_url}"'
    assert answer.headers["WWW-Authenticate"] == uri


@pytest.mark.parametrize("token", ["wrong", "x" * 200, "gAAAA" + "A" * 178])
def test_a_made_up_token_is_refused(service: Service, token: str) -> None:
    _refused(service.ask(token), 401, "unauthenticated")


def test_headers_do_not_make_anyone_somebody(service: Service) -> None:
    made_up = {
        "X-Identity-Status": "Confirmed",
        "X-Roles": "admin",
        "X-User-Id": "admin",
        "X-Project-Id": "admin",
    }
    answer = requests.get(
        f"{service.url}/v1/devices", headers=made_up, timeout=30
    )
    _refused(answer, 401, "unauthenticated")


def test_headers_do_not_make_anyone_somebody_else(
    keystone: Keystone, service: Service
) -> None:
    answer = requests.get(
        f"{service.url}/v1/devices?all_projects=true",
        headers={
            "X-Auth-Token": keystone.login("red-member").token(),
            "X-Roles": "admin",
            "X-Service-Roles": "service",
            "OpenStack-System-Scope": "all",
        },
        timeout=30,
    )
    _refused(answer, 403, "forbidden")


@pytest.mark.parametrize(
    "scope",
    [
        {},
        {"domain_name": "Default"},
    ],
    ids=["none", "a domain"],
)
def test_a_token_without_a_project_is_told_so(
    service: Service,
    somebody: tuple[Login, str, str],
    scope: dict[str, str],
) -> None:
    login = somebody[0]
    auth = {
        key: value
        for key, value in login.auth.items()
        if not key.startswith("project")
    }
    token = Login(login.auth_url, {**auth, **scope}).token()
    _refused(service.ask(token), 403, "project_needed")


def test_a_token_of_the_system_is_told_so(
    keystone: Keystone, service: Service
) -> None:
    auth = {
        key: value
        for key, value in keystone.admin.auth.items()
        if not key.startswith("project")
    }
    token = Login(keystone.auth_url, {**auth, "system_scope": "all"}).token()
    _refused(service.ask(token), 403, "project_needed")


@pytest.mark.parametrize("what", ["revoked", "user", "project", "role"])
def test_what_ends_a_token_ends_it_here(
    keystone: Keystone,
    doubting: Service,
    somebody: tuple[Login, str, str],
    what: str,
) -> None:
    login, user, project = somebody
    token = login.token()
    assert doubting.ask(token).status_code == 200
    identity = keystone.identity()
    if what == "revoked":
        headers = {"X-Auth-Token": token, "X-Subject-Token": token}
        requests.delete(
            f"{keystone.auth_url}/auth/tokens", headers=headers, timeout=30
        ).raise_for_status()
    elif what == "user":
        identity("PATCH", f"/users/{user}", {"user": {"enabled": False}})
    elif what == "project":
        identity(
            "PATCH", f"/projects/{project}", {"project": {"enabled": False}}
        )
    else:
        role = identity.find("roles", "member")
        assert role is not None
        identity(
            "DELETE", f"/projects/{project}/users/{user}/roles/{role['id']}"
        )
    error = _refused(doubting.ask(token), 401, "unauthenticated")
    assert "expired or revoked" in error["detail"]


def test_keystone_is_not_asked_again_about_the_same_token(
    keystone: Keystone, tmp_path: Path
) -> None:
    # One worker: which of two has seen a token is not for us to say.
    with Service(tmp_path / "service", keystone, workers=1) as service:
        token = keystone.login("red-member").token()
        assert service.ask(token).status_code == 200
        fresh = keystone.login("blue-member").token()
        keystone.stop()
        try:
            for _ in range(20):
                assert service.ask(token).status_code == 200
            began = time.monotonic()
            error = _refused(service.ask(fresh), 503, "identity_unavailable")
            assert time.monotonic() - began < _QUICK
            assert "Keystone does not answer" in error["detail"]
            assert service.ask(None, "/healthcheck").status_code == 200
        finally:
            keystone.start()
        assert service.ask(fresh).status_code == 200
        assert "Traceback" not in service.log


def test_an_expired_token_is_refused_although_it_was_known(
    tmp_path: Path,
) -> None:
    with Keystone(tmp_path / "keystone", token_seconds=8) as hasty:
        with Service(tmp_path / "service", hasty) as service:
            token = hasty.login("red-member").token()
            until = time.monotonic() + 8
            assert service.ask(token).status_code == 200
            while time.monotonic() < until:
                time.sleep(0.2)
            _refused(service.ask(token), 401, "unauthenticated")
            fresh = hasty.login("red-member").token()
            assert service.ask(fresh).status_code == 200


def test_access_rules_of_an_application_credential_hold(
    keystone: Keystone, service: Service
) -> None:
    cloud = keystone.application_cloud(
        "red-member",
        f"reads-{time.monotonic_ns()}",
        access_rules=[
            {"path": "/v1/devices", "method": "GET", "service": "servicevm"}
        ],
    )
    token = _token(cloud)
    # The second time from memory.
    for _ in range(3):
        assert service.ask(token).status_code == 200
        error = _refused(
            service.ask(token, "/v1/services"), 401, "unauthenticated"
        )
        assert error["detail"]
    # A service's token makes them not count, nobody else's.
    for other in (token, keystone.login("red-member").token()):
        answer = requests.get(
            f"{service.url}/v1/services",
            headers={"X-Auth-Token": token, "X-Service-Token": other},
            timeout=30,
        )
        _refused(answer, 401, "unauthenticated")


def test_a_service_acts_for_a_project(
    keystone: Keystone, service: Service
) -> None:
    identity = keystone.identity()
    project = identity.find("projects", "blue")
    assert project is not None
    admin = keystone.admin.token()
    template = service.ask(
        admin, "/v1/device-templates", "POST", _TEMPLATE
    ).json()["device_template"]["id"]
    body = {
        "device": {
            "name": "neutrons",
            "template_id": template,
            "project_id": project["id"],
        }
    }
    neutron = keystone.login("neutron").token()
    made = service.ask(neutron, "/v1/devices", "POST", body)
    assert made.json()["device"]["project_id"] == project["id"]
    found = {
        user: len(
            service.ask(
                keystone.login(user).token(), "/v1/devices?name=neutrons"
            ).json()["devices"]
        )
        for user in ("blue-reader", "red-reader")
    }
    assert found == {"blue-reader": 1, "red-reader": 0}


_TEMPLATE = {
    "device_template": {
        "name": "small",
        "infra_driver": "noop",
        "mgmt_driver": "noop",
        "interfaces": [{"role": "ingress", "network": "user"}],
        "service_types": ["loadbalancer"],
        "slots": 2,
    }
}


def _token(cloud: dict[str, Any]) -> str:
    from keystoneauth1 import session
    from keystoneauth1.identity import v3

    with requests.Session() as opened:
        made = session.Session(
            auth=v3.ApplicationCredential(**cloud["auth"]), session=opened
        )
        return str(made.get_token())


def test_a_keystone_user_that_may_not_check_tokens_is_503(
    keystone: Keystone, tmp_path: Path
) -> None:
    made = Service(tmp_path / "service", keystone)
    text = made.conf.read_text()
    made.conf.write_text(
        text.replace(keystone.authtoken()["password"], "wrong")
    )
    with made as service:
        token = keystone.login("red-member").token()
        _refused(service.ask(token), 503, "identity_unavailable")
        assert "Traceback" not in service.log


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("auth_type = password\n", "", "has no auth_type"),
        ("auth_type = password\n", "auth_type = pasword\n", "pasword"),
        ("auth_url = ", "x = ", "has no auth_url"),
        ("policy.yaml", "nothing.yaml", "nothing.yaml does not exist"),
        ("auth_strategy = keystone", "auth_strategy = magic", "magic"),
    ],
    ids=["no type", "type", "no url", "policy", "strategy"],
)
def test_a_wrong_configuration_ends_the_start_with_a_sentence(
    keystone: Keystone, tmp_path: Path, old: str, new: str, words: str
) -> None:
    made = Service(tmp_path / "service", keystone, workers=1)
    text = made.conf.read_text()
    assert old in text
    made.conf.write_text(text.replace(old, new))
    try:
        assert made.start().wait(60) == 3
    finally:
        made.stop()
    assert words in made.log
    assert "servicevm-api: " in made.log
    assert "Traceback" not in made.log
