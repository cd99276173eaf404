"""A bare QEMU on the guest image: what no service can be faster than.

The command line is the driver's own, so kernel, image, machine, disks,
network and accelerator are those of a device. There is no API, no
database, no conductor.
"""

import json
import os
import resource
import signal
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from servicevm.drivers.infra import (
    accelerator,
    egress,
    qemu_command,
    qemu_process,
    user_network,
)
from servicevm.drivers.infra.config_drive import write_config_drive
from servicevm.drivers.infra.device_folder import DeviceFolder
from servicevm.drivers.infra.qemu_template import MEMORY_MIB
from servicevm.guest import build, disks
from servicevm.guest.manifest import STATE

ROOT = Path(__file__).resolve().parents[1]
_MAC = "52:54:00:00:00:01"


def image_dir() -> Path:
    """The guest image of this clone, made if it is missing or old."""
    folder = ROOT / ".cache" / "image"

    def say(what: str) -> None:
        print(what, file=sys.stderr)

    build.build(folder, progress=say)
    return folder


def bootstrap(device_id: str, ca_bundle: str) -> dict[str, bytes]:
    """What a device with one interface on the network ``user`` is told."""
    document = {
        "version": 1,
        "device_id": device_id,
        "deployment_id": "local",
        "token": "0" * 64,
        "ca_bundle": ca_bundle,
        "transport": {"type": "serial", "port": qemu_command.AGENT_PORT},
        "interfaces": [
            {
                "role": "ingress",
                "mac": _MAC,
                "address": user_network.ADDRESS,
                "prefix": user_network.PREFIX,
                "gateway": None,
                "egress_proxy": user_network.egress_proxy(
                    user_network.NETWORK
                ),
            }
        ],
    }
    return {
        "servicevm.json": json.dumps(document).encode(),
        "meta_data.json": json.dumps(
            {"uuid": device_id, "name": "bench"}
        ).encode(),
    }


def cpu_of(pid: int) -> float:
    """CPU that a living process has used, in seconds."""
    spent = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        spent += int((task / "schedstat").read_text().split()[0])
    return spent / 1e9


def rss_of(pid: int) -> float:
    """Resident memory of a process, in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / (1 << 20)


@dataclass(frozen=True)
class RawMachine:
    """One that is ready to be started.

    :param argv: QEMU's command line
    :param qmp: listening control socket, which it is to inherit
    """

    device_id: str
    folder: DeviceFolder
    accelerator: str
    argv: list[str]
    qmp: int

    @contextmanager
    def run(self) -> Iterator[int]:
        """Start it and yield its pid; kill it in the end."""
        pid = qemu_process.spawn(self.argv, [self.qmp], self.folder.qemu_log)
        try:
            yield pid
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


@contextmanager
def prepare(
    work: Path, image: Path, agent_socket: Path, ca_bundle: str
) -> Iterator[RawMachine]:
    """All that can be made before QEMU is started.

    :param work: a folder, for the machine's own and what is kept
    :param agent_socket: unix socket on which somebody listens
    :param ca_bundle: PEM
    """
    device_id = str(uuid.uuid4())
    folder = DeviceFolder(work / device_id)
    folder.make()
    write_config_drive(folder.config_drive, bootstrap(device_id, ca_bundle))
    disks.copy_sparse(image / STATE, folder.state_disk)
    folder.pin_image(image)
    folder.write(folder.egress, user_network.egress_document([]))
    chosen = accelerator.choose(accelerator.AUTO, work / "kvm.json")
    with qemu_process.listen(folder.qmp) as listener:
        machine = qemu_command.Machine(
            binary="qemu-system-x86_64",
            device_id=device_id,
            folder=folder,
            memory_mib=MEMORY_MIB,
            vcpus=1,
            accelerator=chosen,
            agent_socket=str(agent_socket),
            qmp=qemu_process.targets([listener.fileno()])[0],
            nics=[
                qemu_command.Nic(
                    user_network.NETDEV,
                    _MAC,
                    user_network.netdev(
                        sys.executable, egress.__file__, str(folder.egress)
                    ),
                )
            ],
            spawns=True,
        )
        argv = qemu_command.render(machine)
        yield RawMachine(device_id, folder, chosen, argv, listener.fileno())
    folder.remove()
