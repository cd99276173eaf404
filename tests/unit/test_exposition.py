import socket

import pytest
import requests

from servicevm import exposition
from servicevm.errors import PORT_TAKEN, PermanentError


@pytest.fixture
def where() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"127.0.0.1:{taken.getsockname()[1]}"


def test_numbers_are_told_for_as_long_as_they_are_offered(where: str) -> None:
    with exposition.offered(where):
        answer = requests.get(f"http://{where}/metrics", timeout=5)
        assert answer.status_code == 200
        assert "process_cpu_seconds_total" in answer.text
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://{where}/metrics", timeout=5)


def test_nothing_is_offered_where_no_address_is_given() -> None:
    with exposition.offered(""):
        pass


def test_an_address_that_is_taken_is_refused_with_its_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        with (
            pytest.raises(PermanentError, match=where) as refused,
            exposition.offered(where),
        ):
            pass
    assert refused.value.reason is PORT_TAKEN


def test_who_says_nothing_keeps_nobody_out(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exposition, "TIMEOUT", 0.2)
    host, port = where.split(":")
    with exposition.offered(where):
        silent = [
            socket.create_connection((host, int(port)))
            for _ in range(exposition.THREADS + 2)
        ]
        answer = requests.get(f"http://{where}/metrics", timeout=10)
        assert answer.status_code == 200
        for one in silent:
            one.close()
