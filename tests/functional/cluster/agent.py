"""A real agent for a device of noop: the inside of what has no inside."""

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from servicevm_agent.layout import Layout
from servicevm_agent.services.haproxy.process import Haproxy

ROOT = Path(__file__).resolve().parents[3]

#: Of templates whose devices have one; ``mgmt`` is where it dials from.
TEMPLATE = {
    "infra_driver": "noop",
    "infra_options": {"keep_bootstrap": True},
    "mgmt_driver": "agent",
    "mgmt_options": {"transport": "tcp"},
    "interfaces": [{"role": "mgmt", "network": "any"}],
    "service_types": ["loadbalancer"],
    "slots": 2,
}


class DeviceAgent:
    """Starts once the device's first-boot files are there.

    :param state_dir: of the conductors
    """

    def __init__(self, state_dir: Path, device_id: str) -> None:
        given = state_dir / "noop" / "bootstrap" / f"{device_id}.json"
        deadline = time.monotonic() + 30
        while not given.exists():
            assert time.monotonic() < deadline, "the device was never made"
            time.sleep(0.05)
        # Short: sockets are below.
        self.folder = Path(tempfile.mkdtemp(prefix="svm-agent-", dir="/tmp"))
        self.layout = Layout(
            state=str(self.folder / "state"),
            run=str(self.folder / "run"),
            bootstrap=str(given),
            netns=None,
            bind_address="127.0.0.1",
            haproxy_user=None,
            haproxy_group=None,
            haproxy_chroot=None,
        )
        self.start()

    def start(self) -> None:
        """Begin to run; what was kept on its state disk is there again."""
        options = [
            f"--{name.replace('_', '-')}={value or ''}"
            for name, value in self.layout._asdict().items()
        ]
        with open(self.folder / "log", "ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "servicevm_agent", *options],
                cwd=ROOT,
                stderr=log,
            )

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def kill(self) -> None:
        """End it without a word; what it serves goes on."""
        self._process.kill()
        self._process.wait(20)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        for service in Path(self.layout.run).glob("*"):
            Haproxy(self.layout.haproxy, str(service)).stop()
        shutil.rmtree(self.folder)
