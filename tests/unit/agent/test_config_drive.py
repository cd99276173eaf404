"""Reading the config drive without mounting it."""

import io
from pathlib import Path

import pycdlib
import pytest

from servicevm_agent.bootstrap import BootstrapError
from servicevm_agent.config_drive import (
    PATH,
    find_device,
    read_config_drive,
    read_iso,
)

DATA = b'{"version": 1}' + b" " * 5000


def image(*, rock_ridge: bool, joliet: bool) -> bytes:
    iso = pycdlib.PyCdlib()
    iso.new(
        interchange_level=3,
        vol_ident="config-2",
        rock_ridge="1.09" if rock_ridge else None,
        joliet=3 if joliet else None,
    )
    path = ""
    long = ""
    for part in ("openstack", "latest"):
        path += f"/{part.upper()}"
        long += f"/{part}"
        names = {"rr_name": part} if rock_ridge else {}
        if joliet:
            names["joliet_path"] = long
        iso.add_directory(path, **names)
    names = {"rr_name": "servicevm.json"} if rock_ridge else {}
    if joliet:
        names["joliet_path"] = f"{long}/servicevm.json"
    iso.add_fp(
        io.BytesIO(DATA), len(DATA), f"{path}/SERVICEVM.JSON;1", **names
    )
    out = io.BytesIO()
    iso.write_fp(out)
    iso.close()
    return out.getvalue()


@pytest.mark.parametrize(
    ("rock_ridge", "joliet"),
    [(True, False), (False, True), (True, True), (False, False)],
)
def test_the_document_is_found(rock_ridge: bool, joliet: bool) -> None:
    drive = io.BytesIO(image(rock_ridge=rock_ridge, joliet=joliet))
    assert read_iso(drive, PATH) == DATA


@pytest.mark.parametrize(
    "path", ["openstack/latest", "openstack/none.json", "servicevm.json/x"]
)
def test_what_is_not_there_is_not_found(path: str) -> None:
    drive = io.BytesIO(image(rock_ridge=True, joliet=False))
    with pytest.raises(ValueError, match="there is no"):
        read_iso(drive, path)


def test_a_damaged_image_is_refused() -> None:
    whole = image(rock_ridge=True, joliet=False)
    for size in (0, 100, 17 * 2048, 19 * 2048):
        with pytest.raises(ValueError, match=r"not an ISO|cut off|no open"):
            read_iso(io.BytesIO(whole[:size]), PATH)


def test_the_drive_is_found_by_its_serial(tmp_path: Path) -> None:
    for name, serial in (("vda", ""), ("vdb", "config-2\n"), ("vdc", "x")):
        (tmp_path / "sys" / "block" / name).mkdir(parents=True)
        (tmp_path / "sys" / "block" / name / "serial").write_text(serial)
    (tmp_path / "sys" / "block" / "loop0").mkdir()
    (tmp_path / "dev").mkdir()
    sys, dev = str(tmp_path / "sys"), str(tmp_path / "dev")
    assert find_device(sys, dev) == f"{dev}/vdb"
    (tmp_path / "dev" / "vdb").write_bytes(image(rock_ridge=True, joliet=True))
    assert read_config_drive(sys, dev) == DATA.decode()
    (tmp_path / "sys" / "block" / "vdb" / "serial").write_text("other")
    with pytest.raises(BootstrapError):
        read_config_drive(sys, dev)
