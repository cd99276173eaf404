"""The config drive: what the device gets at first boot, as a small ISO."""

import io
import os
from collections.abc import Mapping
from pathlib import Path

import pycdlib

LABEL = "config-2"
FOLDER = ("openstack", "latest")


def write_config_drive(path: Path, files: Mapping[str, bytes]) -> None:
    """Write the image in one step, mode 0600: it holds secrets.

    :param files: name below ``openstack/latest/`` to content
    """
    iso = pycdlib.PyCdlib()
    iso.new(
        interchange_level=3,
        vol_ident=LABEL,
        rock_ridge="1.09",
        joliet=3,
    )
    plain, full = "", ""
    for name in FOLDER:
        plain += f"/{name.upper()}"
        full += f"/{name}"
        iso.add_directory(plain, rr_name=name, joliet_path=full)
    for number, name in enumerate(sorted(files)):
        content = files[name]
        # plain names are limited; the true one is in the extensions
        iso.add_fp(
            io.BytesIO(content),
            len(content),
            f"{plain}/F{number}.;1",
            rr_name=name,
            joliet_path=f"{full}/{name}",
        )
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w+b") as file:
        iso.write_fp(file)
    iso.close()
    new.replace(path)
