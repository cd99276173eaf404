"""Reading FAT without mounting it."""

import io
import random
from pathlib import Path

import pytest

from servicevm_agent import fat

from . import drives

PATH = "openstack/latest/user_data"
#: Over several clusters, whatever their size.
DATA = random.Random(1).randbytes(50_000)  # noqa: S311


@pytest.mark.parametrize(
    ("mib", "bits"),
    [
        pytest.param(64, None, id="as Nova makes it"),
        pytest.param(2, 12, id="FAT12"),
        pytest.param(32, 16, id="FAT16"),
        pytest.param(64, 32, id="FAT32"),
    ],
)
def test_the_document_is_found(tmp_path: Path, mib, bits) -> None:
    # what is between its clusters, and before it in its folder
    files = {"meta_data.json": b"x" * 3000, "user_data": DATA, "empty": b""}
    image = drives.fat(tmp_path, files, mib=mib, bits=bits)
    drive = io.BytesIO(image)
    assert fat.label(drive) == "config-2"
    assert fat.read(drive, PATH) == DATA
    assert fat.read(drive, "openstack/latest/meta_data.json") == b"x" * 3000
    assert fat.read(drive, "openstack/latest/empty") == b""


def test_a_folder_of_many_files_and_long_names_is_read(tmp_path) -> None:
    files = {f"a-very-long-name-of-a-file-{n}": b"%d" % n for n in range(90)}
    drive = io.BytesIO(drives.fat(tmp_path, files, mib=4))
    for name, content in files.items():
        assert fat.read(drive, f"openstack/latest/{name}") == content


@pytest.mark.parametrize(
    "path", ["openstack/latest", "openstack/none", "openstack/latest/empty/x"]
)
def test_what_is_not_there_is_not_found(tmp_path, path: str) -> None:
    drive = io.BytesIO(drives.fat(tmp_path, {"empty": b""}, mib=4))
    with pytest.raises(FileNotFoundError, match="there is no"):
        fat.read(drive, path)


def test_a_damaged_image_is_refused_or_read_in_bounded_time(tmp_path) -> None:
    whole = drives.fat(tmp_path, {"user_data": DATA}, mib=4)
    for size in (0, 511, 512, 4096):
        with pytest.raises((ValueError, FileNotFoundError)):
            fat.read(io.BytesIO(whole[:size]), PATH)
    chance = random.Random(2)  # noqa: S311
    for _ in range(300):
        damaged = bytearray(whole[: 128 << 10])
        for _ in range(20):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            fat.read(io.BytesIO(damaged), PATH)
        except (ValueError, FileNotFoundError):
            continue


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(bytes(512), id="zeros"),
        pytest.param(bytes(510) + b"\x55\xaa", id="a partition table"),
    ],
)
def test_what_is_no_fat_has_no_label(other: bytes) -> None:
    assert fat.label(io.BytesIO(other)) is None
