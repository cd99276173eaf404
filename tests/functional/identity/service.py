"""The API as an operator serves it: gunicorn, Keystone, SQLite."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType

import requests

from tools.cluster.keystone import Keystone

#: Seconds.
_START = 60.0
_STOP = 10.0
_LOOK = 0.1

_CONF = """\
[DEFAULT]
state_dir = {folder}
[api]
auth_strategy = keystone
response_validation = true
[keystone_authtoken]
token_cache_time = {cache_seconds}
{options}
[oslo_policy]
policy_file = {folder}/policy.yaml
"""


class Service:
    """One gunicorn, on a port of its own.

    :param cache_seconds: how long a token is believed without Keystone
    :param workers: processes, each of which learns of tokens for itself
    """

    def __init__(
        self,
        folder: Path,
        keystone: Keystone,
        *,
        cache_seconds: int = 300,
        workers: int = 2,
    ) -> None:
        self._workers = workers
        self.folder = folder
        folder.mkdir(mode=0o700)
        self.conf = folder / "servicevm.conf"
        options = "\n".join(
            f"{name} = {value}" for name, value in keystone.authtoken().items()
        )
        self.conf.touch(0o600)
        self.conf.write_text(
            _CONF.format(
                folder=folder, options=options, cache_seconds=cache_seconds
            )
        )
        (folder / "policy.yaml").write_text("{}\n")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Service":
        self.migrate()
        self.start()
        self.await_status(200)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def log(self) -> str:
        return (self.folder / "api.log").read_text()

    def migrate(self) -> None:
        subprocess.run(
            [
                program("servicevm-manage"),
                f"--config-file={self.conf}",
                "db",
                "sync",
            ],
            check=True,
            capture_output=True,
            timeout=_START,
        )

    def start(self) -> "subprocess.Popen[bytes]":
        """Begin; `await_status` waits until it answers."""
        listener = self._listener.fileno()
        settings = self.folder / "gunicorn.conf.py"
        settings.write_text(
            f'bind = "fd://{listener}"\n'
            f"workers = {self._workers}\nthreads = 4\n"
            "control_socket_disable = True\n"
        )
        with open(self.folder / "api.log", "ab") as log:
            self._process = subprocess.Popen(
                [
                    program("gunicorn"),
                    f"--config={settings}",
                    "servicevm.wsgi.api:application",
                ],
                env={**os.environ, "OS_SERVICEVM_CONFIG_FILE": str(self.conf)},
                pass_fds=[listener],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self._process

    def await_status(self, status: int) -> requests.Response:
        """Wait until the health check answers with this."""
        until = time.monotonic() + _START
        while True:
            answer = requests.get(f"{self.url}/healthcheck", timeout=_START)
            if answer.status_code == status:
                return answer
            assert time.monotonic() < until, answer.text
            time.sleep(_LOOK)

    def stop(self) -> None:
        """End it, for good."""
        self._listener.close()
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None

    def ask(
        self,
        token: str | None,
        path: str = "/v1/devices",
        method: str = "GET",
        json: object = None,
    ) -> requests.Response:
        """One request."""
        headers = {} if token is None else {"X-Auth-Token": token}
        return requests.request(
            method,
            f"{self.url}{path}",
            headers=headers,
            json=json,
            timeout=_START,
        )


def program(name: str) -> str:
    """A program of the environment that the tests run in."""
    return str(Path(sys.executable).parent / name)
