"""Config drives as clouds make them, by the tools that clouds use."""

import io
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pycdlib

LABEL = "config-2"
FOLDER = "openstack/latest"
_PATH = "/usr/sbin:/sbin:/usr/bin:/bin"


def iso(files: Mapping[str, bytes], *, label: str = LABEL) -> bytes:
    """A CD-ROM; `files` are below openstack/latest/."""
    made = pycdlib.PyCdlib()
    made.new(interchange_level=3, vol_ident=label, rock_ridge="1.09")
    made.add_directory("/OPENSTACK", rr_name="openstack")
    made.add_directory("/OPENSTACK/LATEST", rr_name="latest")
    for number, (name, content) in enumerate(files.items()):
        made.add_fp(
            io.BytesIO(content),
            len(content),
            f"/OPENSTACK/LATEST/F{number}.;1",
            rr_name=name,
        )
    out = io.BytesIO()
    made.write_fp(out)
    made.close()
    return out.getvalue()


def fat(
    folder: Path,
    files: Mapping[str, bytes],
    *,
    mib: int = 64,
    bits: int | None = None,
    label: str = LABEL,
) -> bytes:
    """A disk, with ``mkfs.vfat`` and options as Nova gives them."""
    path, content = folder / "drive", folder / "content"
    with path.open("wb") as file:
        file.truncate(mib << 20)
    size = () if bits is None else (f"-F{bits}",)
    _run("mkfs.vfat", *size, "-n", label, str(path))
    for part in ("openstack", FOLDER):
        _run("mmd", "-i", str(path), f"::{part}")
    for name, data in files.items():
        content.write_bytes(data)
        where = f"::{FOLDER}/{name}"
        _run("mcopy", "-i", str(path), str(content), where)
    return path.read_bytes()


def _run(*argv: str) -> None:
    done = subprocess.run(
        argv,
        env={"PATH": _PATH, "MTOOLS_SKIP_CHECK": "1"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0, done.stderr
