"""The application behind a WSGI server, called as a server calls it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from falcon import testing
from oslo_config import cfg

from servicevm import conf as servicevm_conf
from servicevm.db import api as db
from servicevm.db import schema
from servicevm.errors import ServicevmError
from servicevm.rpc import bus
from servicevm.wsgi import server
from tests.unit.log_lines import kept

_ORIGIN = "https://panel.example.com"


@pytest.fixture
def conf(tmp_path: Path) -> cfg.ConfigOpts:
    made = servicevm_conf.register(cfg.ConfigOpts())
    made([], project="servicevm", default_config_files=[])
    made.set_override("state_dir", str(tmp_path / "state"))
    made.set_override("auth_strategy", "none", group="api")
    return made


@pytest.fixture
def serve(
    conf: cfg.ConfigOpts, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], testing.TestClient]]:
    # The database is looked at again at once, not after a second.
    monkeypatch.setattr(server, "_LOOK_EVERY", 0.0)
    made: list[server.WsgiApplication] = []

    def begin() -> testing.TestClient:
        made.append(server.WsgiApplication(conf))
        return testing.TestClient(made[-1])

    yield begin
    for application in made:
        application.stop()
    db.dispose()


def _migrate(conf: cfg.ConfigOpts) -> None:
    schema.sync(conf)


def test_a_database_without_tables_is_said_until_it_has_them(
    conf: cfg.ConfigOpts, serve: Callable[[], testing.TestClient]
) -> None:
    api = serve()
    for path in ("/v1/devices", "/healthcheck", "/"):
        answer = api.simulate_get(path)
        assert answer.status_code == 503
        (error,) = answer.json["errors"]
        assert error["code"] == "unavailable"
        assert "servicevm-manage db sync" in error["detail"]
        assert error["request_id"] == answer.headers["X-Openstack-Request-Id"]
    _migrate(conf)
    assert api.simulate_get("/v1/devices").json == {"devices": []}
    assert api.simulate_get("/healthcheck").status_code == 200


def test_why_the_database_does_not_answer_is_for_the_log(
    conf: cfg.ConfigOpts,
    serve: Callable[[], testing.TestClient],
    tmp_path: Path,
) -> None:
    db.register(conf)
    api = serve()
    database = tmp_path / "state" / "servicevm.sqlite"
    (tmp_path / "other").write_bytes(b"no database" * 99)
    # Who has it open already, such as the thread that tells of the process,
    # goes on with the old file; who opens it from now on has the new one.
    (tmp_path / "other").replace(database)
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    db.engine().dispose()
    with kept() as lines:
        for _ in range(2):
            answer = api.simulate_get("/v1/devices")
    (error,) = answer.json["errors"]
    assert error["detail"] == "The database does not answer."
    (line,) = [line for line in lines if "does not answer" in line]
    assert "file is not a database" in line


def test_without_a_bus_a_device_cannot_be_asked(
    conf: cfg.ConfigOpts, serve: Callable[[], testing.TestClient]
) -> None:
    conductor = server.NoConductor()
    conductor.wake()
    for ask in (
        lambda: conductor.call_service({}, "s", "stats", {}),
        lambda: conductor.console_log("d", 1),
    ):
        with pytest.raises(server.TransientError, match="transport_url"):
            ask()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = str(tmp_path / "nothing.conf")
    with pytest.raises(cfg.ConfigFilesNotFoundError, match=r"nothing\.conf"):
        server.configure({server.FILES: missing})


@pytest.mark.parametrize(
    ("section", "name", "value", "words"),
    [
        (
            "database",
            "connection",
            "mysql+pymysql://u:SECRET@host:port/db",
            "no URL of a database",
        ),
        ("database", "connection", "SECRET", "no URL of a database"),
        (
            "DEFAULT",
            "transport_url",
            "rabbit://u:SECRET@host:port/",
            "transport_url can not be used",
        ),
    ],
    ids=["port", "no URL", "bus"],
)
def test_a_wrong_url_ends_the_start_without_its_password(
    conf: cfg.ConfigOpts, section: str, name: str, value: str, words: str
) -> None:
    db.register(conf)
    conf.set_override("rpc", "oslo")
    if section == "DEFAULT":
        bus.transport(conf, "rabbit://u:p@127.0.0.1/").cleanup()
    conf.set_override(name, value, None if section == "DEFAULT" else section)
    with pytest.raises((cfg.Error, ServicevmError), match=words) as caught:
        server.WsgiApplication(conf)
    assert "SECRET" not in str(caught.value)
    db.dispose()


@pytest.mark.parametrize("on", [True, False])
def test_proxy_headers_count_where_they_are_wanted(
    conf: cfg.ConfigOpts, serve: Callable[[], testing.TestClient], on: bool
) -> None:
    _override(conf, "enable_proxy_headers_parsing", on, "oslo_middleware")
    _migrate(conf)
    answer = serve().simulate_get(
        "/",
        headers={
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "svm.example.com",
            "X-Forwarded-Prefix": "/servicevm",
        },
    )
    (version,) = answer.json["versions"]
    link = version["links"][0]["href"]
    assert link.startswith("https://svm.example.com/servicevm/v1") is on


@pytest.mark.parametrize(
    ("origin", "allowed"), [(_ORIGIN, _ORIGIN), ("https://x.example", None)]
)
def test_a_browser_is_let_in_from_where_it_may_come(
    conf: cfg.ConfigOpts,
    serve: Callable[[], testing.TestClient],
    origin: str,
    allowed: str | None,
) -> None:
    _override(conf, "allowed_origin", [_ORIGIN], "cors")
    _migrate(conf)
    api = serve()
    answer = api.simulate_get("/v1/devices", headers={"Origin": origin})
    assert answer.headers.get("Access-Control-Allow-Origin") == allowed
    answer = api.simulate_options(
        "/v1/devices",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-auth-token,idempotency-key",
        },
    )
    assert answer.headers.get("Access-Control-Allow-Origin") == allowed


def test_the_bound_on_a_body_is_ours(
    conf: cfg.ConfigOpts, serve: Callable[[], testing.TestClient]
) -> None:
    conf.set_override("max_body_bytes", 1024, group="api")
    _migrate(conf)
    answer = serve().simulate_post("/v1/devices", body="x" * 1025)
    assert answer.status_code == 413
    assert answer.json["errors"][0]["code"] == "body_too_large"


def _override(conf: cfg.ConfigOpts, name: str, value: Any, group: str) -> None:
    from servicevm.api import pipeline

    pipeline.register(conf)
    conf.set_override(name, value, group=group)
