"""Finding the config drive, and the document on it."""

from pathlib import Path

import pytest

from servicevm_agent.bootstrap import BootstrapError
from servicevm_agent.config_drive import read_config_drive

from . import drives

DATA = b'{"version": 1}'


@pytest.fixture
def machine(tmp_path: Path):
    """Makes a machine's block devices: name to serial and content."""

    def make(**devices: tuple[str | None, bytes]) -> tuple[str, str]:
        (tmp_path / "dev").mkdir()
        for name, (serial, content) in devices.items():
            folder = tmp_path / "sys" / "block" / name
            folder.mkdir(parents=True)
            if serial is not None:
                (folder / "serial").write_text(f"{serial}\n")
            (tmp_path / "dev" / name).write_bytes(content)
        return str(tmp_path / "sys"), str(tmp_path / "dev")

    return make


def test_a_virtio_disk_is_found_by_its_serial(machine) -> None:
    drive = drives.iso({"servicevm.json": DATA}, label="x")
    where = machine(
        sr0=(None, drives.iso({"servicevm.json": b"other"})),
        vda=("", b""),
        vdb=("config-2", drive),
    )
    found = read_config_drive(*where, wait=0)
    assert found.text == DATA.decode()
    assert found.place.endswith("servicevm.json on " + where[1] + "/vdb")


@pytest.mark.parametrize("name", ["sr0", "sda", "vdb"])
@pytest.mark.parametrize("label", ["config-2", "CONFIG-2"])
@pytest.mark.parametrize("kind", ["iso", "fat"])
def test_another_drive_is_found_by_its_label(
    machine, tmp_path, kind: str, label: str, name: str
) -> None:
    files = {"user_data": DATA, "meta_data.json": b"{}"}
    drive = (
        drives.iso(files, label=label)
        if kind == "iso"
        else drives.fat(tmp_path, files, mib=4, label=label)
    )
    where = machine(
        aaa=(None, b""),
        vda=("", drives.iso(files, label="another")),
        **{name: (None, drive)},
    )
    found = read_config_drive(*where, wait=0)
    assert found.text == DATA.decode()
    assert found.place == f"openstack/latest/user_data on {where[1]}/{name}"


def test_our_own_document_is_preferred_to_user_data(machine) -> None:
    files = {"user_data": b"#!/bin/sh", "servicevm.json": DATA}
    where = machine(sr0=(None, drives.iso(files)))
    assert read_config_drive(*where, wait=0).text == DATA.decode()


@pytest.mark.parametrize(
    ("files", "words"),
    [
        pytest.param({"meta_data.json": b"{}"}, "neither", id="no document"),
        pytest.param({"user_data": b"\xff\xfe"}, "UTF-8", id="not text"),
    ],
)
def test_a_drive_without_a_document_is_named(machine, files, words) -> None:
    where = machine(sr0=(None, drives.iso(files)))
    with pytest.raises(
        BootstrapError, match=rf"(?s)sr0.*{words}|{words}.*sr0"
    ):
        read_config_drive(*where, wait=0)


def test_a_damaged_drive_is_named(machine) -> None:
    drive = drives.iso({"user_data": DATA})
    where = machine(sr0=(None, drive[: 19 * 2048]))
    with pytest.raises(BootstrapError, match=r"sr0: .*(cut off|no open)"):
        read_config_drive(*where, wait=0)


def test_without_a_drive_it_is_waited_for_and_then_said(machine) -> None:
    where = machine(vda=(None, bytes(1 << 16)))
    with pytest.raises(BootstrapError, match="there is no config drive"):
        read_config_drive(*where, wait=0.2)
