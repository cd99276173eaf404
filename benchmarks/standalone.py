"""A real servicevm-standalone and as thin a client as there can be."""

import http.client
import json
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

#: Seconds until a benchmark gives up.
PATIENCE = 300
#: Seconds between two looks.
_LOOK = 0.02
_PROGRAM = Path(sys.executable).with_name("servicevm-standalone")
TEMPLATE = {
    "name": "bench",
    "infra_driver": "qemu",
    "mgmt_driver": "agent",
    "interfaces": [{"role": "ingress", "network": "user"}],
    "service_types": ["loadbalancer"],
    "slots": 4,
}


class Api:
    """One connection that is kept: what a client costs is not measured.

    :param state_dir: of the service
    """

    def __init__(self, state_dir: Path) -> None:
        clouds = state_dir / "clouds.yaml"
        self._devices = state_dir / "devices"
        cloud = yaml.safe_load(clouds.read_text())["clouds"]["servicevm"]
        auth = cloud["auth"]
        pair = f"{auth['username']}:{auth['password']}".encode()
        host = auth["endpoint"].rpartition("/")[2]
        self._connection = http.client.HTTPConnection(host, timeout=PATIENCE)
        self._headers = {
            "Authorization": f"Basic {b64encode(pair).decode()}",
            "Content-Type": "application/json",
        }

    def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, Any]:
        """Make one call; the status and the answer's object."""
        try:
            answer = self._answer(method, path, body)
        except http.client.RemoteDisconnected:
            # It was idle for so long that the service has closed it.
            if method != "GET":
                raise
            answer = self._answer(method, path, body)
        content = answer.read()
        return answer.status, json.loads(content) if content else None

    def _answer(
        self, method: str, path: str, body: Mapping[str, Any] | None
    ) -> http.client.HTTPResponse:
        self._connection.request(
            method,
            f"/v1{path}",
            None if body is None else json.dumps(body),
            self._headers,
        )
        return self._connection.getresponse()

    def ok(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> Any:
        """`call`, where anything but success ends the benchmark."""
        status, found = self.call(method, path, body)
        if status >= 400:
            raise RuntimeError(f"{method} {path}: {status} {found}")
        return found

    def make_template(self, **said: Any) -> str:
        """Make the template that devices here have; return its id.

        :param said: what it says beside, or instead of, `TEMPLATE`
        """
        found = self.ok(
            "POST",
            "/device-templates",
            {"device_template": {**TEMPLATE, **said}},
        )
        return str(found["device_template"]["id"])

    def make_device(self, template_id: str) -> str:
        """Ask for a device; return its id."""
        asked = {"device": {"name": "bench", "template_id": template_id}}
        return str(self.ok("POST", "/devices", asked)["device"]["id"])

    def wait(self, path: str, kind: str, ready: Callable[[Any], bool]) -> Any:
        """Look until a resource is as it is to be; return it.

        :raises RuntimeError: it failed, or never became so
        """
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = self.ok("GET", path)[kind]
            if ready(found):
                return found
            if found["provisioning_status"] == "ERROR":
                raise RuntimeError(found["status_reason"])
            time.sleep(_LOOK)
        raise RuntimeError(f"{path} did not become ready")

    def wait_online(self, device_id: str) -> Any:
        """Wait until a device is ACTIVE and its agent is there."""
        return self.wait(f"/devices/{device_id}", "device", _online)

    def pid_of(self, device_id: str) -> int:
        """The process that is the device."""
        return int((self._devices / device_id / "pid").read_text())

    def delete_device(self, device_id: str) -> None:
        """Delete a device and wait until it is gone."""
        self.ok("DELETE", f"/devices/{device_id}")
        deadline = time.monotonic() + PATIENCE
        while self.call("GET", f"/devices/{device_id}")[0] != 404:
            if time.monotonic() > deadline:
                raise RuntimeError("the device did not go away")
            time.sleep(_LOOK)


def _online(device: Mapping[str, Any]) -> bool:
    return (
        device["provisioning_status"] == "ACTIVE"
        and device["operating_status"] == "ONLINE"
        and bool((device["agent"] or {}).get("connected"))
    )


@contextmanager
def standalone(folder: Path, image: Path, more: str = "") -> Iterator[Api]:
    """Start it on an empty folder with a short path; stop it afterwards.

    :param more: sections of its configuration
    """
    config = folder / "servicevm.conf"
    config.write_text(
        f"[DEFAULT]\nuse_stderr = true\n[qemu]\nimage_dir = {image}\n{more}"
    )
    command = [str(_PROGRAM), "--config-file", str(config)]
    command += ["--state-dir", str(folder), "--port", "0"]
    log = folder / "log"
    with (
        log.open("w") as stderr,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=stderr, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            if not process.stdout.readline():
                raise RuntimeError(log.read_text())
            yield Api(folder)
        finally:
            process.terminate()
            process.wait(60)
