"""The agent as one zip archive that Python runs."""

import hashlib
import shutil
import zipfile
from pathlib import Path

import servicevm_agent
from servicevm.guest.tree import byte_compile

#: Where the archive lies in the guest.
PATH = "opt/servicevm/agent.pyz"
_MAIN = """\
import sys

from servicevm_agent.__main__ import main

sys.exit(main())
"""
#: The earliest time that a zip archive can hold.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def sources() -> Path:
    """Folder of the agent's package, as installed here."""
    return Path(servicevm_agent.__file__).parent


def fingerprint(package: Path) -> str:
    """Changes whenever a module of the agent does."""
    digest = hashlib.sha256(_MAIN.encode())
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        digest.update(f"{name}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def make_archive(package: Path, root: Path, work: Path, archive: Path) -> None:
    """Write the archive; same sources, same bytes.

    It is stored, not deflated: reading it costs the guest no time, and the
    file system below it compresses.

    :param package: folder of ``servicevm_agent``
    :param root: tree that holds the guest's Python
    :param work: an empty folder
    """
    copy = work / package.name
    for path in sorted(package.rglob("*.py")):
        target = copy / path.relative_to(package)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    (work / "__main__.py").write_text(_MAIN)
    byte_compile(root, work, "/" + PATH, keep_source=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as out:
        for path in sorted(work.rglob("*.py*")):
            if path.is_dir():
                continue
            info = zipfile.ZipInfo(path.relative_to(work).as_posix(), _EPOCH)
            info.external_attr = 0o100644 << 16
            info.create_system = 3
            out.writestr(info, path.read_bytes())
    archive.chmod(0o644)
