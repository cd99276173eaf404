"""One id leads through the logs of api, conductor, relay and agent."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from servicevm_agent.layout import Layout
from servicevm_agent.services.haproxy.process import Haproxy
from tests.functional.agent.backends import free_port

from .conftest import Standalone

ROOT = Path(__file__).resolve().parents[3]

TEMPLATE = (
    "device template create --infra-driver noop "
    "--infra-option keep_bootstrap=true --mgmt-driver agent "
    "--mgmt-option transport=tcp --interface role=mgmt,network=user "
    "--service-type loadbalancer --slots 1 lb"
)
CONFIG = """
listeners:
- {{name: web, protocol: http, port: {port}, default_pool: web}}
pools:
- name: web
  algorithm: round_robin
  members:
  - {{name: b1, address: 127.0.0.1, port: {port}}}
"""


class AgentProcess:
    """A real agent outside of a device."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._layout = Layout(
            state=str(folder / "state"),
            run=str(folder / "run"),
            bootstrap=str(folder / "servicevm.json"),
            netns=None,
            bind_address="127.0.0.1",
            haproxy_user=None,
            haproxy_group=None,
            haproxy_chroot=None,
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, bootstrap: str) -> None:
        self._folder.mkdir()
        Path(str(self._layout.bootstrap)).write_text(bootstrap)
        with (self._folder / "log").open("w") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "servicevm_agent",
                    *(
                        f"--{name.replace('_', '-')}={value or ''}"
                        for name, value in self._layout._asdict().items()
                    ),
                ],
                cwd=ROOT,
                stderr=log,
            )

    def log(self) -> str:
        return (self._folder / "log").read_text()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
        for service in Path(self._layout.run).glob("*"):
            Haproxy(self._layout.haproxy, str(service)).stop()


@pytest.fixture
def agent(short_tmp_path: Path) -> Iterator[AgentProcess]:
    made = AgentProcess(short_tmp_path / "a")
    yield made
    made.stop()


def _lines(log: str, request_id: str, part: str) -> list[str]:
    """Lines of a part of the service that name the request."""
    return [
        line
        for line in log.splitlines()
        if request_id in line and f" servicevm.{part}." in line
    ]


def test_a_service_is_created_and_every_log_names_the_request(
    standalone: Callable[..., Standalone], agent: AgentProcess
) -> None:
    svm = standalone(f"[relay]\nbind_port = {free_port()}\n")
    svm.ok(TEMPLATE)
    device = svm.show("device create --template lb lb1")
    kept = svm.state_dir / "noop" / "bootstrap" / f"{device['id']}.json"
    svm.wait_until(kept.exists)
    agent.start(kept.read_text())
    config = svm.state_dir / "web.yaml"
    config.write_text(CONFIG.format(port=free_port()))
    service = svm.show(
        "service create --device lb1 --type loadbalancer "
        f"--config {config} --wait 60 web"
    )
    operation = svm.show(f"operation show {service['operation_id']}")
    request_id = operation["request_id"]

    log = svm.log()
    (asked,) = _lines(log, request_id, "api")
    assert "POST /v1/services: 202" in asked
    # oslo.log's own form: global id, id, user, project.
    assert re.search(rf" INFO \S+ \[\S+ {request_id} \S+ default ", asked)
    done = _lines(log, request_id, "conductor")
    assert any(service["operation_id"] in line for line in done)
    (called,) = _lines(log, request_id, "relay")
    assert f"Device {device['id']}: apply: answered" in called
    told = [line for line in agent.log().splitlines() if request_id in line]
    assert told == [
        f"servicevm-agent: [{request_id}] apply service {service['id']}: "
        "generation 1",
        f"servicevm-agent: [{request_id}] service {service['id']} "
        "generation 1: it serves",
    ]

    svm.ok("service stats show web")
    assert re.search(
        rf"\[req-[0-9a-f-]{{36}}\] action service {service['id']}: stats",
        agent.log(),
    )
    svm.ok("service delete --wait 60 web")
    svm.ok("device delete --wait 60 lb1")


def test_the_processes_of_one_machine_are_listed(
    standalone: Callable[..., Standalone],
) -> None:
    svm = standalone()

    def listed() -> bool:
        return all(
            [one["Alive"] for one in svm.show(f"{noun} list")] == [True]
            for noun in ("api", "conductor", "relay")
        )

    svm.wait_until(listed)
    (relay,) = svm.show("relay list --long")
    assert (relay["Name"], relay["Group"]) == ("local", "default")
    assert relay["Sessions"] == 0
    svm.ok("relay set --drain local")
    svm.wait_until(lambda: "Draining: agents move" in svm.log())
    svm.ok("relay set --no-drain local")
    svm.wait_until(lambda: "No longer draining" in svm.log())
    before = svm.show("conductor list --long")[0]
    svm.kill()
    svm.start()
    svm.wait_until(
        lambda: svm.show("conductor list --long")[0]["ID"] != before["ID"]
    )
    types = {one["Type"] for one in svm.show("event list --all-projects")}
    assert {"relay.drain", "relay.resume"} <= types
    assert not any(type_.endswith("duplicate_name") for type_ in types)


def test_no_log_has_a_secret(
    standalone: Callable[..., Standalone],
) -> None:
    svm = standalone("[DEFAULT]\ndebug = true\n")
    svm.ok("device template list")
    clouds = (svm.state_dir / "clouds.yaml").read_text()
    found = re.search(r"password: *['\"]?([^'\"\s]+)", clouds)
    assert found is not None
    assert found[1] not in svm.log()
    assert "GET /v1/device-templates" in svm.log()
