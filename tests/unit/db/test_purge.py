import sqlalchemy as sa
from oslo_config import cfg

from servicevm.db import api, events, models, operations, purge
from tests.unit.db import rows


def _fill() -> str:
    with api.writer() as session:
        session.add(rows.template())
        session.flush()
        session.add(rows.device())
        session.flush()
        session.add(rows.service())
        for owner in (rows.TEMPLATE, rows.DEVICE, rows.SERVICE):
            session.add(models.Tag(resource_id=owner, tag="x"))
        operation = operations.enqueue(
            session,
            resource_type="device",
            resource_id=rows.DEVICE,
            device_id=rows.DEVICE,
            action="create",
            project_id="default",
            timeout=1,
        )
        session.add(
            models.OperationStep(
                operation_id=operation.id,
                position=0,
                name="boot",
                state="SUCCEEDED",
                started_at=1,
            )
        )
        session.add(
            models.DeviceInterface(
                device_id=rows.DEVICE,
                index=0,
                role="ingress",
                network="user",
                mac="52:54:00:00:00:01",
            )
        )
        events.emit(
            session,
            type="device.create",
            resource_type="device",
            resource_id=rows.DEVICE,
            project_id="default",
            message="Asked for.",
        )
        return operation.id


def _counts() -> dict[str, int]:
    with api.reader() as session:
        return {
            table.name: session.scalar(
                sa.select(sa.func.count()).select_from(table)
            )
            or 0
            for table in models.Base.metadata.sorted_tables
        }


def test_old_history_goes_unless_it_is_named(
    database: cfg.ConfigOpts,
) -> None:
    operation_id = _fill()
    with api.writer() as session:
        session.execute(
            sa.update(models.Operation).values(
                state="SUCCEEDED", finished_at=5
            )
        )
        device = session.get_one(models.Device, rows.DEVICE)
        device.operation_id = operation_id
        session.execute(sa.update(models.Event).values(at=5))
    assert purge.purge_old(before=6) == {
        "operations": 0,
        "events": 1,
        "idempotency_keys": 0,
    }
    with api.writer() as session:
        session.get_one(models.Device, rows.DEVICE).operation_id = None
    assert purge.purge_old(before=6)["operations"] == 1
    assert _counts()["operation_steps"] == 0
