"""The gate that the other tests trust."""

from collections.abc import Iterator

import pytest
import requests

from tests.dashboard.browser.gate import Gate
from tools.horizon.lab import Lab


@pytest.fixture
def own(lab: Lab) -> Iterator[Gate]:
    with Gate(lab.endpoint) as made:
        yield made


def test_calls_are_passed_on_and_counted(own: Gate) -> None:
    with own.counting() as calls, requests.Session() as session:
        for path in ("/healthcheck", "/v1/devices?limit=1"):
            session.get(f"{own.url}{path}", timeout=10)
        session.post(f"{own.url}/v1/devices", json={"a": 1}, timeout=10)
    assert [(call.method, call.path, call.status) for call in calls] == [
        ("GET", "/healthcheck", 200),
        ("GET", "/v1/devices?limit=1", 401),
        ("POST", "/v1/devices", 401),
    ]


def test_down_is_nobody_there_and_passes(own: Gate) -> None:
    with requests.Session() as session:
        session.get(f"{own.url}/healthcheck", timeout=10)
        with own.down(), pytest.raises(requests.ConnectionError):
            session.get(f"{own.url}/healthcheck", timeout=10)
        assert session.get(f"{own.url}/healthcheck", timeout=10).ok


def test_some_calls_can_be_slow_and_others_refused(own: Gate) -> None:
    with (
        own.slow(30, "GET /healthcheck"),
        own.answering(503, "GET /v1", body={"error": 1}),
    ):
        with pytest.raises(requests.Timeout):
            requests.get(f"{own.url}/healthcheck", timeout=0.5)
        answer = requests.get(f"{own.url}/v1/devices", timeout=10)
    assert (answer.status_code, answer.json()) == (503, {"error": 1})
    assert requests.get(f"{own.url}/healthcheck", timeout=10).ok
