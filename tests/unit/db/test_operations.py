import pytest
import sqlalchemy as sa
from oslo_config import cfg
from sqlalchemy import orm

from servicevm import plans
from servicevm.db import api, models, operations
from tests.unit.db import rows


def _enqueue(session: orm.Session, **values: object) -> models.Operation:
    arguments: dict[str, object] = {
        "resource_type": "device",
        "resource_id": rows.DEVICE,
        "device_id": rows.DEVICE,
        "action": "create",
        "project_id": "default",
        "timeout": 600,
        "request_id": "req-1",
    } | values
    return operations.enqueue(session, **arguments)  # type: ignore[arg-type]


def _states() -> dict[str, tuple[str, bool]]:
    with api.reader() as session:
        return {
            row.id: (row.state, row.cancel_requested)
            for row in session.scalars(sa.select(models.Operation))
        }


def test_a_new_operation_begins_at_its_first_step(
    database: cfg.ConfigOpts,
) -> None:
    with api.writer() as session:
        made = _enqueue(session, arguments={"generation": 1})
    assert made.step == plans.first_step("device", "create")
    assert made.state == "PENDING"
    assert made.deadline - made.created_at == 600_000_000
    assert made.fence == 0
    assert made.seq > 0


def test_an_action_that_no_plan_has_is_refused(
    database: cfg.ConfigOpts,
) -> None:
    with pytest.raises(KeyError), api.writer() as session:
        _enqueue(session, resource_type="service", action="reboot")


def test_supersede_ends_the_unclaimed_and_asks_the_others(
    database: cfg.ConfigOpts,
) -> None:
    with api.writer() as session:
        pending = _enqueue(session).id
        waiting = _enqueue(
            session, resource_type="service", resource_id=rows.SERVICE
        )
        waiting.state, waiting.run_after = "WAITING", 1 << 60
        done = _enqueue(session)
        done.state = "FAILED"
        other = _enqueue(session, device_id="other").id
        session.flush()
        operations.supersede(session, rows.DEVICE)
    assert _states() == {
        pending: ("SUPERSEDED", False),
        waiting.id: ("WAITING", True),
        done.id: ("FAILED", False),
        other: ("PENDING", False),
    }
    with api.reader() as session:
        row = session.scalars(
            sa.select(models.Operation).where(
                models.Operation.id == waiting.id
            )
        ).one()
        assert row.cancel_code == "superseded"
        assert row.run_after < 1 << 60


def test_supersede_can_be_about_one_service(
    database: cfg.ConfigOpts,
) -> None:
    with api.writer() as session:
        device = _enqueue(session).id
        service = _enqueue(
            session, resource_type="service", resource_id=rows.SERVICE
        ).id
        operations.supersede(session, rows.DEVICE, resource_id=rows.SERVICE)
    assert _states() == {
        device: ("PENDING", False),
        service: ("SUPERSEDED", False),
    }


def test_retry_starts_over_and_keeps_the_fence(
    database: cfg.ConfigOpts,
) -> None:
    with api.writer() as session:
        row = _enqueue(session)
        row.state, row.step, row.fence = "FAILED", "wait_agent", 7
        row.step_data, row.attempts = {"until": 5}, 3
        row.error_code, row.error_text = "agent_never_called", "Silence."
        row.cancel_requested, row.finished_at = True, 9
        session.flush()
        operations.retry(session, row, timeout=60)
    assert row.state == "PENDING"
    assert row.step == plans.first_step("device", "create")
    assert (row.step_data, row.attempts, row.fence) == ({}, 0, 7)
    assert (row.error_code, row.error_text) == (None, "")
    assert (row.cancel_requested, row.finished_at) == (False, None)


def test_live_is_the_newest_that_has_not_ended(
    database: cfg.ConfigOpts,
) -> None:
    with api.writer() as session:
        first = _enqueue(session)
        second = _enqueue(session, action="delete")
        ended = _enqueue(session, action="delete")
        ended.state = "SUCCEEDED"
        session.flush()
        found = operations.live(session, rows.DEVICE)
        assert found is second
        assert operations.live(session, rows.DEVICE, "create") is first
        assert operations.live(session, rows.SERVICE) is None
