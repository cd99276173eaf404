"""Servers that are restarted, stopped or gone."""

import os
import signal
import threading
import time

import pytest
import sqlalchemy as sa
from oslo_config import cfg
from oslo_db.exception import DBConnectionError, DBDeadlock
from sqlalchemy import orm

from servicevm import clock
from servicevm.db import api as db
from servicevm.db import leases, models
from servicevm.db import servers as options
from tests.unit import server as servers
from tests.unit.conductor.lab import Lab
from tests.unit.db import rows


def ask() -> int:
    with db.reader() as session:
        return int(session.scalar(sa.text("SELECT 1")) or 0)


def test_a_server_that_was_restarted_is_found_again(
    conf: cfg.ConfigOpts, server: servers.Server
) -> None:
    assert ask() == 1
    server.restart()
    assert ask() == 1
    server.kill()
    with pytest.raises(DBConnectionError):
        ask()
    server.start()
    assert ask() == 1


def test_a_restart_in_the_middle_of_steps_is_only_late(
    conf: cfg.ConfigOpts, server: servers.Server
) -> None:
    conf.set_override("poll_interval", 0.1, group="conductor")
    lab = Lab(conf, lambda now: None)
    lab.now = clock.now_us()
    lab.template()
    reached, go_on = threading.Event(), threading.Event()

    def hook(point: str) -> None:
        if point == "boot: end" and not reached.is_set():
            reached.set()
            go_on.wait(30)

    operations = [lab.device()[1] for _ in range(4)]
    conductor = lab.conductor(hook)
    conductor.start()
    try:
        assert reached.wait(30)
        server.kill()
        # What it was about to write it cannot.
        go_on.set()
        server.start()
        deadline = time.monotonic() + 30
        while live(operations):
            assert time.monotonic() < deadline
            conductor.wake()
            time.sleep(0.05)
    finally:
        conductor.stop(10)
    for operation_id in operations:
        row = lab.operation(operation_id)
        assert row.state == "SUCCEEDED", row.error_text
    assert len(lab.cloud.created) == len(operations)


def live(operations: list[str]) -> bool:
    with db.reader() as session:
        states = session.scalars(
            sa.select(models.Operation.state).where(
                models.Operation.id.in_(operations)
            )
        )
        return any(state in leases.LIVE for state in states)


def test_a_transaction_that_is_cut_off_leaves_nothing(
    conf: cfg.ConfigOpts, server: servers.Server
) -> None:
    def cut(session: orm.Session) -> None:
        session.add(rows.template())
        session.flush()
        server.restart()
        session.scalar(sa.text("SELECT 1"))

    with pytest.raises(DBConnectionError):
        db.write(cut)
    with db.reader() as session:
        assert session.get(models.DeviceTemplate, rows.TEMPLATE) is None


def test_a_server_that_is_stopped_keeps_nobody_waiting(
    conf: cfg.ConfigOpts,
    server: servers.Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(options, "READ_TIMEOUT", 1)
    db.configure(conf)
    assert ask() == 1
    pid = server.pid
    assert pid is not None
    began = time.monotonic()
    # The parent first and last: while it stands, a child that ends stays.
    os.kill(pid, signal.SIGSTOP)
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        children = [int(one) for one in file.read().split()]
    try:
        for child in children:
            os.kill(child, signal.SIGSTOP)
        with pytest.raises(DBConnectionError):
            ask()
    finally:
        for one in (*children, pid):
            os.kill(one, signal.SIGCONT)
    assert time.monotonic() - began < 10
    assert ask() == 1


def test_who_holds_a_row_for_too_long_does_not_stop_others(
    conf: cfg.ConfigOpts, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.writer() as session:
        session.add(rows.template())
    monkeypatch.setattr(db, "ATTEMPTS", 1)

    def hold(session: orm.Session) -> None:
        session.get_one(
            models.DeviceTemplate, rows.TEMPLATE, with_for_update=True
        )

    def impatient(session: orm.Session) -> None:
        seconds = (
            "SET SESSION innodb_lock_wait_timeout = 1"
            if session.get_bind().dialect.name == "mysql"
            else "SET LOCAL lock_timeout = 1000"
        )
        session.execute(sa.text(seconds))
        hold(session)

    with db.writer() as holding:
        hold(holding)
        with pytest.raises(DBDeadlock):
            db.write(impatient)
    db.engine().dispose()


def test_a_wrong_password_is_told_at_once(
    conf: cfg.ConfigOpts, server: servers.Server
) -> None:
    url = sa.make_url(server.url("tests")).set(password="wrong")
    conf.set_override(
        "connection",
        url.render_as_string(hide_password=False),
        group="database",
    )
    began = time.monotonic()
    with pytest.raises(sa.exc.OperationalError) as raised:
        db.configure(conf)
    assert time.monotonic() - began < 5
    assert server.password not in str(raised.value)
