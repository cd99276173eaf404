"""Gives a cloud the guest image: upload, check, then the tag.

The infra driver of the cloud takes the newest active image that has the tag,
so the tag comes last, when the content is known to be there and whole. What
is interrupted anywhere is found by its digest, and gone on with.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import openstack.connection
import openstack.exceptions
import openstack.resource

from servicevm.drivers.infra.nova.faults import asking
from servicevm.errors import (
    IMAGE_MISSING,
    IMAGE_UPLOAD_FAILED,
    PermanentError,
    TransientError,
)
from servicevm.guest import manifest, recipe
from servicevm.guest.packages import sha256_file

__all__ = ["DIGEST", "PROPERTIES", "upload"]

#: Property that says what is in an image: hex SHA-256.
DIGEST = "servicevm_sha256"

#: What the guest has drivers for, and what it cannot do without.
PROPERTIES: Mapping[str, str] = {
    "architecture": "x86_64",
    "os_type": "linux",
    "hw_disk_bus": "virtio",
    "hw_vif_model": "virtio",
    "hw_rng_model": "virtio",
    # Whatever the machine type: its kernel has no driver for SATA.
    "hw_cdrom_bus": "scsi",
    "hw_scsi_model": "virtio-scsi",
    # The agent is told there what it is.
    "img_config_drive": "mandatory",
}
_GIB = 1 << 30
_PATCH = "application/openstack-images-v2.1-json-patch"
_POLL = 0.5

Say = Callable[[str], None]
#: Told how many bytes are sent, of how many.
Sent = Callable[[int, int], None]


def upload(
    connection: openstack.connection.Connection,
    folder: Path,
    *,
    name: str,
    tag: str,
    timeout: float,
    say: Say,
    sent: Sent,
) -> str:
    """Upload an image folder's disk, unless it is there; return its id.

    :param tag: what the image is found by
    :param timeout: seconds for all of it
    :param say: told in a sentence what is being done
    :raises ServicevmError: IMAGE_MISSING, IMAGE_UPLOAD_FAILED, or what the
        cloud refuses
    """
    deadline = time.monotonic() + timeout
    disk, digest = _disk(folder)
    with asking(f"Glance for the upload of {name}"):
        project = connection.session.get_project_id()
        images: Any = connection.image
        newest = _newest(_ours(images.images(tag=tag), project))
        if newest is not None and newest.properties.get(DIGEST) == digest:
            news = _describe(images, newest, disk)
            what = "its properties are new" if news else "nothing is changed"
            say(f"The image {newest.id} is the same; {what}")
            return str(newest.id)
        named = _ours(images.images(name=name), project)
        image = _unfinished(named, digest, newest)
        if image is None:
            image = _create(images, name, _attributes(disk) | {DIGEST: digest})
        else:
            say(f"Going on with the image {image.id}")
            _describe(images, image, disk)
        if image.status != "active":
            _send(images, image.id, disk, deadline, say, sent)
        image = openstack.resource.wait_for_status(
            images,
            images.get_image(image.id),
            "active",
            ["killed", "deleted"],
            interval=_POLL,
            wait=max(1, deadline - time.monotonic()),
        )
        _check(images, image, disk)
        images.add_tag(image.id, tag)
    say(f"The image {name} is {image.id}, with the tag {tag}")
    return str(image.id)


def _disk(folder: Path) -> tuple[Path, str]:
    """The disk and its digest; it is what the manifest says.

    :raises PermanentError: IMAGE_MISSING
    """
    said = manifest.Manifest.read(folder).files.get(manifest.DISK)
    disk = folder / manifest.DISK
    if said is None or not disk.exists():
        raise PermanentError(
            IMAGE_MISSING, f"The image in {folder} has no {manifest.DISK}."
        )
    if sha256_file(disk) != said:
        raise PermanentError(
            IMAGE_MISSING, f"{disk} is not what the manifest beside it says."
        )
    return disk, said


def _attributes(disk: Path) -> dict[str, Any]:
    return {
        **PROPERTIES,
        "min_disk": -(-disk.stat().st_size // _GIB),
        "min_ram": recipe.MIN_MEMORY,
    }


def _create(images: Any, name: str, attributes: Mapping[str, Any]) -> Any:
    answer = images.post(
        "/images",
        json={
            "name": name,
            "disk_format": "raw",
            "container_format": "bare",
            "visibility": "private",
            **attributes,
        },
        connect_retries=0,
        status_code_retries=0,
    )
    openstack.exceptions.raise_from_response(answer)
    return images.get_image(answer.json()["id"])


def _ours(images: Iterator[Any], project: str | None) -> list[Any]:
    """Those of the project: an administrator sees everybody's."""
    return [one for one in images if one.owner_id == project]


def _newest(images: list[Any]) -> Any:
    """The newest active image, or None."""
    active = [one for one in images if one.status == "active"]
    return max(active, key=lambda one: one.created_at, default=None)


def _unfinished(images: list[Any], digest: str, newest: Any) -> Any:
    """What an upload of the same content has left, or None.

    Older than the newest it stays what it is: the tag would not be enough
    for it to be found.
    """
    for one in images:
        if (
            one.properties.get(DIGEST) == digest
            and not one.tags
            and one.status in ("queued", "active")
            and (newest is None or one.created_at > newest.created_at)
        ):
            return one
    return None


def _describe(images: Any, image: Any, disk: Path) -> bool:
    """Give it the properties that it should have; whether some were not."""
    has = image.to_dict(computed=False, original_names=True)
    has |= has.pop("properties") or {}
    wrong = {
        name: value
        for name, value in _attributes(disk).items()
        if has.get(name) != value
    }
    if wrong:
        # The SDK's own update removes properties that it was not given.
        changes = [
            {
                "op": "replace" if name in has else "add",
                "path": f"/{name}",
                "value": value,
            }
            for name, value in wrong.items()
        ]
        answer = images.patch(
            f"/images/{image.id}",
            data=json.dumps(changes),
            headers={"Content-Type": _PATCH},
        )
        openstack.exceptions.raise_from_response(answer)
    return bool(wrong)


class _Body:
    """A file on its way, for requests: counts, and ends at a deadline."""

    def __init__(
        self, file: BinaryIO, size: int, deadline: float, sent: Sent
    ) -> None:
        self._file = file
        self._size = size
        self._deadline = deadline
        self._sent = sent
        self._at = 0

    def __len__(self) -> int:
        return self._size - self._at

    def read(self, most: int = -1) -> bytes:
        if time.monotonic() > self._deadline:
            raise _late()
        data = self._file.read(most)
        self._at += len(data)
        self._sent(self._at, self._size)
        return data


def _send(
    images: Any,
    image_id: str,
    disk: Path,
    deadline: float,
    say: Say,
    sent: Sent,
) -> None:
    size = disk.stat().st_size
    say(f"Uploading {size >> 20} MiB")
    with disk.open("rb") as file:
        answer = images.put(
            f"/images/{image_id}/file",
            data=_Body(file, size, deadline, sent),
            headers={"Content-Type": "application/octet-stream", "Accept": ""},
            timeout=max(1.0, deadline - time.monotonic()),
            connect_retries=0,
            status_code_retries=0,
        )
    openstack.exceptions.raise_from_response(answer)


def _check(images: Any, image: Any, disk: Path) -> None:
    """Compare what the cloud has with what was sent; delete what is not so.

    :raises TransientError: IMAGE_UPLOAD_FAILED
    """
    algorithm, said = image.hash_algo, image.hash_value
    if not said or algorithm not in hashlib.algorithms_available:
        algorithm, said = "md5", image.checksum
    with disk.open("rb") as file:
        digest = hashlib.file_digest(
            file, lambda: hashlib.new(algorithm, usedforsecurity=False)
        ).hexdigest()
    if image.size == disk.stat().st_size and said in (None, digest):
        return
    images.delete_image(image.id)
    raise TransientError(
        IMAGE_UPLOAD_FAILED,
        f"The cloud has {image.size} bytes with the {algorithm} {said}, which "
        "is not what was sent; it was told to delete them.",
    )


def _late() -> TransientError:
    return TransientError(
        IMAGE_UPLOAD_FAILED, "The time was over before the upload was."
    )
