from typing import Any

import pytest

from servicevmclient.osc import _cells

STEPS = [
    {
        "name": "boot",
        "state": "SUCCEEDED",
        "attempts": 2,
        "message": "",
        "started_at": "2026-11-22T10:00:00.000000Z",
        "finished_at": "2026-11-22T10:00:01.250000Z",
    },
    {
        "name": "wait_agent",
        "state": "RUNNING",
        "attempts": 1,
        "message": "two\nlines",
        "started_at": "2026-11-22T10:00:01.250000Z",
        "finished_at": None,
    },
]
AGENT = {
    "connected": True,
    "version": "1.0",
    "boot_id": "b",
    "connected_at": "2026-11-22T10:00:00.5Z",
    "last_seen": "2026-11-22T10:05:00Z",
    "certificate": {"serial": "0a", "not_after": "2026-11-23T10:00:00Z"},
}


@pytest.mark.parametrize(
    ("cell", "value", "text"),
    [
        (_cells.Cell, 0, "0"),
        (_cells.Words, ["a", "b"], "a, b"),
        (_cells.Pairs, {"b": 1, "a": "x", "c": True}, "a=x\nb=1\nc=true"),
        (
            _cells.Rows,
            [{"role": "ingress", "index": 0, "gateway": None}],
            "role=ingress index=0",
        ),
        (
            _cells.Endpoints,
            [
                {
                    "name": "web",
                    "protocol": "http",
                    "address": "::",
                    "port": 80,
                }
            ],
            "web http://[::]:80",
        ),
        (
            _cells.Hold,
            {
                "scope": "device",
                "reason": "Swap",
                "expires_at": "2026-11-22T10:00:00.5Z",
            },
            "Swap (device, until 2026-11-22T10:00:00Z)",
        ),
        (_cells.Slots, {"total": 4, "used": 1}, "1 of 4 used"),
        (_cells.Moment, "2026-11-22T10:00:00.123456Z", "2026-11-22T10:00:00Z"),
        (_cells.Moment, "2026-11-22T11:00:00+01:00", "2026-11-22T10:00:00Z"),
        (_cells.Moment, "soon", "soon"),
        (
            _cells.Timeline,
            STEPS,
            "boot        SUCCEEDED      1.250 s  (2 attempts)\n"
            "wait_agent  RUNNING                 two lines",
        ),
        (
            _cells.Agent,
            AGENT,
            "connected since 2026-11-22T10:00:00Z\nversion 1.0\nboot b\n"
            "certificate 0a until 2026-11-23T10:00:00Z",
        ),
        (_cells.Agent, {"connected": False}, "not connected"),
        (
            _cells.Document,
            {"pools": [{"name": "ä", "members": [{"b": 1, "a": "on"}]}]},
            "pools:\n- name: ä\n  members:\n  - {b: 1, a: 'on'}",
        ),
        (_cells.Cell, "haproxy:\n\x1b[2J\x9bbad", "haproxy:\n[2Jbad"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_people_read_text_and_programs_the_value(
    cell: type[_cells.Cell], value: Any, text: str
) -> None:
    assert cell(value).human_readable() == text
    assert cell(value).machine_readable() == value
    assert cell(None).human_readable() == ""
    assert cell(None).machine_readable() is None


def test_cells_sort_with_nothing_first() -> None:
    cells = [_cells.Cell("b"), _cells.Cell(None), _cells.Cell("a")]
    assert [cell.machine_readable() for cell in sorted(cells)] == [
        None,
        "a",
        "b",
    ]
