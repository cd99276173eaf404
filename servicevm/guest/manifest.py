"""What an image folder holds and of what it was made."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from servicevm.errors import IMAGE_MISSING, PermanentError
from servicevm.guest.packages import Package, sha256_file

KERNEL = "kernel"
INITRD = "initrd"
ROOT = "root.erofs"
STATE = "state.img"
#: What the qemu driver boots; an image has them all.
FILES = (KERNEL, INITRD, ROOT, STATE)
#: The same as one disk, which a cloud boots; images of before have none.
DISK = "disk.img"
NAME = "manifest.json"
_VERSION = 1


@dataclass(frozen=True)
class Manifest:
    """The manifest of one image.

    :param key: changes whenever anything that the image is made of does
    :param kernel: release of the kernel, e.g. ``6.1.0-56-cloud-amd64``
    :param packages: every package, by name
    :param files: file name to hex SHA-256
    """

    key: str
    kernel: str
    packages: Sequence[Package]
    files: Mapping[str, str]

    def write(self, folder: Path) -> None:
        content = {
            "version": _VERSION,
            "key": self.key,
            "kernel": self.kernel,
            "packages": [package.to_dict() for package in self.packages],
            "files": dict(self.files),
        }
        text = json.dumps(content, indent=2, sort_keys=True) + "\n"
        (folder / NAME).write_text(text)

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Read an image folder's manifest; every file must be there.

        :raises PermanentError: IMAGE_MISSING
        """
        try:
            content = json.loads((folder / NAME).read_text())
            if content["version"] != _VERSION:
                raise PermanentError(
                    IMAGE_MISSING,
                    f"The image in {folder} is of another version.",
                )
            found = cls(
                content["key"],
                content["kernel"],
                tuple(Package(**one) for one in content["packages"]),
                content["files"],
            )
        except FileNotFoundError as error:
            raise PermanentError(
                IMAGE_MISSING, f"There is no guest image in {folder}."
            ) from error
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise PermanentError(
                IMAGE_MISSING,
                f"The manifest of the image in {folder} is not readable: "
                f"{error}.",
            ) from error
        for name in FILES:
            if not (folder / name).is_file():
                raise PermanentError(
                    IMAGE_MISSING, f"The image in {folder} has no {name}."
                )
        return found


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of an image folder."""
    return {
        name: sha256_file(folder / name)
        for name in (*FILES, DISK)
        if name in FILES or (folder / name).exists()
    }
