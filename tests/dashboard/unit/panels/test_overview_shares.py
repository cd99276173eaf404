"""What the bars of the overview show."""

import pytest

from servicevm_dashboard.panels.overview import shares
from servicevm_dashboard.panels.overview.shares import Use


def kind(**statuses: int) -> shares.Kind:
    counts = {
        "total": sum(statuses.values()),
        "provisioning_status": statuses,
        "operating_status": {},
    }
    return shares.kind("project", "devices", "Devices", counts)


@pytest.mark.parametrize(
    "statuses",
    [
        {"ACTIVE": 1},
        {"ACTIVE": 5, "ERROR": 1},
        {"ACTIVE": 2, "ERROR": 1, "PENDING_CREATE": 3},
        {"ACTIVE": 1000, "ERROR": 1, "PENDING_CREATE": 1},
    ],
)
def test_a_bar_is_full_and_shows_all_there_is(
    statuses: dict[str, int],
) -> None:
    found = kind(**statuses).status
    assert sum(one.percent for one in found) == 100
    assert all(one.percent >= 1 for one in found)


def test_what_fails_comes_first_and_what_is_not_there_does_not() -> None:
    found = kind(ACTIVE=5, PENDING_CREATE=0, PENDING_DELETE=2, ERROR=1)
    assert [one.value for one in found.status] == [
        "ERROR",
        "PENDING_DELETE",
        "ACTIVE",
    ]


@pytest.mark.parametrize(
    ("used", "limit", "percent"),
    [(0, 10, 0), (3, 10, 30), (12, 10, 100), (5, -1, 0), (0, 0, 100)],
)
def test_a_pie_is_never_more_than_full(
    used: int, limit: int, percent: int
) -> None:
    assert Use("Devices", used, limit).percent == percent
