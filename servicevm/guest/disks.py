"""Disk images: the read-only root and the empty state disk."""

import errno
import os
from pathlib import Path
from typing import BinaryIO

from servicevm.guest import recipe
from servicevm.guest.command import run


def make_root_image(root: Path, target: Path) -> None:
    """Pack the tree; owner root, time 0, fixed UUID, LZ4."""
    run(
        [
            "mkfs.erofs",
            "--quiet",
            "--all-root",
            "-T0",
            "-zlz4",
            "-U",
            recipe.ROOT_UUID,
            str(target),
            str(root),
        ],
        package="erofs-utils",
        timeout=120,
    )


def make_state_image(target: Path) -> None:
    """An empty ext4 with a journal: a power cut must not cost the key."""
    target.touch(mode=0o644)
    os.truncate(target, recipe.STATE_SIZE << 20)
    run(
        [
            "mke2fs",
            "-q",
            "-F",
            "-t",
            "ext4",
            "-m",
            "0",
            "-b",
            "1024",
            "-I",
            "256",
            "-N",
            "512",
            "-J",
            "size=1",
            "-L",
            "svm-state",
            "-O",
            "^resize_inode,^metadata_csum_seed,^orphan_file",
            "-U",
            recipe.STATE_UUID,
            "-E",
            f"hash_seed={recipe.STATE_HASH_SEED},root_owner=0:0",
            str(target),
        ],
        package="e2fsprogs",
        timeout=60,
        # mke2fs takes its clock from here where it is built to
        env={"E2FSPROGS_FAKE_TIME": "1"},
    )


def copy_sparse(source: Path, target: Path) -> None:
    """Copy a file without writing its holes; fails if `target` exists."""
    with source.open("rb") as old, target.open("xb") as new:
        os.truncate(new.fileno(), os.fstat(old.fileno()).st_size)
        copy_data(old, new, 0)


def copy_data(source: BinaryIO, target: BinaryIO, start: int) -> None:
    """Copy all of a file but its holes, to `start` in another."""
    old, new = source.fileno(), target.fileno()
    size = os.fstat(old).st_size
    at = 0
    while at < size:
        try:
            at = os.lseek(old, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # only a hole is left
                break
            raise
        end = os.lseek(old, at, os.SEEK_HOLE)
        os.lseek(old, at, os.SEEK_SET)
        os.lseek(new, start + at, os.SEEK_SET)
        while at < end:
            at += os.sendfile(new, old, None, end - at)
