"""Find the config drive, and the bootstrap document on it.

The qemu driver gives its drive a serial. A cloud makes a CD-ROM or a disk,
on whatever bus the machine has, that is known by its file system's label.
Nothing is mounted; see `servicevm_agent.iso9660`.
"""

from __future__ import annotations

import os
import select
import socket
import time
from typing import BinaryIO, NamedTuple, Optional

from servicevm_agent import iso9660
from servicevm_agent.bootstrap import BootstrapError

#: Serial of the drive, or label of its file system.
LABEL = "config-2"
#: The document under its own name; else where a cloud puts what the maker of
#: a server has to say to it.
PATHS = ("openstack/latest/servicevm.json", "openstack/latest/user_data")

#: Seconds; SCSI looks for its devices in the background.
WAIT = 20.0

_KERNEL_EVENTS = 15  # NETLINK_KOBJECT_UEVENT


class Document(NamedTuple):
    """:param place: file and drive, for messages"""

    text: str
    place: str


def read_config_drive(sys: str, dev: str, wait: float = WAIT) -> Document:
    """Return the bootstrap document on the drive.

    :param sys: where sysfs is
    :param dev: where the devices are
    :param wait: seconds that the drive may take to appear
    :raises BootstrapError: there is no drive, or no document on it
    """
    device = find_device(sys, dev) or _wait_for_device(sys, dev, wait)
    if device is None:
        raise BootstrapError(
            f"there is no config drive: no disk has {LABEL} as its serial "
            "or label; a server needs to be made with a config drive"
        )
    try:
        with open(device, "rb") as drive:
            return _document(drive, device)
    except (OSError, ValueError) as error:
        raise BootstrapError(f"the config drive {device}: {error}") from None


def _document(drive: BinaryIO, device: str) -> Document:
    read = iso9660.read
    if iso9660.label(drive) is None:
        from servicevm_agent import fat  # hardly ever needed

        read = fat.read
    for path in PATHS:
        try:
            payload = read(drive, path)
        except FileNotFoundError:
            continue
        place = f"{path} on {device}"
        try:
            return Document(payload.decode(), place)
        except UnicodeDecodeError:
            raise BootstrapError(f"{place} is not UTF-8") from None
    raise FileNotFoundError(f"there is neither {' nor '.join(PATHS)} on it")


def find_device(sys: str, dev: str) -> Optional[str]:
    """Return the path of the config drive: of the virtio disk whose serial
    is `LABEL`, or else of the first device with this label."""
    blocks = os.path.join(sys, "block")
    names = sorted(os.listdir(blocks))
    for name in names:
        try:
            with open(os.path.join(blocks, name, "serial")) as file:
                if file.read().strip() == LABEL:
                    return os.path.join(dev, name)
        except OSError:
            continue  # not a virtio disk
    for name in names:
        path = os.path.join(dev, name)
        if _has_label(path):
            return path
    return None


def _has_label(path: str) -> bool:
    from servicevm_agent import fat

    try:
        with open(path, "rb") as drive:
            found = iso9660.label(drive) or fat.label(drive) or ""
    except OSError:
        return False  # a CD-ROM drive without a disc, say
    return found.lower() == LABEL


def _wait_for_device(sys: str, dev: str, wait: float) -> Optional[str]:
    """Look again whenever the kernel says that a device has changed."""
    deadline = time.monotonic() + wait
    with socket.socket(
        socket.AF_NETLINK, socket.SOCK_DGRAM, _KERNEL_EVENTS
    ) as events:
        events.bind((0, 1))
        poll = select.poll()
        poll.register(events, select.POLLIN)
        while True:
            found = find_device(sys, dev)
            left = deadline - time.monotonic()
            if found or left <= 0:
                return found
            if poll.poll(int(left * 1000) + 1):
                _drain(events)


def _drain(events: socket.socket) -> None:
    try:
        while True:
            events.recv(1 << 16, socket.MSG_DONTWAIT)
    except OSError:
        return  # all is read, or more was said than it could hold
