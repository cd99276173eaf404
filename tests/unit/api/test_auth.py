"""Passwords, and what a real client makes of the generated clouds.yaml."""

import base64
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import yaml
from cheroot import wsgi
from falcon import testing
from keystoneauth1 import adapter, discover, http_basic, session
from oslo_config import cfg

from servicevm.api import app, credentials
from tests.unit import database
from tests.unit.api import requests
from tests.unit.api.conductor import RecordingConductor


@pytest.fixture
def guarded(
    conf: cfg.ConfigOpts, migrated: Path
) -> Iterator[testing.TestClient]:
    conf.set_override("auth_strategy", "http_basic", group="api")
    database.use(conf, migrated)
    yield testing.TestClient(app.build(conf, RecordingConductor()))
    database.leave()


def _basic(user: str, password: str) -> dict[str, str]:
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def _cloud(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found["clouds"]["servicevm"]  # type: ignore[no-any-return]


def test_credentials_are_made_once_and_private(conf: cfg.ConfigOpts) -> None:
    conf.set_override("auth_strategy", "http_basic", group="api")
    clouds = credentials.ensure(conf, "http://127.0.0.1:1")
    first = _cloud(clouds)
    stored = Path(conf.api.auth_file).read_text()
    second = _cloud(credentials.ensure(conf, "http://127.0.0.1:2"))
    assert first["auth"]["password"] == second["auth"]["password"]
    assert second["auth"]["endpoint"] == "http://127.0.0.1:2"
    assert second["servicevm_endpoint_override"] == "http://127.0.0.1:2"
    assert second["servicevm_api_version"] == "1"
    assert second["auth_type"] == "http_basic"
    # The hash is not made again either.
    assert Path(conf.api.auth_file).read_text() == stored
    assert first["auth"]["password"] not in stored
    assert len(base64.urlsafe_b64decode(first["auth"]["password"] + "=")) == 32
    for path in (clouds, Path(conf.api.auth_file)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("lost", ["auth_file", "clouds_file"])
def test_a_lost_file_is_made_again_to_fit_the_other(
    conf: cfg.ConfigOpts, guarded: testing.TestClient, lost: str
) -> None:
    credentials.ensure(conf, "http://127.0.0.1:1")
    Path(conf.api[lost]).unlink()
    auth = _cloud(credentials.ensure(conf, "http://127.0.0.1:1"))["auth"]
    answer = guarded.simulate_get(
        "/v1/devices", headers=_basic(auth["username"], auth["password"])
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic " + base64.b64encode(b"\xff:x").decode()},
        _basic("admin", ""),
        _basic("admin", "wrong"),
        _basic("admin", "x" * 100),
        _basic("nobody", "wrong"),
        _basic("plain", "secret"),
        {"X-Roles": "admin", "X-User-Id": "admin", "X-Project-Id": "default"},
    ],
    ids=[
        "nothing",
        "another scheme",
        "no pair",
        "no base64",
        "no UTF-8",
        "no password",
        "wrong password",
        "long password",
        "unknown user",
        "stored in clear",
        "made-up identity",
    ],
)
def test_without_the_password_nothing_is_told(
    conf: cfg.ConfigOpts,
    guarded: testing.TestClient,
    headers: dict[str, str],
) -> None:
    credentials.ensure(conf, "http://127.0.0.1:1")
    with open(conf.api.auth_file, "a") as file:
        file.write("plain:secret\n")
    for path in ("/v1/devices", "/v1/service-types", "/v1/events"):
        answer = guarded.simulate_get(path, headers=headers)
        requests.refused(answer, 401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/healthcheck", "/v1/openapi.json"]
)
def test_what_everyone_may_ask(guarded: testing.TestClient, path: str) -> None:
    assert guarded.simulate_get(path).status_code == 200


def test_no_file_lets_nobody_in(guarded: testing.TestClient) -> None:
    answer = guarded.simulate_get("/v1/devices", headers=_basic("admin", "x"))
    requests.refused(answer, 401, "unauthenticated")


def test_without_authentication_only_this_machine_is_let_in(
    api: testing.TestClient,
) -> None:
    for headers, address in (
        ({}, "192.0.2.1"),
        ({"X-Forwarded-For": "192.0.2.1"}, "127.0.0.1"),
        ({"Forwarded": "for=127.0.0.1"}, "127.0.0.1"),
    ):
        answer = api.simulate_get(
            "/v1/devices", headers=headers, remote_addr=address
        )
        requests.refused(answer, 401, "unauthenticated")
    answer = api.simulate_get("/v1/devices", remote_addr="::1")
    assert answer.status_code == 200


def test_a_password_file_that_cannot_be_read_is_said(
    conf: cfg.ConfigOpts, guarded: testing.TestClient
) -> None:
    Path(conf.api.auth_file).mkdir()
    answer = guarded.simulate_get("/v1/devices", headers=_basic("admin", "x"))
    error = requests.refused(answer, 503, "unavailable")
    assert conf.api.auth_file not in error["detail"]
    with pytest.raises(OSError, match="htpasswd"):
        app.build(conf, RecordingConductor())


def test_a_password_file_that_is_no_text_lets_nobody_in(
    conf: cfg.ConfigOpts, guarded: testing.TestClient
) -> None:
    Path(conf.api.auth_file).write_bytes(b"\xff:$2b$\xff\n")
    answer = guarded.simulate_get("/v1/devices", headers=_basic("admin", "x"))
    requests.refused(answer, 401, "unauthenticated")


def test_a_changed_password_holds_at_once(
    conf: cfg.ConfigOpts, guarded: testing.TestClient
) -> None:
    auth = _cloud(credentials.ensure(conf, "http://127.0.0.1:1"))["auth"]
    old = _basic(auth["username"], auth["password"])
    for _ in range(2):
        assert (
            guarded.simulate_get("/v1/devices", headers=old).status_code == 200
        )
    fresh = bcrypt.hashpw(b"new", bcrypt.gensalt(4)).decode()
    Path(conf.api.auth_file).write_text(f"admin:{fresh}\nother:{fresh}\n")
    assert guarded.simulate_get("/v1/devices", headers=old).status_code == 401
    for user in ("admin", "other"):
        answer = guarded.simulate_get(
            "/v1/devices", headers=_basic(user, "new")
        )
        assert answer.status_code == 200


@pytest.fixture
def endpoint(
    conf: cfg.ConfigOpts, guarded: testing.TestClient
) -> Iterator[str]:
    """The application behind a real socket."""
    server = wsgi.Server(("127.0.0.1", 0), guarded.app, numthreads=2)
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield f"http://127.0.0.1:{server.bind_addr[1]}"
    server.stop()
    thread.join(10)


def test_keystoneauth_finds_and_uses_the_api(
    conf: cfg.ConfigOpts, endpoint: str
) -> None:
    auth = _cloud(credentials.ensure(conf, endpoint))["auth"]
    plugin = http_basic.HTTPBasicAuth(**auth)
    opened = session.Session(auth=plugin)
    try:
        for url in (endpoint, f"{endpoint}/v1"):
            (found,) = discover.Discover(opened, url).version_data()
            assert found["version"] == (1, 0)
            assert found["url"] == f"{endpoint}/v1/"
        client = adapter.Adapter(
            opened,
            service_type="servicevm",
            endpoint_override=f"{endpoint}/v1",
            default_microversion="1.0",
        )
        answer = client.get("/devices")
        assert answer.json() == {"devices": []}
        assert answer.headers["OpenStack-API-Version"] == "servicevm 1.0"
    finally:
        opened.session.close()


@pytest.mark.parametrize("size", [2 << 20, 10 << 20])
def test_a_large_body_is_refused_on_the_wire(
    conf: cfg.ConfigOpts, endpoint: str, size: int
) -> None:
    auth = _cloud(credentials.ensure(conf, endpoint))["auth"]
    opened = session.Session(auth=http_basic.HTTPBasicAuth(**auth))
    try:
        answer = opened.post(
            f"{endpoint}/v1/devices",
            data=b" " * size,
            headers={"Content-Type": "application/json"},
            raise_exc=False,
        )
        assert answer.status_code == 413
        assert answer.json()["errors"][0]["code"] == "body_too_large"
    finally:
        opened.session.close()
