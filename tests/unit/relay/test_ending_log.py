import logging

import pytest

from servicevm.relay.ending_log import EndingLog
from servicevm.relay.endings import Ending


def test_an_ending_is_one_line_with_its_reason(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    EndingLog().note("device d", Ending.SILENT, "", 0.0)
    EndingLog().note("tcp:x:1", Ending.ENROLLED, "d", 0.0)
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
        ("WARNING", "device d: closed: silent"),
        ("INFO", "tcp:x:1: closed: enrolled: d"),
    ]


def test_a_flood_of_endings_does_not_flood_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = EndingLog()
    for _ in range(1000):
        log.note("tcp:x:1", Ending.TLS_FAILED, "", 0.0)
    assert len(caplog.records) == 200
    log.note("tcp:x:1", Ending.TLS_FAILED, "", 10.0)
    assert caplog.records[200].getMessage() == "800 endings were not logged"
