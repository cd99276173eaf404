"""Which hold covers a device, told to what heals and fills pools."""

from typing import Any

import pytest
import sqlalchemy as sa

from servicevm.db import api as db
from servicevm.db import holds, models
from servicevm.states import HoldScope
from tests.unit.db import rows

OTHER = "00000000-0000-4000-8000-00000000000f"
LATER = 4_000_000_000_000_000


def _hold(scope: HoldScope, target: str = "", **values: Any) -> models.Hold:
    return models.Hold(
        **{
            "id": f"{scope}-{target[-8:]}",
            "scope": str(scope),
            "target": target,
            "project_id": "default",
            "user_id": "u",
            "reason": "r",
            "created_at": 1,
            "updated_at": 1,
            "expires_at": None,
        }
        | values
    )


@pytest.fixture
def devices(database: Any) -> None:
    with db.writer() as session:
        session.add(rows.template())
        session.flush()
        session.add(rows.device())
        session.add(rows.device(id=OTHER, seq=2, project_id="p2"))


def _of(device_id: str) -> str | None:
    """Scope of what covers the device; both ways to ask say the same."""
    with db.reader() as session:
        device = session.get_one(models.Device, device_id)
        one = holds.of(session, device)
        among = holds.covering(session, [device]).get(device_id)
        assert one is among
        return None if one is None else one.scope


@pytest.mark.usefixtures("devices")
def test_the_closest_hold_covers_a_device() -> None:
    assert _of(rows.DEVICE) is None
    for scope, target, others in (
        (HoldScope.EVERYTHING, "", "everything"),
        (HoldScope.PROJECT, "default", "everything"),
        (HoldScope.TEMPLATE, rows.TEMPLATE, "template"),
        (HoldScope.DEVICE, rows.DEVICE, "template"),
    ):
        with db.writer() as session:
            session.add(_hold(scope, target))
        assert _of(rows.DEVICE) == scope
        assert _of(OTHER) == others


@pytest.mark.usefixtures("devices")
def test_a_hold_on_something_else_of_the_same_id_covers_nothing() -> None:
    with db.writer() as session:
        session.add(_hold(HoldScope.PROJECT, rows.DEVICE))
        session.add(_hold(HoldScope.DEVICE, "default"))
    assert _of(rows.DEVICE) is None


@pytest.mark.usefixtures("devices")
def test_an_expired_hold_covers_nothing_and_hides_nothing() -> None:
    with db.writer() as session:
        session.add(_hold(HoldScope.DEVICE, rows.DEVICE, expires_at=1))
        session.add(_hold(HoldScope.EVERYTHING, expires_at=1))
    assert _of(rows.DEVICE) is None
    with db.writer() as session:
        assert holds.everything(session) is None
        session.add(_hold(HoldScope.PROJECT, "default", expires_at=LATER))
    assert _of(rows.DEVICE) == "project"


@pytest.mark.usefixtures("devices")
def test_many_devices_are_asked_about_in_one_statement() -> None:
    with db.writer() as session:
        session.add(_hold(HoldScope.PROJECT, "p2"))
    said: list[str] = []

    def note(*args: Any) -> None:
        said.append(str(args[2]))

    with db.reader() as session:
        db.now(session)
        found = session.scalars(sa.select(models.Device)).all()
        sa.event.listen(db.engine(), "before_cursor_execute", note)
        try:
            held = holds.covering(session, found)
        finally:
            sa.event.remove(db.engine(), "before_cursor_execute", note)
    assert len(said) == 1
    assert {key: one.scope for key, one in held.items()} == {OTHER: "project"}


@pytest.mark.usefixtures("devices")
def test_only_what_has_expired_is_forgotten_and_once() -> None:
    with db.writer() as session:
        session.add(_hold(HoldScope.DEVICE, rows.DEVICE, expires_at=1))
        session.add(_hold(HoldScope.DEVICE, OTHER, expires_at=LATER))
        session.add(_hold(HoldScope.EVERYTHING))
    with db.reader() as session:
        (old,) = holds.expired(session)
    renewed = f"device-{OTHER[-8:]}"
    outcomes = [
        db.write(lambda session, one=one: holds.forget(session, one))
        for one in (old, old, renewed)
    ]
    assert outcomes == [True, False, False]
    with db.reader() as session:
        assert session.query(models.Hold).count() == 2
        (event,) = session.query(models.Event).all()
    assert event.type == "hold.expired"
    assert event.device_id == rows.DEVICE
