"""A small pure reader of FAT12, FAT16 and FAT32.

As for ISO 9660: nothing is mounted, and the guest's kernel needs no module.
"""

from __future__ import annotations

import struct
from typing import BinaryIO, Iterator, List, NamedTuple, Optional, Tuple

_BOOT = 512
_RECORD = 32
_MAX_FILE = 1 << 20
_MAX_FOLDER = 1 << 18
#: Fewer clusters than these are FAT12, FAT16.
_FAT12, _FAT16 = 4085, 65525
_FOLDER, _VOLUME, _LONG = 0x10, 0x08, 0x0F
_DELETED, _LAST_LONG = 0xE5, 0x40

#: First cluster, bytes (0: not known), whether it is a folder.
_Entry = Tuple[int, int, bool]
#: The root folder, wherever it is.
_ROOT: _Entry = (0, 0, True)


class _Volume(NamedTuple):
    """:param bits: of an entry of the table
    :param table: where it begins; this and all others in bytes
    :param root: where the root folder begins, or its cluster in FAT32
    :param root_size: 0 in FAT32
    """

    bits: int
    cluster: int
    table: int
    clusters: int
    root: int
    root_size: int
    data: int


def label(drive: BinaryIO) -> Optional[str]:
    """Return the volume's name; None where it is no FAT."""
    drive.seek(0)
    block = drive.read(_BOOT)
    try:
        at = 71 if _volume(block).bits == 32 else 43
    except ValueError:
        return None
    return block[at : at + 11].decode("ascii", "replace").rstrip()


def read(drive: BinaryIO, path: str) -> bytes:
    """Return the file at `path`; case does not matter.

    :raises ValueError: it is no FAT, or a damaged one
    :raises FileNotFoundError: there is no such file
    """
    drive.seek(0)
    volume = _volume(drive.read(_BOOT))
    entry = _ROOT
    for part in path.split("/"):
        content = _folder(drive, volume, entry) if entry[2] else b""
        for name, found in _records(content):
            if name.lower() == part.lower():
                entry = found
                break
        else:
            raise FileNotFoundError(f"there is no {path}")
    first, size, folder = entry
    if folder:
        raise FileNotFoundError(f"there is no {path}")
    if size > _MAX_FILE:
        raise ValueError("too large")
    content = _chain(drive, volume, first, size) if size else b""
    if len(content) < size:
        raise ValueError("the image is cut off")
    return content[:size]


def _volume(block: bytes) -> _Volume:
    if len(block) < _BOOT or block[510:512] != b"\x55\xaa":
        raise ValueError("not a FAT image")
    sector, per_cluster, reserved, tables, roots, total = struct.unpack_from(
        "<HBHBHH", block, 11
    )
    size16, total32, size32, _flags, _version, root = struct.unpack_from(
        "<H8xIIHHI", block, 22
    )
    total = total or total32
    size = size16 or size32
    if (
        sector not in (512, 1024, 2048, 4096)
        or per_cluster & (per_cluster - 1)
        or not (per_cluster and reserved and tables and size)
    ):
        raise ValueError("not a FAT image")
    root_size = -(-roots * _RECORD // sector)
    before = reserved + tables * size + root_size
    clusters = (total - before) // per_cluster
    if clusters < 1:
        raise ValueError("not a FAT image")
    bits = 32
    if size16:
        bits = 12 if clusters < _FAT12 else 16
    return _Volume(
        bits=bits,
        cluster=per_cluster * sector,
        table=reserved * sector,
        clusters=clusters,
        root=root if bits == 32 else (reserved + tables * size) * sector,
        root_size=root_size * sector,
        data=before * sector,
    )


def _folder(drive: BinaryIO, volume: _Volume, entry: _Entry) -> bytes:
    if entry[0]:
        return _chain(drive, volume, entry[0], _MAX_FOLDER)
    if volume.bits == 32:
        return _chain(drive, volume, volume.root, _MAX_FOLDER)
    drive.seek(volume.root)
    return drive.read(min(volume.root_size, _MAX_FOLDER))


def _chain(drive: BinaryIO, volume: _Volume, at: int, most: int) -> bytes:
    """Return at most so many bytes, rounded up to whole clusters.

    A chain that runs in a circle ends there, too.
    """
    parts: List[bytes] = []
    for _ in range(-(-most // volume.cluster)):
        if not 2 <= at < volume.clusters + 2:
            break
        drive.seek(volume.data + (at - 2) * volume.cluster)
        parts.append(drive.read(volume.cluster))
        at = _next(drive, volume, at)
    return b"".join(parts)


def _next(drive: BinaryIO, volume: _Volume, at: int) -> int:
    drive.seek(volume.table + at * volume.bits // 8)
    raw = int.from_bytes(drive.read(4), "little")
    if volume.bits == 12:
        return (raw >> (4 if at % 2 else 0)) & 0xFFF
    return raw & (0xFFFF if volume.bits == 16 else 0x0FFFFFFF)


def _records(content: bytes) -> Iterator[Tuple[str, _Entry]]:
    """Yield what is in a folder, by its long name where there is one."""
    long = ""
    for at in range(0, len(content) - _RECORD + 1, _RECORD):
        record = content[at : at + _RECORD]
        if record[0] == 0:
            return
        kind = record[11]
        if record[0] == _DELETED:
            long = ""
        elif kind == _LONG:
            # The parts of a name come in reverse.
            text = record[1:11] + record[14:26] + record[28:32]
            part = text.decode("utf-16-le", "replace").partition("\0")[0]
            long = part + ("" if record[0] & _LAST_LONG else long)
        elif kind & _VOLUME:
            long = ""
        else:
            high, low, size = struct.unpack_from("<H4xHI", record, 20)
            folder = bool(kind & _FOLDER)
            yield long or _short(record), (high << 16 | low, size, folder)
            long = ""


def _short(record: bytes) -> str:
    name = record[:8].decode("ascii", "replace").rstrip()
    extension = record[8:11].decode("ascii", "replace").rstrip()
    return f"{name}.{extension}" if extension else name
