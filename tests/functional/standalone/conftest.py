"""A real servicevm-standalone, and the real command line against it."""

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

BIN = Path(sys.executable).parent


@dataclass
class Done:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Standalone:
    """One servicevm-standalone on a state folder, restartable."""

    state_dir: Path
    config: str = ""
    process: subprocess.Popen[str] | None = None
    starts: int = 0
    environment: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """Start it and wait until it says that it is ready."""
        path = self.state_dir / "servicevm.conf"
        path.write_text(self.config)
        self.starts += 1
        with (self.state_dir / f"log.{self.starts}").open("w") as log:
            self.process = subprocess.Popen(
                [
                    str(BIN / "servicevm-standalone"),
                    "--config-file",
                    str(path),
                    "--state-dir",
                    str(self.state_dir),
                    "--port",
                    "0",
                ],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert self.process.stdout is not None
        assert self.process.stdout.readline(), self.log()

    def log(self) -> str:
        return (self.state_dir / f"log.{self.starts}").read_text()

    def kill(self) -> None:
        """As a power cut would: no warning."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)
        self._close()

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(30)
        self._close()

    def _close(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None

    def run(self, command: str, timeout: float = 120) -> Done:
        """Run ``servicevm COMMAND`` as a user's shell would."""
        done = subprocess.run(
            [str(BIN / "servicevm"), *shlex.split(command)],
            env=os.environ
            | {
                "OS_CLOUD": "servicevm",
                "OS_CLIENT_CONFIG_FILE": str(self.state_dir / "clouds.yaml"),
            },
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def ok(self, command: str, timeout: float = 120) -> Done:
        """`run`, where anything but success fails the test."""
        done = self.run(command, timeout)
        assert done.code == 0, f"{command}: {done.err}\n{self.log()[-4000:]}"
        return done

    def show(self, command: str) -> Any:
        return self.ok(f"{command} -f json").json

    def wait_until(self, so: Callable[[], object]) -> None:
        """Wait until something is so, at most 60 s."""
        deadline = time.monotonic() + 60
        while not so():
            assert time.monotonic() < deadline, self.log()[-4000:]
            time.sleep(0.1)

    def device_pids(self) -> set[int]:
        """Processes of virtual machines of this installation."""
        word = f"-pidfile\0{self.state_dir}/devices".encode()
        found = set()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if word in (entry / "cmdline").read_bytes():
                        found.add(int(entry.name))
        return found


@pytest.fixture
def standalone(short_tmp_path: Path) -> Iterator[Callable[..., Standalone]]:
    """Make a servicevm-standalone; everything it leaves is ended after."""
    made: list[Standalone] = []

    def make(config: str = "") -> Standalone:
        one = Standalone(short_tmp_path, config)
        made.append(one)
        one.start()
        return one

    yield make
    for one in made:
        if one.process is not None:
            one.stop()
        for pid in one.device_pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
