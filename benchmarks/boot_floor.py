"""Time from the start of QEMU to the first byte of the agent. Seconds.

Kernel, image, machine and accelerator are those of a device; nobody answers
the agent. It is what `device_create` is measured against, and printed there:
this module has only what that needs.
"""

import socket
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from oslo_config import cfg

from benchmarks import raw_machine
from servicevm import conf as servicevm_conf
from servicevm import pki

#: Seconds; an emulated guest on a busy machine.
_PATIENCE = 300


class Boot(NamedTuple):
    """:param cpu: of QEMU, in seconds"""

    wall: float
    cpu: float


class Floor:
    """Boots raw machines one after another.

    :param work: a folder with a short path: there is a socket in it
    """

    def __init__(self, work: Path, image: Path) -> None:
        self._work = work
        self._image = image
        conf = servicevm_conf.register(cfg.ConfigOpts())
        conf([], project="servicevm", default_config_files=[])
        conf.set_override("state_dir", str(work / "ca"))
        pki.ensure(conf)
        self._ca_bundle = pki.authority(conf).ca_bundle

    def boot(self) -> Boot:
        """Boot one, to the first byte."""
        path = self._work / "agent.sock"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen(1)
            listener.settimeout(_PATIENCE)
            with raw_machine.prepare(
                self._work, self._image, path, self._ca_bundle
            ) as machine:
                began = time.perf_counter()
                with machine.run() as pid:
                    sock, _ = listener.accept()
                    with sock:
                        sock.settimeout(_PATIENCE)
                        if not sock.recv(1):
                            raise RuntimeError("QEMU hung up")
                        wall = time.perf_counter() - began
                        cpu = raw_machine.cpu_of(pid)
        path.unlink()
        return Boot(wall, cpu)


def show(name: str, boots: Sequence[Boot]) -> tuple[float, float]:
    """Print what was measured; return the median and the least time."""
    median = statistics.median(boot.wall for boot in boots)
    least = min(boot.wall for boot in boots)
    cpu = statistics.median(boot.cpu for boot in boots)
    print(f"{name} {median:.3f} s")
    print(f"{name}_least {least:.3f} s")
    print(f"{name}_cpu {cpu:.3f} s", flush=True)
    return median, least
