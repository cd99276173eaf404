import threading
from typing import Any

import pytest
import sqlalchemy as sa
from oslo_config import cfg

from servicevm import clock
from servicevm.db import api, models, processes
from servicevm.db.presence import Presence, id_of_server
from servicevm.states import ProcessRole

START = 1_800_000_000 * clock.SECOND
ONE = "00000000-0000-4000-8000-0000000000a1"
TWO = "00000000-0000-4000-8000-0000000000a2"


@pytest.fixture
def at(database: cfg.ConfigOpts, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set the clock to so many seconds after the start."""

    def set_clock(seconds: float) -> None:
        now = START + int(seconds * clock.SECOND)
        monkeypatch.setattr(clock, "now_us", lambda: now)

    set_clock(0)
    return set_clock


def _report(
    id: str, started_at: int | None = None, **more: Any
) -> processes.Standing:
    told = processes.Report(
        **{
            "role": ProcessRole.CONDUCTOR,
            "name": "c1",
            "id": id,
            "host": "h1",
            "version": "1.0",
            "started_at": started_at,
        }
        | more
    )
    return api.write(lambda session: processes.report(session, told))


def _rows() -> list[models.Process]:
    with api.reader() as session:
        return list(session.scalars(sa.select(models.Process)))


def _events() -> list[models.Event]:
    with api.reader() as session:
        return list(session.scalars(sa.select(models.Event)))


def test_the_first_report_says_when_the_process_began(at: Any) -> None:
    standing = _report(ONE)
    assert standing == (False, False, START)
    (row,) = _rows()
    assert (row.role, row.name, row.id) == ("conductor", "c1", ONE)
    assert (row.host, row.version) == ("h1", "1.0")
    assert row.started_at == row.last_seen == START
    assert not row.draining


def test_a_later_report_changes_what_changes(at: Any) -> None:
    began = _report(ONE, sessions=1).started_at
    at(5)
    assert _report(ONE, began, sessions=7).started_at == START
    (row,) = _rows()
    assert (row.started_at, row.sessions) == (START, 7)
    assert row.last_seen == START + 5 * clock.SECOND


def test_a_restart_takes_its_row_at_once(at: Any) -> None:
    _report(ONE)
    at(1)
    standing = _report(TWO)
    assert not standing.displaced
    (row,) = _rows()
    assert (row.id, row.started_at) == (TWO, START + clock.SECOND)
    assert _events() == []


def test_what_an_operator_asked_for_outlives_a_restart(at: Any) -> None:
    _report(ONE)
    with api.writer() as session:
        session.execute(sa.update(models.Process).values(draining=True))
    assert _report(TWO).draining


def test_two_of_one_name_are_told_of_once_and_the_younger_is_listed(
    at: Any,
) -> None:
    _report(ONE)
    at(1)
    second = _report(TWO, host="h2").started_at
    at(20)
    _report(TWO, second, host="h2")
    # The one before may take a moment to end.
    assert _report(ONE, START).displaced
    assert _events() == []
    for seconds in (40, 45):
        at(seconds)
        _report(TWO, second, host="h2")
        assert _report(ONE, START).displaced
    (row,) = _rows()
    assert (row.id, row.host) == (TWO, "h2")
    (event,) = _events()
    assert event.type == "conductor.duplicate_name"
    assert (event.severity, event.resource_id) == ("WARNING", ONE)
    assert "h1" in event.message
    assert "h2" in event.message
    assert "[conductor] name" in event.message


def test_the_older_takes_the_row_back_when_the_younger_is_gone(
    at: Any,
) -> None:
    _report(ONE)
    at(1)
    _report(TWO)
    at(25)
    assert not _report(ONE, START).displaced
    assert _rows()[0].id == ONE


@pytest.mark.parametrize(
    ("seconds", "alive"), [(0, 1), (20, 1), (21, 0), (-20, 1), (-21, 0)]
)
def test_who_was_seen_within_20_s_is_alive(
    at: Any, seconds: int, alive: int
) -> None:
    _report(ONE)
    at(seconds)
    with api.reader() as session:
        found = processes.count_alive(session)
        assert found == ({"conductor": 1} if alive else {})
    assert processes.is_alive(_rows()[0], clock.now_us()) is bool(alive)


def test_what_was_not_seen_for_an_hour_is_forgotten(at: Any) -> None:
    _report(ONE)
    at(1)
    _report(TWO, name="c2")
    at(3600.5)
    with api.writer() as session:
        processes.forget(session)
    assert [row.name for row in _rows()] == ["c2"]


def test_a_process_reports_under_the_name_of_its_configuration(
    at: Any, database: cfg.ConfigOpts
) -> None:
    database.set_override("name", "api-7", group="api")
    presence = Presence(database, ProcessRole.API)
    presence.report()
    at(5)
    presence.report()
    (row,) = _rows()
    assert (row.role, row.name, row.host) == ("api", "api-7", database.host)
    assert row.started_at == START


def test_a_process_is_told_how_many_of_its_role_there_are(
    at: Any, database: cfg.ConfigOpts
) -> None:
    told: list[int] = []
    presence = Presence(database, ProcessRole.CONDUCTOR, count=told.append)
    presence.report()
    _report(TWO, name="c2")
    at(5)
    presence.report()
    at(26)
    presence.report()
    assert told == [1, 2, 1]


def test_who_lost_its_name_counts_itself(
    at: Any, database: cfg.ConfigOpts
) -> None:
    told: list[int] = []
    presence = Presence(database, ProcessRole.CONDUCTOR, count=told.append)
    presence.report()
    at(1)
    younger = Presence(database, ProcessRole.CONDUCTOR)
    younger.report()
    presence.report()
    assert told == [1, 2]


def test_workers_of_one_server_are_one(
    at: Any, database: cfg.ConfigOpts
) -> None:
    workers = [
        Presence(database, ProcessRole.API, id=id_of_server())
        for _ in range(2)
    ]
    for worker in workers:
        at(3)
        assert not worker.report().displaced
    assert len(_rows()) == 1


def test_the_thread_reports_at_once_and_ends_when_told(
    database: cfg.ConfigOpts,
) -> None:
    presence = Presence(database, ProcessRole.API)
    presence.start()
    thread = presence._thread
    presence.start()
    assert presence._thread is thread
    presence.stop(10)
    assert thread is not None
    assert not thread.is_alive()
    assert len(_rows()) == 1


def test_who_fails_at_being_told_does_not_make_a_process_look_dead(
    database: cfg.ConfigOpts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "REPORT_EVERY", 0.01)
    told: list[int] = []
    twice = threading.Event()

    def count(alive: int) -> None:
        told.append(alive)
        if len(told) > 1:
            twice.set()
        raise ZeroDivisionError

    presence = Presence(database, ProcessRole.CONDUCTOR, count=count)
    presence.start()
    assert twice.wait(10)
    presence.stop(10)
    assert told[:2] == [1, 1]
