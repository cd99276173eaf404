"""Real conductor processes on one database, killed with SIGKILL."""

import os
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from oslo_config import cfg

from servicevm import clock
from servicevm import conf as servicevm_conf
from servicevm.db import api, models, operations
from servicevm.drivers.infra.noop import NoopInfraDriver
from tests.unit.server import Server, point

WORKER = Path(__file__).with_name("worker.py")
DEVICES = 12
#: Seconds. A busy machine takes many times as long as an idle one, and most
#: of it to start seven processes.
SETTLED = 120.0

pytestmark = pytest.mark.timeout(500)


@pytest.fixture
def conf(
    tmp_path: Path, database_server: Server | None
) -> Iterator[cfg.ConfigOpts]:
    made = servicevm_conf.register(cfg.ConfigOpts())
    made([], project="servicevm", default_config_files=[])
    made.set_override("state_dir", str(tmp_path))
    if database_server is not None:
        database_server.create("killed")
        point(made, database_server, "killed")
    api.sync(made)
    yield made
    api.dispose()
    if database_server is not None:
        database_server.drop("killed")


def start(conf: cfg.ConfigOpts) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, str(WORKER), str(conf.state_dir)],
        # Not among the arguments, which everybody on the host can read.
        env={**os.environ, "SERVICEVM_DATABASE": api.connection_url(conf)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def finish(process: subprocess.Popen[str], *, kill: bool) -> None:
    if kill:
        process.kill()
    try:
        process.communicate(timeout=60)
    finally:
        # What does not end would go on without its database.
        process.kill()


def ask_for_devices() -> None:
    now = clock.now_us()
    with api.writer() as session:
        session.add(
            models.DeviceTemplate(
                id=str(uuid.UUID(int=1)),
                seq=1,
                project_id="p",
                name="t",
                revision=1,
                properties={},
                created_at=now,
                updated_at=now,
            )
        )
        session.flush()
        session.add(
            models.DeviceTemplateRevision(
                template_id=str(uuid.UUID(int=1)),
                revision=1,
                spec={
                    "infra_driver": "noop",
                    "infra_options": {"create_seconds": 1},
                    "mgmt_driver": "noop",
                    "mgmt_options": {"ready_seconds": 1},
                    "interfaces": [],
                    "service_types": [],
                    "slots": 1,
                    "health": {},
                },
                created_at=now,
            )
        )
        session.flush()
        for _ in range(DEVICES):
            device_id = str(uuid.uuid4())
            session.add(
                models.Device(
                    id=device_id,
                    seq=1,
                    project_id="p",
                    name="d",
                    provisioning_status="PENDING_CREATE",
                    operating_status="UNKNOWN",
                    template_id=str(uuid.UUID(int=1)),
                    template_revision=1,
                    slots=1,
                    facts={},
                    properties={},
                    created_at=now,
                    updated_at=now,
                )
            )
            session.flush()
            enqueue(session, device_id, "create")


def enqueue(session: sa.orm.Session, device_id: str, action: str) -> None:
    operations.enqueue(
        session,
        resource_type="device",
        resource_id=device_id,
        device_id=device_id,
        action=action,
        project_id="p",
        timeout=300,
    )


def states() -> set[str]:
    with api.reader() as session:
        return set(session.scalars(sa.select(models.Operation.state)))


def wait_until_settled() -> None:
    deadline = time.monotonic() + SETTLED
    while states() & {"PENDING", "RUNNING", "WAITING"}:
        assert time.monotonic() < deadline, states()
        time.sleep(0.1)


@pytest.mark.parametrize("seed", [1])
def test_killed_conductors_leave_nothing_undone(
    conf: cfg.ConfigOpts, seed: int
) -> None:
    rng = random.Random(seed)  # noqa: S311 - a seed to repeat it by
    state_dir = str(conf.state_dir)
    ask_for_devices()
    processes = [start(conf) for _ in range(2)]
    try:
        for _ in range(4):
            time.sleep(rng.uniform(0.1, 0.6))
            index = rng.randrange(2)
            finish(processes[index], kill=True)
            processes[index] = start(conf)
        wait_until_settled()
        assert states() == {"SUCCEEDED"}
        with api.writer() as session:
            for device_id in session.scalars(sa.select(models.Device.id)):
                enqueue(session, device_id, "delete")
        time.sleep(0.3)
        finish(processes[0], kill=True)
        processes[0] = start(conf)
        wait_until_settled()
    finally:
        for process in processes:
            finish(process, kill=False)
    assert states() == {"SUCCEEDED"}
    with api.reader() as session:
        assert session.scalars(sa.select(models.Device)).all() == []
    assert not list((Path(state_dir) / "noop-mgmt").iterdir())
    assert NoopInfraDriver(conf).device_ids() == set()
