from typing import Any

import sqlalchemy as sa

from servicevm.db import api as db
from servicevm.db import models

from .lab import Lab


def _report(**more: Any) -> dict[str, Any]:
    return {
        "name": "r1",
        "host": "h1",
        "group": "default",
        "version": "1.0",
        "address": "192.0.2.1:4433",
        "sessions": 3,
        "started_at": 17,
    } | more


def _relays() -> list[models.Process]:
    with db.reader() as session:
        return list(session.scalars(sa.select(models.Process)))


def test_a_relay_that_reports_is_listed(lab: Lab) -> None:
    conductor = lab.conductor()
    assert conductor.relay_report(_report()) == {"draining": False}
    assert conductor.relay_report(_report(sessions=4, address="")) == {
        "draining": False
    }
    (row,) = _relays()
    assert (row.role, row.name, row.host) == ("relay", "r1", "h1")
    assert (row.group, row.version, row.address) == ("default", "1.0", None)
    assert (row.sessions, row.started_at) == (4, 17)


def test_each_run_of_a_relay_has_an_id_of_its_own(lab: Lab) -> None:
    conductor = lab.conductor()
    ids = []
    for began in (17, 17, 18):
        conductor.relay_report(_report(started_at=began))
        ids.append(_relays()[0].id)
    assert ids[0] == ids[1] != ids[2]


def test_a_relay_is_told_what_the_operator_asked_for(lab: Lab) -> None:
    conductor = lab.conductor()
    conductor.relay_report(_report())
    with db.writer() as session:
        session.execute(sa.update(models.Process).values(draining=True))
    assert conductor.relay_report(_report()) == {"draining": True}


def test_a_relay_whose_name_a_younger_one_has_is_told_to_drain(
    lab: Lab,
) -> None:
    conductor = lab.conductor()
    conductor.relay_report(_report())
    conductor.relay_report(_report(host="h2", started_at=18))
    assert conductor.relay_report(_report()) == {"draining": True}
    assert _relays()[0].host == "h2"


def test_the_janitor_forgets_those_that_are_gone(lab: Lab) -> None:
    conductor = lab.conductor()
    conductor.relay_report(_report())
    conductor.reconciler.sweep()
    assert len(_relays()) == 1
    lab.advance(3601)
    conductor.reconciler.sweep()
    assert _relays() == []
