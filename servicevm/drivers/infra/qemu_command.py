"""QEMU's command line, rendered from typed values; nothing is run here.

It is seen by everybody on the machine: no secret is ever in it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from servicevm.drivers.infra.device_folder import DeviceFolder
from servicevm.guest import manifest

#: A q35 without what a guest of ours would only probe for in vain.
MACHINE = (
    "q35,sata=off,i8042=off,usb=off,smbus=off,vmport=off,hpet=off,graphics=off"
)
AGENT_PORT = "org.servicevm.agent.0"
CONSOLE = "console"
#: Bytes between two drains of the console; a power of two.
CONSOLE_BUFFER = 64 << 10

#: MiB of translated code; more buys nothing for one small guest.
_TRANSLATION_CACHE = 64

#: PCI slots, fixed: the root is /dev/vda because it comes first.
_SLOTS = {"root": 1, "agent": 2, "state": 3, "config": 4}
_FIRST_NIC = 5
MAX_INTERFACES = 16

#: Each leaves out a part of the distribution's kernel that costs an
#: emulated guest tens of milliseconds and serves nothing here.
_NEEDLESS = (
    "crypto_kdf108_init",
    "init_kprobe_trace",
    "load_system_certificate_list",
)


@dataclass(frozen=True)
class Nic:
    """One network card.

    :param netdev: value of ``-netdev``, whose id is `id`
    """

    id: str
    mac: str
    netdev: str


@dataclass(frozen=True)
class Machine:
    """All that the command line says.

    :param accelerator: ``kvm`` or ``tcg``
    :param qmp: number of the listening socket's descriptor
    :param agent_socket: path of the relay's unix socket; empty: none
    :param spawns: whether QEMU starts helpers (the network ``user``)
    """

    binary: str
    device_id: str
    folder: DeviceFolder
    memory_mib: int
    vcpus: int
    accelerator: str
    agent_socket: str
    qmp: int
    nics: Sequence[Nic]
    spawns: bool


def escape(value: str) -> str:
    """A value inside one of QEMU's comma-separated options."""
    return value.replace(",", ",,")


def kernel_arguments(accelerator: str) -> str:
    """The guest kernel's command line.

    A guest that panics restarts, and QEMU takes that for its end. Without
    hardware virtualisation nobody speculates: the mitigations would only
    be emulated.
    """
    words = [
        "console=ttyS0",
        "quiet",
        "panic=-1",
        "oops=panic",
        "net.ifnames=0",
        "no_timer_check",
        "random.trust_cpu=on",
        "cryptomgr.notests",
        "edd=off",  # asks the BIOS for disks that it does not know
        "initcall_blacklist=" + ",".join(_NEEDLESS),
    ]
    if accelerator != "kvm":
        words.append("mitigations=off")
    return " ".join(words)


def _disk(name: str, path: str, serial: str, *, writable: bool) -> list[str]:
    blockdev: dict[str, Any] = {
        "driver": "raw",
        "node-name": name,
        "read-only": not writable,
        "discard": "unmap" if writable else "ignore",
        "file": {"driver": "file", "filename": path},
    }
    device = {
        "driver": "virtio-blk-pci",
        "id": f"disk-{name}",
        "drive": name,
        "serial": serial,
        "addr": f"{_SLOTS[name]:#x}",
        "romfile": "",
    }
    if writable:
        # A full disk of the host is an error in the guest, not a halt.
        device["werror"] = "report"
    return ["-blockdev", json.dumps(blockdev), "-device", json.dumps(device)]


def _agent_chardev(socket: str) -> str:
    if not socket:  # agents come over the network only
        return "null,id=agent"
    return f"socket,id=agent,path={escape(socket)},reconnect=1"


def _accelerator(name: str) -> str:
    if name == "kvm":
        return "kvm"
    return f"tcg,tb-size={_TRANSLATION_CACHE}"


def _sandbox(*, spawns: bool) -> str:
    # A helper makes a session of its own (setsid), and QEMU counts that
    # among the privileges. The kernel's no_new_privs, which comes with the
    # filter, holds for QEMU and its helpers all the same.
    word = "allow" if spawns else "deny"
    return (
        f"on,obsolete=deny,elevateprivileges={word},"
        f"resourcecontrol=deny,spawn={word}"
    )


def render(machine: Machine) -> list[str]:
    """The whole command line."""
    folder = machine.folder
    argv = [
        machine.binary,
        "-name",
        f"svm-{machine.device_id}",
        "-uuid",
        machine.device_id,
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-sandbox",
        _sandbox(spawns=machine.spawns),
        "-pidfile",
        str(folder.pid),
        "-msg",
        "timestamp=on",
        # Paused at its end, so that its last words can be read.
        "-action",
        "panic=pause,reboot=shutdown,shutdown=pause",
        "-machine",
        MACHINE,
        "-accel",
        _accelerator(machine.accelerator),
        "-cpu",
        "max",
        "-smp",
        str(machine.vcpus),
        "-m",
        str(machine.memory_mib),
        "-chardev",
        f"socket,id=qmp,fd={machine.qmp},server=on,wait=off",
        "-mon",
        "chardev=qmp,mode=control",
        "-chardev",
        f"ringbuf,id={CONSOLE},size={CONSOLE_BUFFER}",
        "-serial",
        f"chardev:{CONSOLE}",
        "-kernel",
        str(folder.image / manifest.KERNEL),
        "-initrd",
        str(folder.image / manifest.INITRD),
        "-append",
        kernel_arguments(machine.accelerator),
        *_disk(
            "root",
            str(folder.image / manifest.ROOT),
            "svm-root",
            writable=False,
        ),
        "-device",
        f"virtio-serial-pci,id=serial,max_ports=2,addr={_SLOTS['agent']:#x}",
        "-chardev",
        _agent_chardev(machine.agent_socket),
        "-device",
        f"virtserialport,id=agent-port,chardev=agent,name={AGENT_PORT}",
        *_disk("state", str(folder.state_disk), "svm-state", writable=True),
        *_disk("config", str(folder.config_drive), "config-2", writable=False),
    ]
    for number, nic in enumerate(machine.nics):
        card = {
            "driver": "virtio-net-pci",
            "id": f"nic-{nic.id}",
            "netdev": nic.id,
            "mac": nic.mac,
            "addr": f"{_FIRST_NIC + number:#x}",
            "romfile": "",
        }
        argv += ["-netdev", nic.netdev, "-device", json.dumps(card)]
    return argv
