"""How fast one worker reads: a device, and a list of a thousand.

A real socket, cheroot with one thread, SQLite with 1000 devices of two
interfaces and two tags each, policy and HTTP basic authentication on. The
client's own time is not in it: it runs in a process of its own and the
figure is requests per second of the server's processor time; the ``_wall``
figures are requests per second of the clock, with one client.

Run: python -m benchmarks.api_read
"""

import http.client
import multiprocessing
import multiprocessing.connection
import resource
import sys
import tempfile
import threading
import time
from base64 import b64encode
from pathlib import Path

import yaml
from cheroot import wsgi
from oslo_config import cfg

from servicevm import conf as servicevm_conf
from servicevm.api import app, credentials
from servicevm.db import api as db
from servicevm.db import models
from servicevm.rpc.base import Json

DEVICES = 1000


class _Idle:
    """A conductor that is not asked for anything here."""

    def wake(self) -> None:
        """Nothing waits."""

    def call_service(
        self, service_id: str, action: str, arguments: Json
    ) -> Json:
        return {}

    def console_log(self, device_id: str, max_bytes: int) -> str:
        return ""


def _device_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def _fill() -> None:
    template = _device_id(0)
    with db.writer() as session:
        session.add(
            models.DeviceTemplate(
                id=template,
                seq=1,
                project_id="default",
                name="t",
                revision=1,
                properties={},
                created_at=1,
                updated_at=1,
            )
        )
        session.flush()
        for number in range(1, DEVICES + 1):
            session.add(
                models.Device(
                    id=_device_id(number),
                    seq=number,
                    project_id="default",
                    name=f"device-{number}",
                    template_id=template,
                    template_revision=1,
                    slots=4,
                    facts={"accelerator": "kvm"},
                    provisioning_status="ACTIVE",
                    operating_status="ONLINE",
                    properties={"rack": "7"},
                    created_at=number,
                    updated_at=number,
                )
            )
        session.flush()
        for number in range(1, DEVICES + 1):
            owner = _device_id(number)
            session.add_all(
                models.Tag(resource_id=owner, tag=tag) for tag in "ab"
            )
            session.add_all(
                models.DeviceInterface(
                    device_id=owner,
                    index=index,
                    role="ingress",
                    network=f"bridge:br{index}",
                    mac=f"{index:02x}:{number:012x}",
                    address=f"10.{index}.{number >> 8}.{number & 255}",
                    prefix=16,
                )
                for index in range(2)
            )


def _serve(folder: str, pipe: "multiprocessing.connection.Connection") -> None:
    """The server's process; answers with its processor time when asked."""
    conf = servicevm_conf.register(cfg.ConfigOpts())
    conf([], project="servicevm", default_config_files=[])
    conf.set_override("state_dir", folder)
    db.sync(conf)
    _fill()
    server = wsgi.Server(
        ("127.0.0.1", 0), app.build(conf, _Idle()), numthreads=1
    )
    server.prepare()
    endpoint = f"http://127.0.0.1:{server.bind_addr[1]}"
    clouds = credentials.ensure(conf, endpoint)
    thread = threading.Thread(target=server.serve)
    thread.start()
    pipe.send((server.bind_addr[1], str(clouds)))
    while pipe.recv() == "cpu":
        used = resource.getrusage(resource.RUSAGE_SELF)
        pipe.send(used.ru_utime + used.ru_stime)
    server.stop()
    thread.join(10)
    db.dispose()


def _measure(
    name: str,
    path: str,
    count: int,
    port: int,
    headers: dict[str, str],
    pipe: "multiprocessing.connection.Connection",
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def get() -> None:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")

    def cpu() -> float:
        pipe.send("cpu")
        found: float = pipe.recv()
        return found

    for _ in range(3):
        get()
    before, began = cpu(), time.monotonic()
    for _ in range(count):
        get()
    wall, used = time.monotonic() - began, cpu() - before
    connection.close()
    print(f"{name} {count / used:.0f} requests/s")
    print(f"{name}_wall {count / wall:.0f} requests/s", flush=True)


def main() -> int:
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        here, there = context.Pipe()
        process = context.Process(
            target=_serve, args=(str(Path(folder) / "state"), there)
        )
        process.start()
        try:
            if not here.poll(120):
                raise TimeoutError("the server did not start")
            port, clouds = here.recv()
            with open(clouds) as file:
                auth = yaml.safe_load(file)["clouds"]["servicevm"]["auth"]
            pair = f"{auth['username']}:{auth['password']}".encode()
            headers = {"Authorization": f"Basic {b64encode(pair).decode()}"}
            one = f"/v1/devices/{_device_id(500)}"
            _measure("api_get", one, 1000, port, headers, here)
            _measure(
                "api_list_1000",
                f"/v1/devices?limit={DEVICES}",
                20,
                port,
                headers,
                here,
            )
        finally:
            here.send("stop")
            process.join(30)
            if process.is_alive():
                process.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
