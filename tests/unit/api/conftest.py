"""The real application on a real SQLite file; a conductor that records."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from falcon import testing
from oslo_config import cfg

from tests.unit import database
from tests.unit.api import standing
from tests.unit.api.conductor import RecordingConductor


@pytest.fixture
def conf(tmp_path: Path) -> cfg.ConfigOpts:
    return standing.options(tmp_path / "state")


@pytest.fixture
def conductor() -> RecordingConductor:
    return RecordingConductor()


@pytest.fixture
def api(
    conf: cfg.ConfigOpts, conductor: RecordingConductor, migrated: Path
) -> Iterator[testing.TestClient]:
    database.use(conf, migrated)
    yield standing.serve(conductor)
    database.leave()


@pytest.fixture
def template(api: testing.TestClient) -> dict[str, Any]:
    from tests.unit.api import requests

    return database.begun_with(
        "template", lambda: requests.create_template(api)
    )


@pytest.fixture
def device(
    api: testing.TestClient, template: dict[str, Any]
) -> dict[str, Any]:
    from tests.unit.api import requests

    return database.begun_with(
        "device", lambda: requests.create_device(api, template["id"])
    )


@pytest.fixture
def service(api: testing.TestClient, device: dict[str, Any]) -> dict[str, Any]:
    from tests.unit.api import requests

    return database.begun_with(
        "service", lambda: requests.create_service(api, device["id"])
    )
