"""The disk that a cloud boots: boot files, root and state in partitions."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from servicevm.guest import disks, recipe

#: Types of partitions: UEFI's system partition, and Linux.
_EFI, _LINUX = 0xEF, 0x83
#: What the fields for cylinder, head and sector say where they cannot.
_BEYOND = b"\xfe\xff\xff"
_TABLE = 440


@dataclass(frozen=True)
class Partition:
    """Bytes of the disk; both on whole `recipe.ALIGNMENT`."""

    kind: int
    start: int
    size: int


def layout(boot: int, root: int, state: int) -> list[Partition]:
    """Where the partitions are, given how many bytes go into them.

    They follow each other from the front, and a table of this kind has
    nothing at the disk's end: a larger disk changes nothing.
    """
    found = []
    at = recipe.ALIGNMENT
    for kind, size in ((_EFI, boot), (_LINUX, root), (_LINUX, state)):
        size = -(-size // recipe.ALIGNMENT) * recipe.ALIGNMENT
        found.append(Partition(kind, at, size))
        at += size
    return found


def table(partitions: Sequence[Partition]) -> bytes:
    """The end of the first sector: signature and partition table.

    The first partition is active: some firmware starts no disk without.
    """
    made = struct.pack("<IH", recipe.DISK_SIGNATURE, 0)
    for number, one in enumerate(partitions):
        made += struct.pack(
            "<B3sB3sII",
            0 if number else 0x80,
            _BEYOND,
            one.kind,
            _BEYOND,
            one.start // recipe.SECTOR,
            one.size // recipe.SECTOR,
        )
    return made.ljust(recipe.SECTOR - _TABLE - 2, b"\0") + b"\x55\xaa"


def make_disk_image(
    start: bytes, boot: Path, root: Path, state: Path, target: Path
) -> None:
    """Put the disk together; its holes take no room.

    :param start: what a BIOS runs
    """
    contents = (boot, root, state)
    partitions = layout(*(path.stat().st_size for path in contents))
    with target.open("xb") as disk:
        disk.truncate(partitions[-1].start + partitions[-1].size)
        disk.write(start[:_TABLE])
        disk.seek(_TABLE)
        disk.write(table(partitions))
        disk.flush()
        for path, partition in zip(contents, partitions, strict=True):
            with path.open("rb") as source:
                disks.copy_data(source, disk, partition.start)
