"""Real servers: what only shows where writers run side by side."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from falcon import testing
from oslo_config import cfg

from servicevm import conf as servicevm_conf
from servicevm.api import app
from servicevm.db import api as db
from servicevm.db.quotas import QUOTAS
from tests.unit import server as servers
from tests.unit.api.conductor import RecordingConductor


@pytest.fixture(scope="session", params=sorted(servers.KINDS))
def server(request: pytest.FixtureRequest) -> Iterator[servers.Server]:
    """Each kind in turn, with a database that is migrated."""
    with servers.started(request.param) as found:
        assert found is not None
        found.create("tests")
        conf = _conf()
        servers.point(conf, found, "tests")
        db.sync(conf)
        db.dispose()
        yield found


@pytest.fixture
def conf(tmp_path: Path, server: servers.Server) -> Iterator[cfg.ConfigOpts]:
    """Of a process that is connected to an empty database."""
    made = _conf()
    made.set_override("state_dir", str(tmp_path))
    made.set_override("auth_strategy", "none", group="api")
    for name in QUOTAS:
        made.set_override(name, -1, group="quota")
    servers.point(made, server, "tests")
    db.configure(made)
    servers.empty()
    yield made
    db.dispose()


@pytest.fixture
def api(conf: cfg.ConfigOpts) -> testing.TestClient:
    return testing.TestClient(app.build(conf, RecordingConductor()))


def _conf() -> cfg.ConfigOpts:
    made = servicevm_conf.register(cfg.ConfigOpts())
    made([], project="servicevm", default_config_files=[])
    return made
