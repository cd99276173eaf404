"""The disk image on machines like those that a cloud makes."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.agent import drives

from .conftest import House
from .machine import MGMT_MAC, TENANT_MAC, Machine, card

pytestmark = [pytest.mark.vm, pytest.mark.timeout(400)]

Boot = Callable[..., Machine]
Iso = Callable[[bytes], Path]

CARDS = [*card(TENANT_MAC, "tenant"), *card(MGMT_MAC, "mgmt", host_mtu=1400)]
VIRTIO_DISK = [
    "-drive",
    "file={disk},format=raw,if=none,id=disk",
    "-device",
    "virtio-blk-pci,drive=disk,bootindex=1",
]
IDE_CDROM = ["-drive", "file={drive},format=raw,if=ide,media=cdrom"]
SCSI = [
    "-device",
    "virtio-scsi-pci,id=scsi",
    "-drive",
    "file={drive},format=raw,if=none,id=drive,readonly=on",
    "-device",
    "scsi-cd,drive=drive,bus=scsi.0,lun=1",
    "-drive",
    "file={disk},format=raw,if=none,id=disk",
    "-device",
    "scsi-hd,drive=disk,bus=scsi.0,lun=0",
]
#: From Debian's package ovmf.
UEFI = ["-bios", "/usr/share/ovmf/OVMF.fd"]
#: Before the disk: the drive is vda, and the disk vdb.
VIRTIO_DRIVE = [
    "-drive",
    "file={drive},format=raw,if=none,id=drive,readonly=on",
    "-device",
    "virtio-blk-pci,drive=drive,bootindex=2",
]


def test_a_server_enrols_once_and_keeps_its_key_whatever_happens(
    house: House, disk: Path, iso: Iso, boot: Boot
) -> None:
    """One server for several promises: a boot takes seconds.

    What Nova's reboot, hard reboot, resize, stop and start come to.
    """
    drive = iso(house.document())
    server = boot(disk, drive, VIRTIO_DISK + IDE_CDROM + CARDS)
    house.conductor.wait_for_sessions(1)
    console = server.wait_for("servicevm-agent: enrolled")
    assert "told by openstack/latest/user_data on /dev/sr0" in console
    assert house.token not in console

    server.control("system_reset")
    house.conductor.wait_for_sessions(2)

    server.kill()
    os.truncate(disk, 3 << 30)
    server.start()
    house.conductor.wait_for_sessions(3)

    server.control("system_powerdown")
    server.wait_for_end()
    assert house.conductor.count("enrol") == 1


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        pytest.param("q35", SCSI, id="disk and CD-ROM on SCSI"),
        pytest.param("pc", VIRTIO_DRIVE + VIRTIO_DISK, id="a drive with FAT"),
        pytest.param("q35", UEFI + SCSI, id="UEFI"),
    ],
)
def test_disk_and_config_drive_are_found_on_other_buses(
    house: House,
    disk: Path,
    iso: Iso,
    boot: Boot,
    tmp_path: Path,
    kind: str,
    arguments: list[str],
) -> None:
    drive = iso(house.document())
    if VIRTIO_DRIVE[1] in arguments:
        files = {"user_data": house.document()}
        drive.write_bytes(drives.fat(tmp_path, files))
    boot(disk, drive, arguments + CARDS, kind=kind)
    house.conductor.wait_for_sessions(1)


def test_a_script_as_user_data_is_refused_in_plain_words(
    disk: Path, iso: Iso, boot: Boot
) -> None:
    drive = iso(b"#!/bin/sh\necho very-secret\n")
    server = boot(disk, drive, VIRTIO_DISK + IDE_CDROM)
    console = server.wait_for("again in 60000 ms")
    assert (
        "cannot work: openstack/latest/user_data on /dev/sr0 is not what "
        "servicevm tells a device: not JSON" in console
    )
    assert "very-secret" not in console


def test_a_server_without_config_drive_says_so(disk: Path, boot: Boot) -> None:
    server = boot(disk, None, VIRTIO_DISK)
    server.wait_for("there is no config drive")


@pytest.mark.parametrize(
    ("memory", "size", "words"),
    [
        pytest.param(192, 40 << 20, "larger disk", id="disk"),
        pytest.param(
            80, 1 << 30, "Choose a flavor with at least", id="memory"
        ),
    ],
)
def test_too_small_a_flavor_is_named_and_the_server_ends(
    disk: Path, boot: Boot, memory: int, size: int, words: str
) -> None:
    os.truncate(disk, size)
    server = boot(disk, None, VIRTIO_DISK, memory=memory)
    assert words in server.wait_for_end()


def test_far_too_little_memory_is_said_once_by_the_boot_loader(
    disk: Path, boot: Boot
) -> None:
    server = boot(disk, None, VIRTIO_DISK, memory=32)
    console = server.wait_for("Booting kernel failed")
    assert console.count("failed") == 1
