"""Reading what haproxy says."""

import pytest

from servicevm_agent.services.haproxy.runtime import (
    HaproxyError,
    Processes,
    command,
    parse_processes,
    parse_stat,
)

# haproxy 2.6.12, after a good reload with an old worker still at work.
PROC = """\
#<PID>          <type>          <reloads>       <uptime>        <version>
1162            master          5 [failed: 0]   0d00h02m07s     2.6.12
# workers
1271            worker          0               0d00h00m00s     2.6.12
# old workers
1233            worker          3               0d00h00m43s     2.6.12
# programs
"""


def test_the_workers_that_accept_are_told_from_the_old_ones() -> None:
    assert parse_processes(PROC) == Processes(1162, [1271], 0)


def test_failed_reloads_are_counted() -> None:
    text = PROC.replace("[failed: 0]", "[failed: 2]")
    assert parse_processes(text).failed == 2


@pytest.mark.parametrize("text", ["", "Unknown command\n", "# workers\n"])
def test_what_is_no_table_is_an_error(text: str) -> None:
    with pytest.raises(HaproxyError):
        parse_processes(text)


def test_rows_are_named_by_the_header() -> None:
    rows = parse_stat("# pxname,svname,scur,\nl-web,FRONTEND,3,\n\n")
    assert rows[0]["pxname"] == "l-web"
    assert rows[0]["scur"] == "3"


def test_prose_is_no_statistics() -> None:
    with pytest.raises(HaproxyError, match="Permission denied"):
        parse_stat("Permission denied\n")


def test_nobody_there_is_an_error() -> None:
    with pytest.raises(HaproxyError):
        command("/nonexistent/stats.sock", "show stat")
