"""Operations per second through three conductor processes, by database.

Devices of the noop drivers that take no time to build: what is measured is
claiming, steps and their writes. The floor is how many transactions that
change one row the same database commits for three processes. The servers
commit to the disk, as in production. Beside it, the processor time of the
conductors for an operation: that is the same on a busy machine.

Run: python -m benchmarks.ops_per_second
"""

import argparse
import contextlib
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import orm

from benchmarks.api_rows import configure, temporary_folder
from servicevm.conductor.service import Conductor
from servicevm.db import api as db
from servicevm.db import models, operations
from servicevm.db.leases import LIVE
from servicevm.rpc.local import LateRelay
from tools.cluster.mariadb import MariaDb
from tools.cluster.postgresql import PostgreSql

PROCESSES = 3
#: Seconds that commits are counted.
FLOOR_SECONDS = 2.0
#: Seconds until everything has to be done.
LIMIT = 300
#: How a worker is told where the database is: not among its arguments,
#: which everybody can read.
VARIABLE = "SERVICEVM_BENCH_DATABASE"


def fill(session: orm.Session, count: int) -> None:
    """A template, and operations that each make a device of it."""
    now = db.now(session)
    template_id = str(uuid.uuid4())
    session.add(
        models.DeviceTemplate(
            id=template_id,
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
            template_id=template_id,
            revision=1,
            spec={
                "infra_driver": "noop",
                "infra_options": {"create_seconds": 0},
                "mgmt_driver": "noop",
                "mgmt_options": {"ready_seconds": 0},
                "interfaces": [],
                "service_types": [],
                "slots": 1,
                "health": {},
            },
            created_at=now,
        )
    )
    for number in range(count):
        device_id = str(uuid.uuid4())
        session.add(
            models.Device(
                id=device_id,
                seq=number,
                project_id="p",
                name="d",
                provisioning_status="PENDING_CREATE",
                operating_status="UNKNOWN",
                template_id=template_id,
                template_revision=1,
                slots=1,
                facts={},
                properties={},
                created_at=now,
                updated_at=now,
            )
        )
        session.flush()
        operations.enqueue(
            session,
            resource_type="device",
            resource_id=device_id,
            device_id=device_id,
            action="create",
            project_id="p",
            timeout=LIMIT,
        )


def work(kind: str, state: Path) -> None:
    """A process of the benchmark: says "ready", begins when told to."""
    conf = configure(state, os.environ[VARIABLE])
    db.configure(conf)
    if kind == "conductor":
        # Names are unique, or each says that another has its own.
        conf.set_override("name", f"bench-{os.getpid()}", group="conductor")
        conductor = Conductor(conf, LateRelay())
        print("ready", flush=True)
        sys.stdin.readline()
        before = time.process_time()
        conductor.start()
        sys.stdin.readline()
        print(time.process_time() - before, flush=True)
        conductor.stop(10)
        return
    print("ready", flush=True)
    sys.stdin.readline()
    project = str(uuid.uuid4())
    with db.writer() as session:
        session.add(models.QuotaHold(project_id=project, count=0))
    commits = 0
    until = time.perf_counter() + FLOOR_SECONDS
    while time.perf_counter() < until:
        with db.writer() as session:
            session.execute(
                sa.update(models.QuotaHold)
                .where(models.QuotaHold.project_id == project)
                .values(count=models.QuotaHold.count + 1)
            )
        commits += 1
    print(commits, flush=True)


@contextlib.contextmanager
def crew(
    kind: str, state: Path, url: str
) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that are ready; told to begin on entry."""
    with contextlib.ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", __spec__.name, kind, str(state)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    env={**os.environ, VARIABLE: url},
                )
            )
            for _ in range(PROCESSES)
        ]
        for process in processes:
            stack.callback(process.kill)
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        tell(processes)
        yield processes


def tell(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()


def live() -> int:
    with db.reader() as session:
        return int(
            session.scalar(
                sa.select(sa.func.count()).where(
                    models.Operation.state.in_(LIVE)
                )
            )
            or 0
        )


def measure(name: str, folder: Path, url: str, count: int) -> None:
    conf = configure(folder, url)
    db.sync(conf)
    with crew("commits", folder, url) as processes:
        commits = 0
        for process in processes:
            assert process.stdout is not None
            commits += int(process.stdout.readline())
    with db.writer() as session:
        fill(session, count)
    began = time.perf_counter()
    with crew("conductor", folder, url) as processes:
        # Their start is no operation's time.
        began = time.perf_counter()
        while live():
            assert time.perf_counter() < began + LIMIT
            time.sleep(0.05)
        took = time.perf_counter() - began
        tell(processes)
        used = 0.0
        for process in processes:
            assert process.stdout is not None
            used += float(process.stdout.readline())
            process.wait(30)
    with db.reader() as session:
        states = set(session.scalars(sa.select(models.Operation.state)))
    assert states == {"SUCCEEDED"}, states
    db.dispose()
    print(f"commits_per_second_floor_{name} {commits / FLOOR_SECONDS:.0f} 1/s")
    print(f"ops_per_second_{name} {count / took:.1f} 1/s")
    print(f"ops_cpu_{name} {used / count * 1000:.1f} ms", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", nargs="?")
    parser.add_argument("state", nargs="?", type=Path)
    parser.add_argument("--count", type=int, default=300)
    given = parser.parse_args()
    if given.kind is not None:
        work(given.kind, given.state)
        return
    with temporary_folder() as top:
        state = top / "sqlite"
        state.mkdir()
        url = f"sqlite:///{state / 'servicevm.sqlite'}"
        measure("sqlite", state, url, given.count)
        for kind in (MariaDb, PostgreSql):
            with kind(top / kind.__name__) as server:
                server.create("bench")
                state = top / f"state-{kind.__name__}"
                state.mkdir()
                measure(
                    kind.__name__.lower(),
                    state,
                    server.url("bench"),
                    given.count,
                )


if __name__ == "__main__":
    main()
