"""Reading ISO 9660 without mounting it."""

import io

import pycdlib
import pytest

from servicevm_agent import iso9660

PATH = "openstack/latest/servicevm.json"
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
    assert iso9660.read(drive, PATH) == DATA


@pytest.mark.parametrize(
    "path", ["openstack/latest", "openstack/none.json", "servicevm.json/x"]
)
def test_what_is_not_there_is_not_found(path: str) -> None:
    drive = io.BytesIO(image(rock_ridge=True, joliet=False))
    with pytest.raises(FileNotFoundError, match="there is no"):
        iso9660.read(drive, path)


def test_a_damaged_image_is_refused() -> None:
    whole = image(rock_ridge=True, joliet=False)
    for size in (0, 100, 17 * 2048, 19 * 2048):
        with pytest.raises(ValueError, match=r"not an ISO|cut off|no open"):
            iso9660.read(io.BytesIO(whole[:size]), PATH)


def test_the_label_is_read() -> None:
    whole = image(rock_ridge=True, joliet=True)
    assert iso9660.label(io.BytesIO(whole)) == "config-2"
    for other in (b"", whole[: 17 * 2048 - 1], bytes(1 << 16)):
        assert iso9660.label(io.BytesIO(other)) is None
