"""Conductors, relays and agents in processes of their own, on one broker.

Devices are the noop driver's; each has a real agent beside it, over TCP.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from falcon import testing
from oslo_config import cfg

from servicevm import conf as servicevm_conf
from servicevm import pki
from servicevm.api import app
from servicevm.db import api as db
from servicevm.db import models
from servicevm.drivers.infra.base import InterfaceSpec
from servicevm.drivers.mgmt.agent import AgentMgmtDriver
from servicevm.rpc.local import LateRelay
from servicevm.wsgi import server
from tools.cluster.rabbitmq import RabbitMq

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
#: Seconds until a test gives up on something that should happen.
PATIENCE = 90.0

_CONF = """\
[DEFAULT]
state_dir = {state}
rpc = oslo
transport_url = {url}
host = here
[api]
name = {name}
auth_strategy = none
[conductor]
name = {name}
agent_grace = 3
poll_interval = 1
[relay]
name = {name}
group = {group}
bind_port = {port}
heartbeat_interval = 1
flush_interval = 0.2
serial_socket = {serial}
move_timeout = 10
certificate = {relay}/certificate.pem
key = {relay}/key.pem
ca_bundle = {relay}/ca.pem
[database]
connection = {database}
"""


def eventually(
    condition: Callable[[], Any], patience: float = PATIENCE
) -> Any:
    """What it gives, as soon as that is true."""
    until = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < until, "it never came to be"
        time.sleep(0.05)
    return found


class House:
    """:param folder: short, for the sockets in it
    :param broker: running
    :param database: its URL; a file in the folder, if not given

    :ivar api: the real application, in this process
    """

    def __init__(
        self, folder: Path, broker: RabbitMq, database: str = ""
    ) -> None:
        self.folder = folder
        self.broker = broker
        self.database = (
            database or f"sqlite:///{folder}/state/servicevm.sqlite"
        )
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.ports: dict[str, int] = {}
        #: Relay groups of relays that are of others than default.
        self.groups: dict[str, str] = {}
        self._api: testing.TestClient | None = None
        self.conf = servicevm_conf.register(cfg.CONF)
        db.register(self.conf)
        self.conf(
            [],
            project="servicevm",
            default_config_files=[str(self.config("tests", 0))],
        )
        db.configure(self.conf)
        db.sync(self.conf)
        pki.ensure_authority(self.conf)

    @property
    def api(self) -> testing.TestClient:
        if self._api is None:
            self._api = testing.TestClient(
                app.build(self.conf, server.conductor(self.conf))
            )
        return self._api

    def config(self, name: str, port: int, url: str | None = None) -> Path:
        """Write a process's file."""
        state = self.folder / "state"
        # What a relay has is its own.
        if name.startswith("relay"):
            state = self.folder / name
        path = self.folder / f"{name}.conf"
        path.write_text(
            _CONF.format(
                state=state,
                url=url or self.broker.url,
                name=name,
                group=self.groups.get(name, "default"),
                port=port,
                serial=state / "relay.sock",
                relay=self.folder / name,
                # A relay has none.
                database="" if name.startswith("relay") else self.database,
            )
        )
        path.chmod(0o600)
        return path

    def start(self, name: str, **config: Any) -> None:
        """Start ``conductor1``, ``relay1`` and the like."""
        role = name.rstrip("0123456789")
        port = 0
        if role == "relay":
            pki.export_relay(
                self.conf,
                name,
                self.folder / name,
                self.groups.get(name, "default"),
            )
            port = self.port(name)
        path = self.config(name, port, **config)
        self.spawn(
            name, [str(BIN / f"servicevm-{role}"), "--config-file", str(path)]
        )

    def port(self, name: str) -> int:
        """The relay's, chosen once."""
        if name not in self.ports:
            from tools.cluster.rabbitmq import _free_ports

            (self.ports[name],) = _free_ports(1)
        return self.ports[name]

    def spawn(self, name: str, command: list[str]) -> None:
        with open(self.folder / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=ROOT, stderr=log, stdout=log
            )

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def says(self, name: str, words: str) -> None:
        """Wait until its log has the words."""

        def said() -> bool:
            text = self.log(name)
            code = self.processes[name].poll()
            assert words in text or code is None, f"{code}: {text}"
            return words in text

        eventually(said)

    def device(self, name: str, *relays: str, project: str = "default") -> str:
        """Make a device with an agent; ACTIVE when this returns.

        :param relays: that its template names; those of its group, if none
        """
        made, options = self.asked(name, *relays, project=project)
        self.agent(made, options)
        eventually(lambda: self.show(made)["agent"])
        eventually(lambda: self.show(made)["provisioning_status"] == "ACTIVE")
        return made

    def asked(
        self, name: str, *relays: str, project: str = "default"
    ) -> tuple[str, Mapping[str, Any]]:
        """Ask for a device; its id, and what `agent` wants."""
        named = {
            "relays": [f"127.0.0.1:{self.port(relay)}" for relay in relays]
        }
        template = self.ok(
            "POST",
            "/v1/device-templates",
            {
                "device_template": {
                    "name": f"for-{name}",
                    "infra_driver": "noop",
                    "mgmt_driver": "agent",
                    "mgmt_options": {
                        "transport": "tcp",
                        **(named if relays else {}),
                    },
                    "interfaces": [{"role": "mgmt", "network": "user"}],
                    "service_types": ["loadbalancer"],
                }
            },
        )["device_template"]
        made = self.ok(
            "POST",
            "/v1/devices",
            {
                "device": {
                    "name": name,
                    "template_id": template["id"],
                    "project_id": project,
                }
            },
        )["device"]
        return str(made["id"]), template["mgmt_options"]

    def agent(
        self,
        device_id: str,
        options: Mapping[str, Any],
        change: Callable[[dict[str, Any]], None] = lambda told: None,
    ) -> str:
        """Start the agent's process of a device; once more, with its state.

        :param change: of the bootstrap document's ``transport``
        :returns: name of the process
        """
        folder = self.folder / f"agent-{device_id[:8]}"
        folder.mkdir(exist_ok=True)
        driver = AgentMgmtDriver(self.conf, LateRelay())
        mac = "02:00:00:00:00:01"
        files = driver.bootstrap(
            device_id,
            options,
            [InterfaceSpec(role="mgmt", index=0, network="user", mac=mac)],
        )
        document = json.loads(files["servicevm.json"])
        change(document["transport"])
        (folder / "servicevm.json").write_text(json.dumps(document))
        options_ = {
            "state": folder / "state",
            "run": folder / "run",
            "bootstrap": folder / "servicevm.json",
            "netns": "",
            "bind-address": "127.0.0.1",
            "haproxy-user": "",
            "haproxy-group": "",
            "haproxy-chroot": "",
        }
        self.spawn(
            folder.name,
            [sys.executable, "-m", "servicevm_agent"]
            + [f"--{name}={value}" for name, value in options_.items()],
        )
        return folder.name

    def lost_service(self, device_id: str, project: str = "default") -> str:
        """Write a service down of which the device's agent knows nothing."""
        made = "00000000-0000-4000-8000-000000000003"
        with db.writer() as session:
            session.add(
                models.Service(
                    id=made,
                    seq=1,
                    project_id=project,
                    name="lost",
                    provisioning_status="ACTIVE",
                    operating_status="ONLINE",
                    properties={},
                    created_at=1,
                    updated_at=1,
                    device_id=device_id,
                    service_type="loadbalancer",
                    slots=1,
                    config={},
                    digest="sha256:0",
                    observed_generation=1,
                    endpoints=[],
                    members=[],
                )
            )
        return made

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.api.simulate_request(method, path, json=body)
        assert answer.status_code < 300, answer.text
        return json.loads(answer.text) if answer.text else None

    def show(self, device_id: str) -> Any:
        return self.ok("GET", f"/v1/devices/{device_id}")["device"]

    def relay_of(self, device_id: str) -> str | None:
        """The relay of the device's session, if it is open."""
        with db.reader() as session:
            row = session.get(models.AgentSession, device_id)
            return row.relay if row is not None and row.connected else None

    def close(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(18)  # SIGCONT
                process.terminate()
        for name, process in self.processes.items():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                print(f"{name} had to be killed", file=sys.stderr)
        db.dispose()
        self.conf.clear()
