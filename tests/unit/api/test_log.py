"""What a request leaves in the log."""

import logging

import pytest
from falcon import testing
from oslo_db.exception import DBConnectionError

from servicevm import logs
from servicevm.errors import UNAVAILABLE, TransientError
from tests.unit import database
from tests.unit.api import requests
from tests.unit.log_lines import kept

GLOBAL = "req-00000000-0000-4000-8000-00000000000a"


def test_a_change_is_a_line_with_its_request_id(
    api: testing.TestClient,
) -> None:
    with kept() as lines:
        answer = api.simulate_post(
            "/v1/device-templates",
            json=requests.template_body(),
            headers={"X-Openstack-Request-Id": GLOBAL},
        )
    (line,) = lines
    request_id = answer.headers["X-Openstack-Request-Id"]
    assert f"[{GLOBAL} {request_id} admin default" in line
    assert "POST /v1/device-templates: 201 in 0." in line
    assert logs.request_id() is None


@pytest.mark.parametrize(("level", "count"), [("INFO", 0), ("DEBUG", 1)])
def test_a_look_is_a_line_for_debugging(
    api: testing.TestClient, level: str, count: int
) -> None:
    with kept(getattr(logging, level)) as lines:
        api.simulate_get("/v1/devices?name=secret")
    found = [line for line in lines if "GET /v1/devices" in line]
    assert len(found) == count
    assert "secret" not in "".join(found)


def test_a_refusal_is_a_line_too(api: testing.TestClient) -> None:
    with kept() as lines:
        answer = api.simulate_patch("/v1/relays/x", json={})
    assert "PATCH /v1/relays/x: 400" in lines[-1]
    assert answer.headers["X-Openstack-Request-Id"] in lines[-1]


def test_a_path_makes_no_line_of_its_own(api: testing.TestClient) -> None:
    with kept() as lines:
        api.simulate_post("/v1/x%0aFAKE%1b[2J" + "y" * 1000)
    (line,) = lines
    assert line.isprintable()
    assert len(line) < 600


@pytest.mark.parametrize(
    "failure",
    [TransientError(UNAVAILABLE, "Not now."), RuntimeError("Ours.")],
    ids=["503", "500"],
)
def test_a_path_that_fails_makes_no_line_of_its_own(
    api: testing.TestClient, failure: Exception
) -> None:
    def fail(connection: object) -> None:
        raise failure

    with database.listening("begin", fail), kept() as lines:
        api.simulate_get("/v1/devices/x%0aFAKE%1b[2J" + "y" * 1000)
    (line,) = lines
    first = line.splitlines()[0]
    assert "FAKE" in first
    assert first.isprintable()
    assert len(first) < 600


def test_a_check_of_the_health_leaves_no_traceback(
    api: testing.TestClient,
) -> None:
    def fail(connection: object) -> None:
        raise DBConnectionError(OSError("the cable is out"))

    with database.listening("begin", fail), kept() as lines:
        assert api.simulate_get("/healthcheck").status_code == 503
    assert "the cable is out" in lines[0]
    assert "Traceback" not in "".join(lines)


@pytest.mark.parametrize("given", ["nonsense", "req-1\nFAKE", "x" * 1000])
def test_an_id_of_the_caller_that_is_none_is_left_out(
    api: testing.TestClient, given: str
) -> None:
    with kept() as lines:
        api.simulate_post(
            "/v1/devices", json={}, headers={"X-Openstack-Request-Id": given}
        )
    assert given not in lines[-1]
