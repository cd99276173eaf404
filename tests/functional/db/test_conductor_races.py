"""Conductors and relays that do the same thing at the same moment."""

import random
import threading
import uuid
from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa
from oslo_config import cfg
from sqlalchemy import orm

from servicevm import clock, pki
from servicevm.conductor.service import Conductor
from servicevm.db import api as db
from servicevm.db import claims, leases, models
from servicevm.db.locks import lock_device, lock_idle
from servicevm.rpc.local import LateRelay
from servicevm.states import OperationState
from tests.unit.conductor.lab import Lab
from tests.unit.database import listening

from .crowd import at_once

CROWD = 6


@pytest.fixture
def lab(conf: cfg.ConfigOpts) -> Lab:
    made = Lab(conf, lambda now: None)
    made.now = clock.now_us()
    made.template()
    return made


@pytest.fixture
def at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has waited for a row in vain does not try again: it fails."""
    monkeypatch.setattr(db, "ATTEMPTS", 1)


def claim_all(owner: str) -> list[models.Operation]:
    """What a conductor does, until there is nothing left for it."""
    taken = []
    while True:
        with db.reader() as session:
            found = claims.candidates(session, db.now(session), 4)
        won = [claim(one, owner) for one in found]
        taken += [row for row in won if row is not None]
        if not found:
            return taken


def claim(found: claims.Candidate, owner: str) -> models.Operation | None:
    taken = db.write(
        lambda session: claims.claim_all(
            session, [found], owner, 60 * clock.SECOND
        )
    )
    return taken[0] if taken else None


def test_a_device_has_one_operation_in_hand(lab: Lab) -> None:
    devices = [lab.device()[0] for _ in range(6)]
    for device_id in devices:
        for _ in range(3):
            lab.service(device_id)
    taken = at_once(CROWD, lambda number: claim_all(f"owner-{number}"))
    with db.reader() as session:
        running = session.execute(
            sa.select(
                models.Operation.device_id, models.Operation.owner
            ).where(models.Operation.state == OperationState.RUNNING)
        ).all()
    assert Counter(device_id for device_id, _ in running) == dict.fromkeys(
        devices, 1
    )
    assert sum(map(len, taken)) == len(devices)


def test_those_who_hold_many_devices_wait_for_nobody(
    lab: Lab, at_first: None
) -> None:
    devices = [lab.device()[0] for _ in range(12)]
    with db.reader() as session:
        before = {
            row.id: row.hold_count
            for row in session.scalars(sa.select(models.Device))
        }
    known = Counter(before)

    def hold(number: int) -> Counter[str]:
        dice = random.Random(number)  # noqa: S311
        held = Counter[str]()
        for _ in range(40):
            with db.writer() as session:
                held.update(lock_idle(session, dice.sample(devices, 8)).keys())
        return held

    held = sum(at_once(CROWD, hold), Counter())
    for row in lab.all(models.Device):
        assert row.hold_count == known[row.id] + held[row.id]


def test_a_first_session_is_opened_many_times(lab: Lab) -> None:
    device_id, _ = lab.device()
    with db.writer() as session:
        session.add(
            models.AgentCertificate(
                serial="ab",
                device_id=device_id,
                spki_hash="x",
                not_before=0,
                not_after=2**62,
            )
        )
    pki.ensure(lab.conf)
    conductor = Conductor(lab.conf, LateRelay())
    hello = {
        "agent_version": "1",
        "boot_id": str(uuid.uuid4()),
        "ready": True,
        "services": {},
    }
    answers = at_once(
        CROWD,
        lambda number: conductor.session_opened(
            device_id, "ab", f"relay-{number}", hello
        ),
    )
    epochs = [answer["epoch"] for answer in answers]
    assert sorted(epochs) == list(range(1, CROWD + 1))
    row = lab.get_key(models.AgentSession, device_id)
    assert row.epoch == CROWD
    assert row.relay == f"relay-{epochs.index(CROWD)}"


def test_heartbeats_of_two_relays_do_not_get_in_each_others_way(
    lab: Lab,
) -> None:
    beats = []
    for _ in range(40):
        device_id, _ = lab.device()
        with db.writer() as session:
            session.add(
                models.AgentSession(
                    device_id=device_id,
                    epoch=1,
                    relay="r",
                    connected=True,
                    serial="ab",
                    boot_id="b",
                    agent_version="1",
                    ready=True,
                    connected_at=1,
                    last_seen=1,
                )
            )
        beats.append({"device_id": device_id, "epoch": 1})
    conductor = Conductor(lab.conf, LateRelay())

    def beat(number: int) -> None:
        for _ in range(5):
            mine: list[dict[str, Any]] = [
                {**one, "age_us": number} for one in beats
            ]
            if number % 2:
                mine.reverse()
            conductor.heartbeats(f"relay-{number}", mine)

    with db.reader() as session:
        began = db.now(session)
    at_once(CROWD, beat)
    assert all(
        row.last_seen > began - CROWD for row in lab.all(models.AgentSession)
    )


def test_what_stands_still_is_begun_anew_once(lab: Lab) -> None:
    for _ in range(4):
        _, operation_id = lab.device()
        with lab.change(models.Operation, operation_id) as row:
            row.state = "CANCELLED"
    conductors = [Conductor(lab.conf, LateRelay()) for _ in range(4)]
    restarted = at_once(
        4,
        lambda number: conductors[number].reconciler._janitor.restart_stuck(),
    )
    assert sum(restarted) == 4
    assert len(lab.all(models.Operation)) == 8


def test_a_deadlock_is_begun_again(lab: Lab) -> None:
    devices = [lab.device()[0] for _ in range(2)]
    attempts = Counter[int]()

    def cross(number: int) -> None:
        order = devices if number == 0 else devices[::-1]

        def both(session: orm.Session) -> None:
            attempts[number] += 1
            for device_id in order:
                session.execute(
                    sa.update(models.Device)
                    .where(models.Device.id == device_id)
                    .values(vcpus=models.Device.vcpus + 1)
                )
                if attempts[number] == 1 and device_id == order[0]:
                    # Both have their first, and want the other's.
                    met.wait()

        db.write(both)

    met = threading.Barrier(2, timeout=30)
    at_once(2, cross)
    assert sorted(attempts.values()) == [1, 2]
    assert {row.vcpus for row in lab.all(models.Device)} == {2}


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_host_whose_clock_is_wrong_neither_steals_nor_loses(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    right = clock.now_us
    _, first = lab.device()
    _, second = lab.device()

    def wrong() -> int:
        return right() + hours * 3600 * clock.SECOND

    (one,) = Conductor(lab.conf, LateRelay())._engine.claims("right", 1)
    monkeypatch.setattr(clock, "now_us", wrong)
    astray = Conductor(lab.conf, LateRelay())._engine
    (other,) = astray.claims("wrong", 1)
    assert {one.operation.id, other.operation.id} == {first, second}
    assert astray.claim("wrong") is None
    monkeypatch.undo()
    assert Conductor(lab.conf, LateRelay())._engine.claim("right") is None
    for row in lab.all(models.Operation):
        assert row.lease_until is not None
        assert 0 < row.lease_until - right() <= 15 * clock.SECOND


def test_a_device_that_somebody_holds_keeps_no_other_from_a_claim(
    lab: Lab, at_first: None
) -> None:
    asked = dict(lab.device() for _ in range(6))
    held = sorted(asked)[2]
    engine = lab.conductor()._engine
    with db.writer() as paused:
        lock_device(paused, held)
        taken = [one.operation.id for one in engine.claims("a", 8)]
        assert sorted(taken) == sorted({*asked.values()} - {asked[held]})
        assert engine.lost == 1
    (one,) = engine.claims("a", 8)
    assert one.operation.id == asked[held]
    assert engine.lost == 0


def test_an_operation_that_somebody_writes_keeps_no_other_from_a_claim(
    lab: Lab, at_first: None
) -> None:
    for _ in range(3):
        lab.device()
    engine = lab.conductor()._engine
    paused = {one.operation.id for one in engine.claims("a", 8)}
    with db.writer() as session:
        session.execute(sa.update(models.Operation).values(lease_until=1))
    _, fresh = lab.device()
    with db.writer() as session:
        # It is stopped while it renews them, a little late.
        leases.renew(session, "a", paused, clock.now_us(), clock.SECOND)
        (one,) = engine.claims("b", 8)
        assert one.operation.id == fresh
        session.rollback()
    assert {one.operation.id for one in engine.claims("b", 8)} == paused


def test_what_is_about_a_device_that_is_gone_is_claimed(lab: Lab) -> None:
    _, operation_id = lab.device()
    with db.writer() as session:
        session.execute(sa.delete(models.DeviceInterface))
        session.execute(sa.delete(models.Device))
    (one,) = lab.conductor()._engine.claims("a", 8)
    assert one.operation.id == operation_id


def test_what_somebody_held_is_claimed_soon_after(lab: Lab) -> None:
    lab.conf.set_override("poll_interval", 60.0, group="conductor")
    again, claimed = threading.Event(), threading.Event()
    tries: list[str] = []

    def note(*details: Any) -> None:
        if "SKIP LOCKED" in (statement := details[2]):
            tries.append(statement)
            if len(tries) > 4:
                again.set()

    device_id, _ = lab.device()
    conductor = lab.conductor(
        lambda point: claimed.set() if point == "claimed" else None
    )
    try:
        with listening("after_cursor_execute", note), db.writer() as session:
            lock_device(session, device_id)
            conductor.start()
            # Nobody tells it when it may have the device.
            assert again.wait(30)
            assert not claimed.is_set()
        assert claimed.wait(30)
    finally:
        conductor.stop(10)
