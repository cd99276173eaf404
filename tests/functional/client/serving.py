"""The real API and conductor, with noop drivers, and our shell.

Over a loopback socket on a SQLite file.
"""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cheroot import wsgi
from oslo_config import cfg

from servicevm import conf as servicevm_conf
from servicevm.api import app
from servicevm.conductor import service
from servicevm.db import api as db
from servicevm.db.presence import Presence
from servicevm.rpc.local import LateRelay
from servicevm.states import ProcessRole
from servicevmclient.v1 import Client
from tests.unit import database
from tests.unit.client.conftest import Result, Terminal, client_of

TEMPLATE = (
    "device template create --infra-driver noop --mgmt-driver noop "
    "--interface role=ingress,network=net --service-type loadbalancer "
    "--slots 4 small -f json"
)
CONFIG = """
listeners:
- {name: web, protocol: http, port: 80, default_pool: web}
pools:
- name: web
  algorithm: round_robin
  members:
  - {name: b1, address: 192.0.2.11, port: 8080}
"""


@pytest.fixture(scope="module")
def url(
    tmp_path_factory: pytest.TempPathFactory, migrated: Path
) -> Iterator[str]:
    conf = servicevm_conf.register(cfg.ConfigOpts())
    conf([], project="servicevm", default_config_files=[])
    conf.set_override("state_dir", str(tmp_path_factory.mktemp("state")))
    conf.set_override("auth_strategy", "none", group="api")
    conf.set_override("response_validation", True, group="api")
    database.use(conf, migrated)
    conductor = service.Conductor(conf, LateRelay())
    conductor.start()
    conductor.relay_report(
        {
            "name": "r1",
            "host": "h1",
            "group": "default",
            "version": "1.0",
            "address": "192.0.2.1:4433",
            "sessions": 0,
            "started_at": 1,
        }
    )
    Presence(conf, ProcessRole.API).report()
    server = wsgi.Server(
        ("127.0.0.1", 0), app.build(conf, conductor), numthreads=4
    )
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    host, port = server.bind_addr[:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()
        thread.join()
        conductor.stop(10)
        db.dispose()


@pytest.fixture
def client(url: str) -> Client:
    return client_of(url)


@pytest.fixture
def terminal(
    url: str, bare_environment: pytest.MonkeyPatch
) -> Iterator[Terminal]:
    bare_environment.setenv("OS_ENDPOINT", url)
    with pytest.MonkeyPatch.context() as streams:
        yield Terminal(streams)


@pytest.fixture(autouse=True)
def nothing_left(terminal: Terminal) -> Iterator[None]:
    yield
    for noun in ("service", "device", "device template"):
        ids = terminal(f"{noun} list -f value -c id").out.split()
        if ids:
            wait = "" if noun == "device template" else "--wait"
            result = terminal(f"{noun} delete {wait} {' '.join(ids)}")
            assert result.code == 0, result.err


def succeeds(terminal: Terminal, line: str, stdin: str = "") -> Result:
    result = terminal(line, stdin=stdin)
    assert result.code == 0, result.err
    return result


def build(terminal: Terminal) -> None:
    """Template small, device lb-1, service web."""
    succeeds(terminal, TEMPLATE)
    succeeds(terminal, "device create --template small --wait lb-1")
    succeeds(
        terminal,
        "service create --device lb-1 --type loadbalancer --config - "
        "--wait web",
        CONFIG,
    )
