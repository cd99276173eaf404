"""The processes of OpenStack, but Keystone: in which order they start."""

import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

from tools.cluster.installation import Say
from tools.cluster.member import Member
from tools.lab import content, fake_ports
from tools.lab.glance import Glance
from tools.lab.libvirt import Libvirt
from tools.lab.neutron import Neutron
from tools.lab.nova import FAKE, Nova
from tools.lab.ovn import Ovn
from tools.lab.placement import Placement
from tools.lab.service import Service, Wiring
from tools.lab.timing import timed

__all__ = ["Cloud"]

#: Seconds until both compute services take guests.
_COMPUTE_TIMEOUT = 180.0
#: Seconds that a process gets to end; what it does is not worth more.
_STOP_TIMEOUT = 10.0


class Cloud:
    """:param virt_type: ``qemu``, or ``kvm`` where that runs guests"""

    def __init__(
        self, wiring: Wiring, ovn: Ovn, libvirt: Libvirt, virt_type: str
    ) -> None:
        self._wiring = wiring
        self._nova = Nova(wiring, libvirt, virt_type)
        self.services: list[Service] = [
            Placement(wiring),
            Glance(wiring),
            Neutron(wiring, ovn),
            self._nova,
        ]
        self._apis = [service.api() for service in self.services]
        self._daemons = list(self._nova.daemons())
        self._computes = [
            *self._nova.computes(),
            Member(
                "fake-ports",
                0,
                wiring.folder,
                [
                    *[sys.executable, str(Path(fake_ports.__file__))],
                    *[f"unix:{ovn.south}", FAKE],
                ],
            ),
        ]
        #: In the order in which they start.
        self.members: list[Member] = [
            *self._apis,
            *self._daemons,
            *self._computes,
        ]
        self._began: dict[str, float] = {}

    def start(self, say: Say) -> None:
        """Start what does not run, compute services last.

        These are not waited for; see `await_hosts`.
        """
        temporary = self._wiring.folder / "tmp"
        if not any(one.pid for one in self._apis):
            # A file there tells a worker of an API how old its parent is.
            shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(mode=0o700, exist_ok=True)
        for service in self.services:
            service.prepare()
            self._wiring.keystone.register(
                service.endpoint, kind=service.kind, name=service.name
            )
        for one in (*self._apis, *self._daemons):
            self._begin(one)
        for one in (*self._apis, *self._daemons):
            timed(say, one.name, one.await_answer)
        for one in self._computes:
            self._begin(one)

    def await_hosts(self, admin: Any) -> None:
        """Wait until both compute services take guests.

        :param admin: openstack.connection.Connection of an administrator
        :raises ClusterError: they do not in time
        """
        since = {
            host: self._began[f"nova-compute-{host.partition('-')[2]}"]
            for host in self._nova.hosts
        }
        content.await_hosts(admin, since, _COMPUTE_TIMEOUT)

    def stop(self, say: Say) -> None:
        """Stop all of them."""
        for one in reversed(self.members):
            pid = one.pid
            if pid is None:
                continue
            say(f"stopping {one.name}")
            # All hear of it before the first one is waited for.
            one.resume()
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        for one in reversed(self.members):
            one.stop(_STOP_TIMEOUT)

    def _begin(self, member: Member) -> None:
        """Start it; keep since when its reports are those of now."""
        since = 0.0
        if member.pid is None:
            # Services report whole seconds.
            since = time.time() // 1
            member.begin()
        self._began[member.name] = since
