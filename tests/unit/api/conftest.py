"""The real application on a real SQLite file; a conductor that records."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from falcon import testing
from oslo_config import cfg

from servicevm import conf as servicevm_conf
from servicevm.api import app
from servicevm.db.quotas import QUOTAS
from tests.unit import database
from tests.unit.api.conductor import RecordingConductor


@pytest.fixture
def conf(tmp_path: Path) -> cfg.ConfigOpts:
    made = servicevm_conf.register(cfg.ConfigOpts())
    made([], project="servicevm", default_config_files=[])
    made.set_override("state_dir", str(tmp_path / "state"))
    made.set_override("auth_strategy", "none", group="api")
    made.set_override("response_validation", True, group="api")
    # Quotas have tests of their own.
    for name in QUOTAS:
        made.set_override(name, -1, group="quota")
    return made


@pytest.fixture
def conductor() -> RecordingConductor:
    return RecordingConductor()


@pytest.fixture
def api(
    conf: cfg.ConfigOpts, conductor: RecordingConductor, migrated: Path
) -> Iterator[testing.TestClient]:
    database.use(conf, migrated)
    yield testing.TestClient(app.build(conf, conductor))
    database.leave()


@pytest.fixture
def template(api: testing.TestClient) -> dict[str, Any]:
    from tests.unit.api import requests

    return requests.create_template(api)


@pytest.fixture
def device(
    api: testing.TestClient, template: dict[str, Any]
) -> dict[str, Any]:
    from tests.unit.api import requests

    return requests.create_device(api, template["id"])


@pytest.fixture
def service(api: testing.TestClient, device: dict[str, Any]) -> dict[str, Any]:
    from tests.unit.api import requests

    return requests.create_service(api, device["id"])
