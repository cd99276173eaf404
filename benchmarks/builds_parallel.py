"""How long 500 devices take that are built at once, on one conductor.

On MariaDB, with the drivers ``noop``, whose devices take 10 s to run: what
is measured is the engine that looks after them. The requests are made
first; the clock runs from the conductor's start until every device is
ACTIVE.

Run: python -m benchmarks.builds_parallel
"""

import multiprocessing
import resource
import sys
import threading
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import sqlalchemy as sa

from benchmarks.api_rows import Idle, configure, temporary_folder
from servicevm.conductor.service import Conductor
from servicevm.db import api as db
from servicevm.db import models
from servicevm.rpc.local import LateRelay
from tools.cluster.mariadb import MariaDb

DEVICES = 500
#: Seconds that a device takes to run.
LATENCY = 10
#: Seconds until the benchmark gives up.
PATIENCE = 120

_TEMPLATE = {
    "name": "bench",
    "infra_driver": "noop",
    "infra_options": {"create_seconds": LATENCY},
    "mgmt_driver": "noop",
    "interfaces": [{"role": "ingress", "network": "bench"}],
    "service_types": ["loadbalancer"],
    "slots": 4,
}


def _ask(folder: Path, url: str) -> None:
    """Ask for the devices, as clients do."""
    # The conductor's process, on which the clock runs, begins with this file
    # too, and has no API.
    from falcon import testing

    from servicevm.api import app

    conf = configure(folder, url)
    db.sync(conf)
    api = testing.TestClient(app.build(conf, Idle()))
    answer = api.simulate_post(
        "/v1/device-templates", json={"device_template": _TEMPLATE}
    )
    template_id = answer.json["device_template"]["id"]
    for number in range(DEVICES):
        body = {"name": f"d{number}", "template_id": template_id}
        answer = api.simulate_post("/v1/devices", json={"device": body})
        if answer.status_code != 202:
            raise RuntimeError(answer.text)


def _conduct(folder: Path, url: str, stop: Event) -> None:
    """A conductor's process; prints its processor time at the end."""
    conf = configure(folder, url)
    db.configure(conf)
    conductor = Conductor(conf, LateRelay())
    conductor.start()
    stop.wait()
    conductor.stop(10)
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    print(f"builds_parallel_cpu {cpu:.1f} s", flush=True)


def _active() -> int:
    with db.reader() as session:
        found: int = session.scalar(
            sa.select(sa.func.count())
            .select_from(models.Device)
            .where(models.Device.provisioning_status == "ACTIVE")
        )
        return found


def main() -> int:
    context = multiprocessing.get_context("spawn")
    waiting = threading.Event()
    with (
        temporary_folder() as folder,
        MariaDb(folder / "mariadb") as server,
    ):
        server.create("bench")
        state, url = folder / "state", server.url("bench")
        _ask(state, url)
        stop = context.Event()
        process = context.Process(target=_conduct, args=(state, url, stop))
        began = time.monotonic()
        process.start()
        while _active() < DEVICES:
            if time.monotonic() > began + PATIENCE:
                print(f"{_active()} of {DEVICES} came up", file=sys.stderr)
                break
            waiting.wait(0.1)
        print(f"builds_parallel {time.monotonic() - began:.1f} s")
        print(f"builds_parallel_floor {LATENCY} s", flush=True)
        stop.set()
        process.join(30)
        if process.is_alive():
            process.kill()
        db.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
