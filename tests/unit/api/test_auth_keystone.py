"""The memory of `servicevm.api.identity`; its judgement has a real Keystone
in tests/functional/identity."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from falcon import testing
from oslo_config import cfg
from oslo_serialization import jsonutils

from servicevm.api import app, identity
from tests.unit import database
from tests.unit.api import requests
from tests.unit.api.conductor import RecordingConductor


class _Handler(BaseHTTPRequestHandler):
    """As much of Keystone's API as checking a token takes."""

    protocol_version = "HTTP/1.1"
    asked: list[str]
    expires_at: str
    odd: Any = None

    def do_GET(self) -> None:
        if not self.path.startswith("/v3/auth/tokens"):
            port = self.server.server_address[1]
            self._answer(200, {"version": _version(port)})
            return
        subject = self.headers["X-Subject-Token"]
        self.asked.append(subject)
        if subject.startswith("bad"):
            self._answer(404, {"error": {"code": 404}})
        elif subject.startswith("broken"):
            self._answer(500, {"error": {"code": 500}})
        elif subject.startswith("odd"):
            self._answer(200, self.odd)
        else:
            self._answer(200, self._token(subject))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(201, self._token("service"))

    def _answer(self, status: int, body: Any) -> None:
        data = jsonutils.dump_as_bytes(body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Subject-Token", "service")
        self.end_headers()
        self.wfile.write(data)

    def _token(self, user: str) -> dict[str, Any]:
        domain = {"id": "default", "name": "Default"}
        endpoint = {
            "interface": "internal",
            "region": "r",
            "url": f"http://127.0.0.1:{self.server.server_address[1]}/v3",
        }
        return {
            "token": {
                "methods": ["password"],
                "user": {"id": user, "name": user, "domain": domain},
                "project": {"id": "mine", "name": "mine", "domain": domain},
                "roles": [{"id": "r", "name": "reader"}],
                "catalog": [{"type": "identity", "endpoints": [endpoint]}],
                "issued_at": "2026-01-01T00:00:00.000000Z",
                "expires_at": self.expires_at,
            }
        }

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def _version(port: int) -> dict[str, Any]:
    return {
        "id": "v3.14",
        "status": "stable",
        "links": [{"rel": "self", "href": f"http://127.0.0.1:{port}/v3/"}],
    }


@pytest.fixture
def handler() -> Iterator[type[_Handler]]:
    class Handler(_Handler):
        asked: list[str] = []
        expires_at = "2999-01-01T00:00:00.000000Z"

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    Handler.port = server.server_address[1]  # type: ignore[attr-defined]
    yield Handler
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture
def guarded(
    conf: cfg.ConfigOpts, migrated: Path, handler: Any
) -> Iterator[testing.TestClient]:
    conf.set_override("auth_strategy", "keystone", group="api")
    identity.register(conf)
    url = f"http://127.0.0.1:{handler.port}/v3"
    group = "keystone_authtoken"
    conf.set_override("auth_type", "password", group=group)
    from keystoneauth1 import loading

    plugin = loading.get_plugin_loader("password")
    conf.register_opts(
        loading.get_auth_plugin_conf_options(plugin), group=group
    )
    for name, value in {
        "auth_url": url,
        "username": "servicevm",
        "password": "secret",
        "project_name": "service",
        "user_domain_id": "default",
        "project_domain_id": "default",
    }.items():
        conf.set_override(name, value, group=group)
    database.use(conf, migrated)
    yield testing.TestClient(app.build(conf, RecordingConductor()))
    database.leave()


def _ask(api: testing.TestClient, token: str) -> testing.Result:
    return api.simulate_get("/v1/devices", headers={"X-Auth-Token": token})


def test_a_token_is_asked_about_once(
    guarded: testing.TestClient, handler: type[_Handler]
) -> None:
    for _ in range(5):
        assert _ask(guarded, "good").status_code == 200
    assert handler.asked == ["good"]


def test_what_was_refused_is_asked_about_again(
    guarded: testing.TestClient, handler: type[_Handler]
) -> None:
    for _ in range(2):
        requests.refused(_ask(guarded, "bad"), 401, "unauthenticated")
    assert handler.asked == ["bad", "bad"]


def test_a_fault_of_keystones_is_not_the_tokens(
    guarded: testing.TestClient,
) -> None:
    error = requests.refused(
        _ask(guarded, "broken"), 503, "identity_unavailable"
    )
    assert "127.0.0.1" not in error["detail"]


def test_an_expired_token_is_not_let_in(
    guarded: testing.TestClient, handler: type[_Handler]
) -> None:
    handler.expires_at = "2020-01-01T00:00:00.000000Z"
    requests.refused(_ask(guarded, "old"), 401, "unauthenticated")


def test_the_memory_is_bounded_and_keeps_what_is_used(
    guarded: testing.TestClient,
    handler: type[_Handler],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(identity, "REMEMBERED", 3)
    for number in range(4):
        assert _ask(guarded, "kept").status_code == 200
        assert _ask(guarded, f"t{number}").status_code == 200
    assert handler.asked.count("kept") == 1
    _ask(guarded, "t0")
    assert handler.asked.count("t0") == 2


@pytest.mark.parametrize("token", ["", "x" * 20_000], ids=["empty", "long"])
def test_what_is_no_token_is_not_asked_about(
    guarded: testing.TestClient, handler: type[_Handler], token: str
) -> None:
    requests.refused(_ask(guarded, token), 401, "unauthenticated")
    assert handler.asked == []


@pytest.mark.parametrize(
    "answer", ["a page", [], {}, {"token": None}, {"token": {}}]
)
def test_what_is_no_keystone_is_503(
    guarded: testing.TestClient, handler: type[_Handler], answer: Any
) -> None:
    handler.odd = answer
    requests.refused(_ask(guarded, "odd"), 503, "identity_unavailable")


def test_a_certificate_that_cannot_be_read_ends_the_start(
    conf: cfg.ConfigOpts, guarded: testing.TestClient
) -> None:
    conf.set_override("cafile", "/nowhere.pem", group="keystone_authtoken")
    with pytest.raises(cfg.Error, match=r"cafile: /nowhere\.pem can not"):
        app.build(conf, RecordingConductor())
