"""What the database does not let through is told in words."""

import pytest
import sqlalchemy as sa
from falcon import testing

from servicevm.db import api as db
from tests.unit import database
from tests.unit.api import requests


def _limit(connection: sa.Connection) -> None:
    """Let the file not grow any more, as on a disk that is full."""
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def test_a_full_disk_is_told_and_nothing_is_half_made(
    api: testing.TestClient,
) -> None:
    if db.engine().dialect.name != "sqlite":
        pytest.skip("only a file can be told how many pages it may have")
    body = requests.template_body(
        name="large", properties={f"p{n}": "x" * 1024 for n in range(64)}
    )
    with database.listening("begin", _limit):
        answer = api.simulate_post("/v1/device-templates", json=body)
    assert answer.status_code == 503
    (error,) = answer.json["errors"]
    assert error["code"] == "disk_full"
    assert "nothing was changed" in error["detail"]
    assert "Free some space" in error["hint"]
    listed = api.simulate_get("/v1/device-templates").json
    assert listed["device_templates"] == []
