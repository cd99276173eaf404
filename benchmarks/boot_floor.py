"""Time from the start of QEMU to the first byte of the agent. Seconds.

Kernel, image, machine and accelerator are those of a device; nobody answers
the agent. It is what `device_create` is measured against.
"""

import argparse
import resource
import socket
import statistics
import tempfile
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
    accelerator: str


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
                before = _children_cpu()
                began = time.perf_counter()
                with machine.run():
                    sock, _ = listener.accept()
                    with sock:
                        sock.settimeout(_PATIENCE)
                        if not sock.recv(1):
                            raise RuntimeError("QEMU hung up")
                        wall = time.perf_counter() - began
        path.unlink()
        return Boot(wall, _children_cpu() - before, machine.accelerator)


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def show(boots: Sequence[Boot]) -> None:
    """Print the medians."""
    wall = statistics.median(boot.wall for boot in boots)
    cpu = statistics.median(boot.cpu for boot in boots)
    print(f"boot_floor {wall:.3f} s")
    print(f"boot_floor_cpu {cpu:.3f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    image = raw_machine.image_dir()
    with tempfile.TemporaryDirectory(prefix="svm-bench-") as work:
        floor = Floor(Path(work), image)
        floor.boot()  # fills the caches of files
        show([floor.boot() for _ in range(runs)])


if __name__ == "__main__":
    main()
