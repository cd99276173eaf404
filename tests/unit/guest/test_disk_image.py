"""The one disk that a cloud boots."""

import struct
from pathlib import Path

import pytest
from oslo_utils.imageutils import format_inspector

from servicevm.guest import disk_image, recipe

MIB = 1 << 20
START = b"code" * 200


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A disk of a boot partition, a root and a state that is mostly a hole."""
    for name, content in (("boot", b"b"), ("root", b"r" * 3 * MIB)):
        (tmp_path / name).write_bytes(content)
    with (tmp_path / "state").open("wb") as state:
        state.write(b"s")
        state.truncate(16 * MIB)
    target = tmp_path / "disk"
    names = ("boot", "root", "state")
    paths = [tmp_path / name for name in names]
    disk_image.make_disk_image(START, *paths, target)
    return target


def partitions(disk: bytes) -> list[tuple[int, int, int, int]]:
    """An independent reader: flags, type, first and number of sectors."""
    found = []
    for at in range(446, 510, 16):
        fields = struct.unpack("<B3xB3xII", disk[at : at + 16])
        if fields[1]:
            found.append(fields)
    return found


def test_each_part_begins_on_a_whole_mib_and_none_overlaps(made) -> None:
    disk = made.read_bytes()
    assert partitions(disk) == [
        (0x80, 0xEF, 2048, 2048),
        (0x00, 0x83, 4096, 3 * 2048),
        (0x00, 0x83, 10240, 16 * 2048),
    ]
    assert disk[MIB : MIB + 2] == b"b\0"
    assert disk[2 * MIB : 5 * MIB] == b"r" * 3 * MIB
    assert disk[5 * MIB : 5 * MIB + 2] == b"s\0"
    assert len(disk) == 21 * MIB


def test_the_boot_code_leaves_the_table_alone(made) -> None:
    disk = made.read_bytes()
    assert disk[:440] == START[:440]
    assert disk[440:446] == struct.pack("<IH", recipe.DISK_SIGNATURE, 0)
    assert disk[510:512] == b"\x55\xaa"
    assert not any(disk[512:MIB])


def test_holes_take_no_room(made) -> None:
    assert made.stat().st_blocks * 512 < 5 * MIB


def test_a_cloud_takes_it_for_a_safe_raw_disk(made) -> None:
    """As Glance and Nova look at what is uploaded to them."""
    found = format_inspector.detect_file_format(str(made))
    assert str(found) in ("raw", "gpt")
    found.safety_check()


@pytest.mark.parametrize(
    ("size", "room"), [(0, 0), (1, MIB), (MIB, MIB), (MIB + 1, 2 * MIB)]
)
def test_a_partition_has_room_for_all_of_it(size: int, room: int) -> None:
    assert disk_image.layout(size, size, size)[1].size == room
