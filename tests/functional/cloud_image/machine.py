"""A server as a cloud makes it: a plain machine on a copy of the image."""

import contextlib
import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: Seconds that an emulated boot may take on a busy host.
BOOT = 120.0
MGMT_MAC = "fa:16:3e:00:00:01"
TENANT_MAC = "fa:16:3e:00:00:02"
#: Of a network ``user``: the guest, and this machine's loopback to it.
GUEST, HOST = "10.0.2.15", "10.0.2.2"


class Machine:
    """QEMU without anything of the qemu driver's.

    :param disk: a copy of the image; it is written to
    :param arguments: disk and config drive on their buses; ``{disk}`` and
        ``{drive}`` stand for their files
    """

    def __init__(
        self,
        folder: Path,
        disk: Path,
        drive: Path | None,
        arguments: list[str],
        *,
        memory: int = 192,
        kind: str = "pc",
    ) -> None:
        self._qmp = folder / "qmp"

        def known(text: str) -> str:
            text = text.replace("{disk}", str(disk))
            return text.replace("{drive}", str(drive))

        self._argv = [
            "qemu-system-x86_64",
            "-nodefaults",
            "-no-user-config",
            "-display",
            "none",
            "-machine",
            kind,
            "-accel",
            "tcg",
            "-cpu",
            "max",
            "-m",
            str(memory),
            "-serial",
            "stdio",
            "-qmp",
            f"unix:{self._qmp},server=on,wait=off",
            *map(known, arguments),
        ]
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._changed = threading.Condition()
        self._ended = False
        self._console = ""

    def start(self) -> None:
        self._ended, self._console = False, ""
        self._process = subprocess.Popen(
            self._argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self._console += line
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def wait_for(self, words: str, count: int = 1) -> str:
        """The console, once it says this for the count-th time."""
        self._wait(lambda: self._console.count(words) >= count)
        return self._console

    def wait_for_end(self) -> str:
        """The console of a machine that has powered off by itself."""
        self._wait(lambda: self._ended)
        return self._console

    def _wait(self, so: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(so, BOOT), self._console

    def control(self, command: str) -> None:
        """Have QEMU do something, e.g. ``system_reset``."""
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(20)
            link.connect(str(self._qmp))
            file = link.makefile("rw")
            for one in ("qmp_capabilities", command):
                file.write(json.dumps({"execute": one}) + "\n")
                file.flush()
                while "return" not in json.loads(file.readline()):
                    pass  # the greeting, and events

    def kill(self) -> None:
        """As a power cut would: no warning."""
        process, reader = self._process, self._reader
        if process is None or reader is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait(20)
        reader.join(20)
        assert process.stdout is not None
        process.stdout.close()
        self._process = self._reader = None


def card(mac: str, netdev: str, **properties: Any) -> list[str]:
    """A network card on a network ``user`` of its own."""
    device = {
        "driver": "virtio-net-pci",
        "netdev": netdev,
        "mac": mac,
        "romfile": "",
        **properties,
    }
    return ["-netdev", f"user,id={netdev}", "-device", json.dumps(device)]


def copy_of(image: Path, folder: Path, *, size: int | None = None) -> Path:
    """The image as a server's disk, as large as a flavor says (bytes)."""
    disk = folder / "disk"
    shutil.copyfile(image, disk)
    if size is not None:
        with disk.open("r+b") as file:
            file.truncate(size)
    return disk
