"""The short run of ``make chaos``, on each database."""

import pytest

from tests.chaos.run import Plan, run
from tools.cluster.cluster import DATABASES


@pytest.mark.timeout(420)
@pytest.mark.parametrize("database", sorted(DATABASES))
def test_nothing_is_lost_made_twice_or_left_over(database: str) -> None:
    report = run(Plan(120, 3, database, pace=0.25), print)
    print(report.text())
    assert not report.wrong, report.text()
