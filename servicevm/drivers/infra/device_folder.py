"""The folder of one device, and the record of how it runs."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from servicevm.guest import manifest

_VERSION = 1


@dataclass(frozen=True)
class Record:
    """What has to be known of a device to start it again or judge it.

    :param accelerator: the one in use, ``kvm`` or ``tcg``
    :param wanted: the one asked for: ``auto``, ``kvm``, ``tcg``
    :param note: why the accelerator is not the one expected
    :param forwards: ``tcp:80`` to the loopback port that leads there
    :param image: key of the image's manifest
    :param interfaces: ``{"index", "network", "mac", "address"}`` of each
    :param ended: ``{"state", "detail"}`` of a machine that ended by itself
    :param restarting: it was told to power down, to be started again
    """

    memory_mib: int
    vcpus: int
    accelerator: str
    wanted: str
    image: str
    interfaces: Sequence[Mapping[str, Any]]
    note: str = ""
    forwards: Mapping[str, int] = field(default_factory=dict)
    ended: Mapping[str, str] | None = None
    restarting: bool = False

    def to_dict(self) -> dict[str, Any]:
        return {"version": _VERSION, **asdict(self)}


class DeviceFolder:
    """Paths and files of one device.

    ::

        pid            QEMU's process id; QEMU holds a lock on it
        qmp.sock       QEMU's control socket
        qemu.log       QEMU's own words
        console.log    what the guest wrote to its console, bounded
        config.iso     config drive: what the guest gets at first boot
        state.img      the guest's own disk
        egress.json    peers that the guest may reach
        spec.json      the record
        image/         kernel, initrd and root of the image it boots
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.pid = path / "pid"
        self.qmp = path / "qmp.sock"
        self.qemu_log = path / "qemu.log"
        self.console = path / "console.log"
        self.config_drive = path / "config.iso"
        self.state_disk = path / "state.img"
        self.egress = path / "egress.json"
        self.spec = path / "spec.json"
        self.image = path / "image"

    def make(self) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.mkdir(mode=0o700, exist_ok=True)

    def remove(self) -> None:
        if self.path.exists():
            shutil.rmtree(self.path)

    def forget_insides(self) -> None:
        """Drop what the guest has written, and which image it boots."""
        self.state_disk.unlink(missing_ok=True)
        shutil.rmtree(self.image, ignore_errors=True)

    def write(self, path: Path, text: str) -> None:
        """Write a file of this folder in one step, mode 0600."""
        new = path.with_name(f".{path.name}.new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        with os.fdopen(os.open(new, flags, 0o600), "w") as file:
            file.write(text)
            file.flush()
            # Or a power cut leaves the new name with nothing in it.
            os.fsync(file.fileno())
        new.replace(path)

    def write_record(self, record: Record) -> None:
        text = json.dumps(record.to_dict(), indent=2, sort_keys=True)
        self.write(self.spec, text + "\n")

    def read_record(self) -> Record | None:
        """The record, or None where the device was not made to its end."""
        try:
            content = json.loads(self.spec.read_text())
        except (FileNotFoundError, ValueError):
            return None
        if content.pop("version", None) != _VERSION:
            return None
        return Record(**content)

    def tail(self, path: Path, most: int = 2000) -> str:
        """The end of a text file of QEMU's, or nothing."""
        try:
            with path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - most))
                return file.read().decode("utf-8", "replace").strip()
        except FileNotFoundError:
            return ""

    def pin_image(self, source: Path) -> None:
        """Make the image's files this device's own, by hard links.

        A rebuilt image is for new devices: this one boots what it was made
        with, and never a kernel and a root of two different builds. Where
        no link is possible (another file system), it is a symbolic one.
        """
        if self.image.exists():
            return
        new = self.path / ".image.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        # One handle: the folder may be replaced while we are at it.
        handle = os.open(source, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for name in (manifest.KERNEL, manifest.INITRD, manifest.ROOT):
                try:
                    os.link(name, new / name, src_dir_fd=handle)
                except FileNotFoundError:
                    raise
                except OSError:
                    (new / name).symlink_to((source / name).absolute())
        finally:
            os.close(handle)
        new.rename(self.image)
