"""A person's or a test's Horizon: the panels and all that is behind them.

::

    with Lab(folder) as lab:
        lab.web.url                    # Horizon
        lab.endpoint                   # the servicevm API itself
        lab.keystone.login("red-member").auth["password"]

A real Keystone, a real servicevm (API, conductor and relay in one process,
SQLite) and a real Horizon. What there is to know is in the folder, so that
another process can stop what this one has started.
"""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import yaml
from keystoneauth1.session import Session

from servicevmclient.v1 import Client
from tools.cluster.configuration import render, write
from tools.cluster.keystone import Keystone
from tools.cluster.member import ClusterError, Member, await_end, marked
from tools.cluster.ports import Ports
from tools.horizon import content
from tools.horizon.web import ROOT, Web

__all__ = ["PEOPLE", "Lab"]

#: The environment that has the service in it; tools/bootstrap.
BIN = ROOT / ".venv" / "bin"
IMAGE = ROOT / ".cache" / "image"

#: Users and what there is to say about them; entries of clouds.yaml too.
PEOPLE: Mapping[str, str] = {
    "admin": "administrator of the cloud, project admin",
    "red-admin": "administrator, project red",
    "red-manager": "manager, project red",
    "red-member": "member, project red",
    "red-reader": "reader, project red",
    "blue-member": "member, project blue",
}

Say = Callable[[str], None]


class Lab:
    """:param folder: all of it is below; made if it is missing
    :param devices: ``noop`` or ``qemu``; of the templates that are made
    :param options: of servicevm.conf, group to name to value, over ours
    :param workers: processes of Horizon; each has `threads` threads
    """

    def __init__(
        self,
        folder: Path,
        *,
        devices: str = "noop",
        options: Mapping[str, Mapping[str, Any]] | None = None,
        workers: int = 1,
        threads: int = 8,
    ) -> None:
        self.folder = folder.resolve()
        self._facts = {
            "devices": devices,
            "options": options or {},
            "workers": workers,
            "threads": threads,
        }
        self.devices = devices
        ports = Ports(self.folder / "run" / "ports.json")
        self.keystone = Keystone(self.folder / "keystone")
        port = ports.of("servicevm")
        #: Of the servicevm API.
        self.endpoint = f"http://127.0.0.1:{port}"
        conf = self.folder / "servicevm.conf"
        self.service = Member(
            "servicevm",
            0,
            self.folder,
            [
                str(BIN / "servicevm-standalone"),
                *["--config-file", str(conf)],
            ],
            line=f"Ready at {self.endpoint}",
            port=port,
        )
        self.web = Web(
            self.folder,
            ports.of("horizon"),
            workers=workers,
            threads=threads,
        )

    @classmethod
    def found(cls, folder: Path) -> Self | None:
        """The lab that was started in a folder, if one was."""
        try:
            facts = json.loads((folder / "lab.json").read_text())
        except FileNotFoundError:
            return None
        return cls(folder, **facts)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *details: object) -> None:
        self.stop()

    # -- what there is ------------------------------------------------------

    @property
    def clouds(self) -> Path:
        """clouds.yaml with `PEOPLE`."""
        return self.folder / "clouds.yaml"

    def password(self, user: str) -> str:
        return self.keystone.login(user).auth["password"]

    @contextlib.contextmanager
    def client(self, user: str = "admin") -> Iterator[Client]:
        """The API in a user's name, by the shortest way."""
        session = Session(auth=self.keystone.login(user).plugin(), timeout=60)
        yield Client(session, endpoint_override=self.endpoint)

    def rows(self) -> Iterator[tuple[str, int | None, str]]:
        """name, pid and where it listens of each process."""
        pid = self.keystone.pid
        yield "keystone", pid, self.keystone.auth_url if pid else "-"
        yield "servicevm", self.service.pid, self.endpoint
        yield "horizon", self.web.member.pid, self.web.url

    # -- up and down --------------------------------------------------------

    def start(self, say: Say = lambda line: None) -> None:
        """Start what does not run; wait until all of it works.

        Where that fails, all is stopped again; logs stay.

        :raises ClusterError: or one of Keystone's own
        """
        self._prepare()
        try:
            with ThreadPoolExecutor(2) as pool:
                # Neither needs the other; there are two processors.
                both = [
                    pool.submit(_timed, say, "keystone", self._start_keystone),
                    pool.submit(_timed, say, "static files", self._static),
                ]
                for each in both:
                    each.result()
            self._register()
            self.service.begin()
            self.web.configure(self.keystone.auth_url)
            self.web.member.begin()
            _timed(say, "servicevm", self.service.await_answer)
            _timed(say, "templates", self._fill)
            _timed(say, "horizon", self.web.member.await_answer)
        except BaseException:
            self.stop()
            raise

    def reload(
        self, say: Say = lambda line: None, *, service: bool = False
    ) -> None:
        """Horizon again, with what changed of the panels.

        :param service: servicevm as well; its data stay
        """
        with open(self.folder / "run" / "reload.lock", "w") as lock:
            # Two at once would take each other's files away.
            fcntl.flock(lock, fcntl.LOCK_EX)
            if service:
                _timed(say, "servicevm", self.service.restart)
            _timed(say, "static files", self.web.build)
            self.web.member.stop()
            _timed(say, "horizon", self.web.member.start)

    def stop(self, say: Say = lambda line: None) -> None:
        """Stop everything; data stays."""
        for one in (self.web.member, self.service):
            if one.pid is not None:
                say(f"stopping {one.name}")
            one.stop()
        self.keystone.stop()
        for pid in marked(self.folder):
            # Of a start that was killed; devices.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            await_end(pid, 10)

    def remove(self) -> None:
        """Delete all that is kept of a lab that was stopped."""
        shutil.rmtree(self.folder)

    # -- how ----------------------------------------------------------------

    def _prepare(self) -> None:
        for name in (".", "log", "run", "state"):
            (self.folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        write(self.folder / "lab.json", json.dumps(self._facts) + "\n")
        if self.devices == "qemu":
            self.build_image()

    def build_image(self) -> None:
        """Make the guest image of qemu devices, where it is not there.

        :raises ClusterError: with the builder's own words
        """
        done = subprocess.run(
            [
                str(BIN / "servicevm-manage"),
                *("image", "build", "--output", str(IMAGE)),
            ],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        if done.returncode:
            raise ClusterError(f"The guest image: {done.stderr[-3000:]}")

    def _start_keystone(self) -> None:
        self.keystone.start()

    def _static(self) -> None:
        if not self.web.member.pid:
            # The settings need a Keystone; building does not ask it.
            self.web.configure("http://127.0.0.1:1/v3")
            self.web.build()

    def _register(self) -> None:
        self.keystone.register(self.endpoint)
        write(self.folder / "servicevm.conf", self._conf())
        clouds = {
            user: self.keystone.cloud(user, servicevm_api_version="1")
            for user in PEOPLE
        }
        write(self.clouds, yaml.safe_dump({"clouds": clouds}))

    def _conf(self) -> str:
        told: dict[str, dict[str, Any]] = {
            "DEFAULT": {
                "state_dir": self.folder / "state",
                "deployment_id": "horizon",
                "use_stderr": True,
            },
            "api": {
                "auth_strategy": "keystone",
                "bind_port": self.service.port,
            },
            "keystone_authtoken": dict(self.keystone.authtoken()),
            "qemu": {"image_dir": IMAGE},
        }
        options: Any = self._facts["options"]
        return render(told, options)

    def _fill(self) -> None:
        with self.client() as client:
            content.ensure_templates(client, self.devices)


def _timed(say: Say, name: str, work: Callable[[], object]) -> None:
    began = time.monotonic()
    work()
    say(f"{name}: {time.monotonic() - began:.1f} s")
