from typing import Any

import pytest

from servicevm_agent import requests
from servicevm_agent.log import log

SERVICE = "5a3f3f6e-6f0e-4a53-8a39-a6a5a3d0aa01"
PARAMS: dict[str, dict[str, Any]] = {
    "apply": {
        "service_id": SERVICE,
        "service_type": "loadbalancer",
        "generation": 1,
        "digest": "sha256:0",
        "config": {},
    },
    "remove": {"service_id": SERVICE, "generation": 1},
    "restart": {"service_id": SERVICE},
    "action": {"service_id": SERVICE, "action": "stats", "arguments": {}},
}


@pytest.mark.parametrize("method", PARAMS)
@pytest.mark.parametrize(
    "request_id",
    [None, "req-00000000-0000-4000-8000-000000000001", "a" * 64],
)
def test_a_request_id_is_taken(method: str, request_id: str | None) -> None:
    requests.METHODS[method](PARAMS[method])
    requests.METHODS[method](PARAMS[method] | {"request_id": request_id})


@pytest.mark.parametrize("method", PARAMS)
@pytest.mark.parametrize(
    "request_id", ["", "a" * 65, "a b", "a\nb", "a]", "\x1b[2J", 7, ["a"]]
)
def test_a_request_id_that_would_spoil_the_log_is_refused(
    method: str, request_id: object
) -> None:
    with pytest.raises(ValueError, match="request_id"):
        requests.METHODS[method](PARAMS[method] | {"request_id": request_id})


def test_a_restart_says_what_it_is_done_for() -> None:
    check = requests.METHODS["restart"]
    check(PARAMS["restart"])
    check(PARAMS["restart"] | {"operation_id": "o" * 64})
    for wrong in ("", "o" * 65, 7):
        with pytest.raises(ValueError, match="operation_id"):
            check(PARAMS["restart"] | {"operation_id": wrong})


def test_a_line_names_its_request(capsys: pytest.CaptureFixture[str]) -> None:
    log("apply service s: generation 1", "req-1")
    log("enrolled")
    assert capsys.readouterr().err == (
        "servicevm-agent: [req-1] apply service s: generation 1\n"
        "servicevm-agent: enrolled\n"
    )
