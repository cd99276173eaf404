import argparse
import io

import pytest
from cliff.formatters.table import TableFormatter
from hypothesis import given
from hypothesis import strategies as st

from servicevmclient.osc import _cells, _columns, _table

ID = "f879c100-9832-4a3d-985b-9a175cbe5e69"
OTHER = "83821ae0-198e-41a2-a93d-ee209f44980f"
AT = "2026-11-22T19:34:50Z"
DECLARED = {
    "service list": _columns.SERVICE,
    "device list": _columns.DEVICE,
    "device template list": _columns.DEVICE_TEMPLATE,
    "operation list": _columns.OPERATION,
    "event list": _columns.EVENT,
}
USUAL = {
    "ID": ID,
    "Name": "lb1",
    "Device Name": "lb1",
    "Template Name": "small",
    "Resource Name": "web",
    "Resource Type": "service",
    "Created At": AT,
    "At": AT,
    "Action": "create",
    "State": "SUCCEEDED",
    "Step": "activate",
    "Severity": "INFO",
    "Type": "service.operating_status",
    "Service Type": "loadbalancer",
    "Service Types": "loadbalancer",
    "Provisioning Status": "ACTIVE",
    "Operating Status": "ONLINE",
    "Infra Driver": "qemu",
    "Mgmt Driver": "agent",
    "Revision": 1,
    "Message": "The agent 1.0 of lb1 is connected to the relay local.",
}


def test_a_table_that_fits_is_drawn_as_cliff_draws_it() -> None:
    table, left_out = _table.fitted(["Name", "Slots"], [["lb", 4]], 80)
    assert table.splitlines() == [
        "+------+-------+",
        "| Name | Slots |",
        "+------+-------+",
        "| lb   |     4 |",
        "+------+-------+",
    ]
    assert left_out == []


def test_headers_break_before_anything_else() -> None:
    table, left_out = _table.fitted(
        ["ID", "Provisioning Status"], [[ID, "ACTIVE"]], 60, ["ID"]
    )
    assert "| ID                                   | Provisioning |" in table
    assert "|                                      | Status       |" in table
    assert left_out == []


def test_prose_breaks_at_its_spaces_and_takes_the_room_there_is() -> None:
    table, left_out = _table.fitted(
        ["At", "Message"], [[AT, "one two three " * 5]], 60, ["At"]
    )
    assert [len(line) for line in table.splitlines()] == [60] * 7
    assert left_out == []


def test_columns_give_way_in_their_order() -> None:
    row = [ID, OTHER, AT]
    _, left_out = _table.fitted(["A", "B", "C"], [row], 70, ["B", "C"])
    assert left_out == ["B"]
    _, left_out = _table.fitted(["A", "B", "C"], [row], 50, ["B", "C"])
    assert left_out == ["B", "C"]


def test_what_may_not_give_way_stays_whole() -> None:
    table, left_out = _table.fitted(["ID"], [[ID]], 20)
    assert ID in table
    assert left_out == []


@pytest.mark.parametrize("columns", DECLARED.values(), ids=DECLARED.keys())
def test_the_usual_rows_fit_eighty_columns_with_whole_ids(
    columns: tuple[_columns.Column, ...],
) -> None:
    headers = [one.header for one in _columns.of_list(columns, long=False)]
    row = [USUAL[header] for header in headers]
    table, _ = _table.fitted(headers, [row], 80, _columns.give_way(columns))
    assert max(len(line) for line in table.splitlines()) <= 80
    assert "ID" not in headers or ID in table


def test_wide_letters_take_two_columns() -> None:
    table, _ = _table.fitted(["Name"], [["負荷"], ["lb"]], 80)
    assert table.splitlines()[3:5] == ["| 負荷 |", "| lb   |"]


def test_nothing_is_nothing_and_cells_speak_to_people() -> None:
    said: list[str] = []
    fitting = _table.Fitting(80, [], said.extend)
    stdout = io.StringIO()
    options = argparse.Namespace(print_empty=False)
    fitting.emit_list(["A"], [], stdout, options)
    assert stdout.getvalue() == "\n"
    fitting.emit_list(["A"], [[_cells.Cell(None)]], stdout, options)
    assert "None" not in stdout.getvalue()
    assert said == []


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ({}, False),
        ({"columns": ["ID"]}, True),
        ({"max_width": 60}, True),
        ({"long": True}, True),
    ],
    ids=["nothing", "columns", "width", "long"],
)
def test_a_choice_of_the_user_is_left_to_cliff(
    given: dict[str, object], chosen: bool
) -> None:
    assert _table.chosen(argparse.Namespace(**given)) is chosen


VALUES = st.one_of(
    st.text(), st.text("ab \t\n"), st.integers(), st.none(), st.booleans()
)


def _emitted(formatter: object, rows: list[list[object]], empty: bool) -> str:
    stdout = io.StringIO()
    options = argparse.Namespace(
        print_empty=empty, max_width=0, fit_width=False
    )
    formatter.emit_list(  # type: ignore[attr-defined]
        ["ID", "Operating Status"], rows, stdout, options
    )
    return stdout.getvalue()


@given(
    rows=st.lists(st.lists(VALUES, min_size=2, max_size=2), max_size=4),
    empty=st.booleans(),
)
def test_where_nobody_looks_a_table_is_what_cliff_makes(
    rows: list[list[object]], empty: bool
) -> None:
    cliffs = TableFormatter()
    ours = _table.Whole(cliffs)
    assert _emitted(ours, rows, empty) == _emitted(cliffs, rows, empty)


@pytest.mark.parametrize(
    ("given", "folded"),
    [({}, False), ({"max_width": 40}, True), ({"fit_width": True}, True)],
    ids=["nothing", "width", "fit"],
)
def test_what_cliff_would_fold_is_left_to_cliff(
    given: dict[str, object], folded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", io.StringIO())
    options = argparse.Namespace(
        **{"max_width": 0, "fit_width": False, **given}
    )
    assert _table.folded(options, io.StringIO()) is folded
