import pytest

from servicevm.drivers.mgmt.base import ServiceReport
from servicevm.drivers.mgmt.report import parse_report, parse_reports

LEAST = {"generation": 3, "digest": "sha256:0", "operating_status": "ONLINE"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({}, ServiceReport("s", 3, "sha256:0", "ONLINE"), id="no"),
        pytest.param(
            {"failed_generation": 4, "detail": "why"},
            ServiceReport("s", 3, "sha256:0", "ONLINE", 4, "why"),
            id="refused",
        ),
        pytest.param(
            {"failed_generation": None, "members": [{"name": "b1"}]},
            ServiceReport(
                "s", 3, "sha256:0", "ONLINE", None, "", [{"name": "b1"}]
            ),
            id="members",
        ),
    ],
)
def test_what_may_be_missing_may_be_missing(given, expected):
    assert parse_report("s", LEAST | given) == expected


def test_reports_keep_their_service():
    assert parse_reports({"a": LEAST})["a"].id == "a"
