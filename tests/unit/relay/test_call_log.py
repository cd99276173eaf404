import logging
from concurrent.futures import Future
from typing import Any

import pytest

from servicevm import logs
from servicevm.errors import AGENT_TIMEOUT, TransientError
from servicevm.relay import call_log
from tests.unit.log_lines import kept

REQUEST = "req-00000000-0000-4000-8000-000000000001"


@pytest.mark.parametrize("method", ["apply", "remove", "action"])
def test_the_agent_is_told_the_request(method: str) -> None:
    params = {"service_id": "s"}
    with logs.about(REQUEST):
        found = call_log.traced(method, params)
    assert found == {"service_id": "s", "request_id": REQUEST}
    assert params == {"service_id": "s"}


@pytest.mark.parametrize(
    ("method", "request_id"),
    [("status", REQUEST), ("ping", REQUEST), ("apply", None)],
)
def test_what_is_nobodys_request_says_none(
    method: str, request_id: str | None
) -> None:
    with logs.about(request_id):
        assert call_log.traced(method, {}) == {}


def test_the_line_names_who_asked_and_what_came_of_it() -> None:
    good: Future[Any] = Future()
    bad: Future[Any] = Future()
    with logs.about(REQUEST):
        good.add_done_callback(call_log.ending("d1", "apply"))
        bad.add_done_callback(call_log.ending("d1", "apply"))
    with kept() as lines:
        good.set_result({"accepted": True})
        bad.set_exception(TransientError(AGENT_TIMEOUT, "No answer."))
    assert all(REQUEST in line for line in lines)
    assert "Device d1: apply: answered, 0.0" in lines[0]
    assert "Device d1: apply: agent_timeout: No answer., 0.0" in lines[1]


def test_what_is_asked_all_the_time_is_for_debugging() -> None:
    levels = []
    for level in (logging.INFO, logging.DEBUG):
        answer: Future[Any] = Future()
        answer.add_done_callback(call_log.ending("d1", "status"))
        with kept(level) as lines:
            answer.set_result({})
        levels.append(len(lines))
    assert levels == [0, 1]
