"""The root file system's tree: unpacked, pruned, byte-compiled."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from servicevm.errors import IMAGE_BUILD_FAILED, PermanentError
from servicevm.guest import recipe
from servicevm.guest.command import run

_LOADER = "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
_LIBRARIES = "usr/lib/x86_64-linux-gnu"

#: Runs in the guest's own Python, so that the byte code is of its version
#: whatever Python builds the image. Recorded as never to be checked against
#: the source: no time stamp gets into the image, no stat() at import.
_COMPILE = """\
import os, py_compile, sys
source, shown, kept = sys.argv[1:]
for folder, folders, files in os.walk(source):
    folders.sort()
    for name in sorted(files):
        if not name.endswith(".py"):
            continue
        path = os.path.join(folder, name)
        py_compile.compile(
            path, path + "c", os.path.join(shown, path[len(source) + 1:]),
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
        if kept == "no":
            os.unlink(path)
"""


def unpack(archives: Sequence[Path], folder: Path) -> None:
    """Unpack packages, without running anything of theirs."""
    folder.mkdir(parents=True, exist_ok=True)
    for archive in archives:
        run(
            ["dpkg-deb", "-x", str(archive), str(folder)],
            package="dpkg",
            timeout=120,
        )


def _merge_usr(root: Path) -> None:
    """Move /bin, /lib ... into /usr and leave links, as Debian does."""
    for name in recipe.MERGED:
        old, new = root / name, root / "usr" / name
        new.mkdir(parents=True, exist_ok=True)
        if old.is_dir() and not old.is_symlink():
            for path in sorted(old.rglob("*")):
                target = new / path.relative_to(old)
                if path.is_dir() and not path.is_symlink():
                    target.mkdir(parents=True, exist_ok=True)
                else:
                    path.rename(target)
            shutil.rmtree(old)
        old.unlink(missing_ok=True)
        old.symlink_to(f"usr/{name}")


def _remove(root: Path, pattern: str) -> None:
    for path in root.glob(pattern):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def byte_compile(
    root: Path, folder: Path, shown: str, *, keep_source: bool
) -> None:
    """Compile every module below `folder` to a .pyc beside it.

    :param root: tree that holds the guest's Python
    :param shown: the folder's name in tracebacks
    """
    loader = root / _LOADER
    python = root / recipe.PYTHON
    for needed in (loader, python):
        if not needed.exists():
            raise PermanentError(
                IMAGE_BUILD_FAILED, f"The packages have no {needed.name}."
            )
    run(
        [
            str(loader),
            "--library-path",
            str(root / _LIBRARIES),
            str(python),
            "-B",
            "-s",
            "-S",
            "-c",
            _COMPILE,
            str(folder),
            shown,
            "yes" if keep_source else "no",
        ],
        package="libc6",
        timeout=120,
        env={"PYTHONHOME": str(root / "usr")},
    )


def make_root(archives: Sequence[Path], root: Path) -> None:
    """Make the tree of the root file system, all but the agent."""
    unpack(archives, root)
    _merge_usr(root)
    for pattern in recipe.PRUNE:
        _remove(root, pattern)
    stdlib = root / recipe.STDLIB
    for pattern in recipe.PRUNE_PYTHON:
        _remove(stdlib, pattern)
    byte_compile(root, stdlib, f"/{recipe.STDLIB}", keep_source=False)
    for folder in recipe.FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name, text in recipe.FILES.items():
        (root / name).write_text(text)
    for name, target in recipe.LINKS.items():
        path = root / name
        path.unlink(missing_ok=True)
        path.symlink_to(target)
    _plain_modes(root)


def _plain_modes(root: Path) -> None:
    """No set-id bits, and the caller's umask leaves no trace."""
    root.chmod(0o755)
    for path in root.rglob("*"):
        if path.is_symlink():
            continue
        executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if executable else 0o644)
    (root / "state").chmod(0o700)
    (root / "root").chmod(0o700)
