import copy
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicevm.relay.schemas import (
    ENROLMENT,
    METHODS,
    REQUESTS,
    RESULTS,
    cleaned_beat,
)
from servicevm_agent import wire

SERVICE = "01234567-89ab-cdef-0123-456789abcdef"
REPORT = {
    "generation": 7,
    "digest": "sha256:" + "a" * 64,
    "operating_status": "DEGRADED",
    "failed_generation": 8,
    "detail": "one member is down",
    "members": [{"pool": "web", "name": "b1", "operating_status": "OFFLINE"}],
}
GOOD: dict[str, dict[str, Any]] = {
    "hello": {
        "proto": 1,
        "agent_version": "1.2.3.dev4+g1234",
        "boot_id": "6d1f3b1e-0000-4000-8000-000000000000",
        "ready": True,
        "services": {SERVICE: REPORT},
    },
    "heartbeat": {
        "services": {SERVICE: REPORT},
        "boot_id": "b",
        "counters": {
            SERVICE: {"connections_total": 1, "bytes_in": 2, "bytes_out": 3}
        },
    },
    "result": {
        "service_id": SERVICE,
        "generation": 1,
        "digest": "",
        "ok": False,
        "operating_status": "OFFLINE",
        "detail": "haproxy: line 3",
    },
    "event": {"type": "agent.started", "severity": "INFO", "message": "up"},
    "renew": {"csr": "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n"},
}


@pytest.mark.parametrize("method", GOOD)
def test_what_the_protocol_says_passes_unchanged(method: str) -> None:
    assert REQUESTS[method](GOOD[method]) == GOOD[method]


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ({"rate": 500, "burst": 1000}, wire.Allowance(500, 1000)),
        ({"rate": 0.5, "burst": 1000}, wire.OLD_AGENT),
        ({"rate": 62.5, "burst": 1000}, wire.Allowance(62.5, 1000)),
        ({"rate": 10**18, "burst": -1}, wire.OLD_AGENT),
        ({"calls": {"rate": 500}}, wire.OLD_AGENT),
    ],
)
def test_no_agent_is_refused_for_the_limits_that_it_says(
    said: dict[str, Any], taken: wire.Allowance
) -> None:
    hello = REQUESTS["hello"]({**GOOD["hello"], "limits": said})
    assert wire.allowance(hello["limits"], wire.OLD_AGENT) == taken


def test_there_is_a_good_case_of_each_method() -> None:
    assert set(GOOD) == set(REQUESTS) == set(METHODS)


@pytest.mark.parametrize(
    ("method", "field"),
    [(method, field) for method in GOOD for field in GOOD[method]],
)
def test_every_field_is_checked(method: str, field: str) -> None:
    params = copy.deepcopy(GOOD[method])
    params[field] = [[]]
    with pytest.raises(ValueError, match=field):
        REQUESTS[method](params)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"generation": -1}, "generation"),
        ({"digest": "md5:0"}, "digest"),
        ({"operating_status": "ACTIVE"}, "operating_status"),
        ({"members": [{"pool": "web"}]}, "members[0].name"),
        ({"members": [{}] * 20_000}, "members"),
    ],
)
def test_a_bad_report_is_refused(change: dict[str, Any], place: str) -> None:
    beat = {"boot_id": "b", "services": {SERVICE: REPORT | change}}
    with pytest.raises(ValueError, match=re.escape(place)):
        cleaned_beat(beat)


def test_of_counters_those_that_are_accounted_for_are_kept() -> None:
    counted = {"connections_total": 1, "bytes_in": 2, "bytes_out": 3}
    beat = {
        "boot_id": "b",
        "services": {},
        "counters": {SERVICE: counted | {"errors_total": 4, "moods": "x"}},
    }
    assert cleaned_beat(beat)["counters"] == {SERVICE: counted}


@pytest.mark.parametrize(
    "counters",
    [
        {"x": {}},
        {SERVICE: 1},
        {SERVICE: {"bytes_in": -1}},
        {SERVICE: {"bytes_in": 2**63}},
        {SERVICE: {"bytes_in": 1.5}},
    ],
)
def test_bad_counters_are_refused(counters: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="counters"):
        cleaned_beat({"boot_id": "b", "services": {}, "counters": counters})


def test_an_enrolment_is_a_token_and_a_csr() -> None:
    good = {"token": "t" * 43, "csr": "CSR"}
    assert ENROLMENT["enrol"](good) == good
    with pytest.raises(ValueError, match="token"):
        ENROLMENT["enrol"]({"token": "short", "csr": "CSR"})


def test_a_status_answer_is_checked() -> None:
    good = {"ready": True, "boot_id": "b", "services": {SERVICE: REPORT}}
    assert RESULTS["status"](good) == good
    with pytest.raises(ValueError, match="ready"):
        RESULTS["status"]({})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(st.text(), children, max_size=3)
    ),
    max_leaves=20,
)
FIELDS = st.sampled_from(
    sorted({field for params in GOOD.values() for field in params})
)


@given(
    method=st.sampled_from(sorted(REQUESTS)),
    params=st.dictionaries(FIELDS | st.text(), JSON, max_size=6),
)
def test_anything_is_either_refused_or_clean_json(
    method: str, params: dict[str, Any]
) -> None:
    try:
        cleaned = REQUESTS[method](params)
    except ValueError:
        return
    json.dumps(cleaned, ensure_ascii=False).encode()
