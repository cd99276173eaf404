"""A real OpenStack on this machine.

::

    lab = Lab(folder)
    lab.start()
    with lab.cloud("lab-demo") as demo:
        demo.compute.servers()
    lab.stop()

What there is to know is in the folder, so that another process can stop
what this one has started.
"""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import openstack.connection
import requests
import yaml
from keystoneauth1.session import Session

from tools.cluster.configuration import write
from tools.cluster.installation import Say
from tools.cluster.keystone import Keystone
from tools.cluster.mariadb import MariaDb
from tools.cluster.member import Member, await_end, marked
from tools.cluster.ports import Ports
from tools.cluster.rabbitmq import RabbitMq
from tools.lab import content, migrations
from tools.lab.cloud import Cloud
from tools.lab.environment import CACHE, VENV
from tools.lab.host import Host
from tools.lab.libvirt import Libvirt
from tools.lab.namespaces import Namespaces
from tools.lab.ovn import Ovn
from tools.lab.people import CLOUDS, PEOPLE
from tools.lab.scene import Scene
from tools.lab.service import REGION, Wiring
from tools.lab.servicevm import ServiceVm
from tools.lab.switch import Switch
from tools.lab.timing import timed
from tools.lab.underlay import Underlay

__all__ = ["Lab"]

#: Of the cache; is not a lab's.
_KEPT = ("dumps", "venv", "venv.lock", "venv.log")
#: Seconds of a request.
_TIMEOUT = 120


class Lab:
    """:param folder: all of it is below; made if it is missing
    :param virt_type: ``qemu``, or ``kvm`` where that runs guests
    """

    def __init__(
        self, folder: Path = CACHE, *, virt_type: str = "qemu"
    ) -> None:
        self.folder = folder.resolve()
        self._facts = {"virt_type": virt_type}
        self.keystone = Keystone(
            self.folder / "keystone", people=PEOPLE, venv=VENV
        )
        self.database = MariaDb(self.folder / "mariadb", durable=False)
        self.broker = RabbitMq(self.folder / "rabbitmq")
        self.namespaces = Namespaces(self.folder)
        self.ports = Ports(self.folder / "run" / "ports.json")
        switch = Switch(self.folder, self.namespaces)
        ovn = Ovn(self.folder, switch)
        libvirt = Libvirt(self.folder, self.namespaces, switch)
        self.scene = Scene(
            self.folder / "run" / "scene.json", self.namespaces, switch
        )
        self._underlay = Underlay(self.namespaces, switch, ovn, libvirt)
        wiring = Wiring(
            self.folder,
            VENV.bin,
            self.keystone,
            self.database,
            self.broker,
            self.ports,
        )
        self._cloud = Cloud(wiring, ovn, libvirt, virt_type)
        self.servicevm = ServiceVm(wiring, self.scene)
        #: Processes, in the order in which they start.
        self.members: list[Member] = [
            *self._underlay.members,
            *self._cloud.members,
            *self.servicevm.members,
        ]

    @classmethod
    def found(cls, folder: Path = CACHE) -> Self | None:
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
        """clouds.yaml with `CLOUDS`."""
        return self.folder / "clouds.yaml"

    @contextlib.contextmanager
    def cloud(self, name: str) -> Iterator[Any]:
        """openstacksdk's connection in the name of one of `CLOUDS`."""
        login = self.keystone.login(CLOUDS[name])
        with requests.Session() as opened:
            session = Session(
                auth=login.plugin(), session=opened, timeout=_TIMEOUT
            )
            yield openstack.connection.Connection(
                session=session, region_name=REGION
            )

    def rows(self) -> Iterator[tuple[str, int | None, int | None]]:
        """name, pid and port of each process."""
        keystone = self.keystone.pid
        yield "keystone", keystone, None
        yield "mariadb", self.database.pid, self.database.port
        yield "rabbitmq", self.broker.pid, self.broker.port
        for one in self.members:
            yield one.name, one.pid, one.port

    @property
    def running(self) -> bool:
        """Whether all of it runs."""
        return self.clouds.exists() and all(pid for _, pid, _ in self.rows())

    def host(self, network: Any, name: str, **more: Any) -> Host:
        """A host in a network, of the network's project; see `Plug.host`."""
        with self.cloud("lab-admin") as admin:
            return self.scene.plug(admin).host(network, name, **more)

    def remove_host(self, host: Host) -> None:
        """Take a host away that `host` made."""
        with self.cloud("lab-admin") as admin:
            self.scene.plug(admin).remove(host)

    # -- up and down --------------------------------------------------------

    def start(self, say: Say = lambda line: None) -> None:
        """Start what does not run; wait until all of it works.

        Where that fails and nothing ran before, all is stopped again; logs
        stay.

        :raises ClusterError: or one of the servers' own
        """
        with self._lock():
            self._prepare()
            # One that is in use is not taken away by a failed look.
            fresh = not any(pid for _, pid, _ in self.rows())
            try:
                self._start(say)
            except BaseException:
                if fresh:
                    self._stop(lambda line: None)
                raise

    def stop(
        self, say: Say = lambda line: None, *, remove: bool = False
    ) -> None:
        """Stop everything, guests too.

        :param remove: delete its data as well; else they stay
        """
        with self._lock():
            self._stop(say)
            if remove:
                self._remove()

    def _remove(self) -> None:
        for path in self.folder.iterdir():
            if self.folder == CACHE and path.name in _KEPT:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        if self.folder != CACHE:
            self.folder.rmdir()

    # -- how ----------------------------------------------------------------

    def _prepare(self) -> None:
        self.folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        # The database's user must pass; what is inside is closed.
        self.folder.chmod(0o711)
        for name in ("etc", "log", "run"):
            (self.folder / name).mkdir(mode=0o700, exist_ok=True)
        write(self.folder / "lab.json", json.dumps(self._facts) + "\n")

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """One at a time starts or stops it."""
        path = self.folder / "run" / "lock"
        while True:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(path, "w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                # Who was before may have deleted it with all the rest.
                if os.fstat(lock.fileno()).st_nlink:
                    yield
                    return

    def _start(self, say: Say) -> None:
        timed(say, "environment", VENV.ensure)
        for service in self._cloud.services:
            service.prepare_database()
        with ThreadPoolExecutor(4) as pool:
            for each in [
                pool.submit(timed, say, "keystone", self.keystone.start),
                pool.submit(timed, say, "rabbitmq", self.broker.start),
                pool.submit(timed, say, "networks", self._underlay.start),
                pool.submit(self._start_database, say),
            ]:
                each.result()
        self._write_clouds()
        self._cloud.start(say)
        with self.cloud("lab-admin") as admin:
            project = next(admin.identity.projects(name="service")).id
            timed(say, "content", lambda: content.ensure(admin, project))
            timed(say, "hosts", lambda: self.scene.ensure(admin))
            timed(say, "servicevm", self.servicevm.start)
            timed(say, "nova-compute", lambda: self._cloud.await_hosts(admin))

    def _start_database(self, say: Say) -> None:
        timed(say, "mariadb", self.database.start)
        began = time.monotonic()
        how = migrations.migrate(
            self.folder, self.database, self._cloud.services
        )
        if how:
            say(f"databases {how}: {time.monotonic() - began:.1f} s")

    def _write_clouds(self) -> None:
        clouds = {
            name: self.keystone.cloud(user) for name, user in CLOUDS.items()
        }
        write(self.clouds, yaml.safe_dump({"clouds": clouds}))

    def _stop(self, say: Say) -> None:
        self.servicevm.stop(say)
        self._cloud.stop(say)
        say("stopping networks and guests")
        self._underlay.stop()
        self.broker.stop()
        self.database.stop()
        self.keystone.stop()
        for pid in marked(self.folder):
            # Of a start that was killed.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            await_end(pid, 10)
        self.namespaces.clear()
