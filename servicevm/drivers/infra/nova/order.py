"""What Nova is asked for: bodies of requests. Pure."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from servicevm.drivers.infra.base import DeviceSpec
from servicevm.drivers.infra.nova.choices import Flavor, Image
from servicevm.drivers.infra.nova.marks import Marks
from servicevm.errors import (
    IMAGE_UNUSABLE,
    TEMPLATE_INVALID,
    PermanentError,
)

__all__ = [
    "DIGEST",
    "MAX_DOCUMENT",
    "check_root",
    "document_of",
    "encoded",
    "metadata",
    "server",
]

#: Nova writes this file of a config drive itself.
_NOVAS_OWN = "meta_data.json"

#: Nova takes 65535 characters of base64.
MAX_DOCUMENT = 48 << 10

#: Metadata that says of which first boot a server is.
DIGEST = "servicevm_bootstrap"


def server(
    spec: DeviceSpec,
    marks: Marks,
    image: Image,
    flavor: Flavor,
    port_ids: Sequence[str],
) -> dict[str, Any]:
    """A new server, as the SDK takes it, without where it is to be."""
    document = document_of(spec.bootstrap)
    values: dict[str, Any] = {
        "name": spec.name or f"servicevm-{spec.id}",
        "flavor_id": flavor.id,
        "networks": [{"port": one} for one in port_ids],
        "config_drive": True,
        "tags": marks.tags(spec.id),
        "metadata": metadata(marks, spec.id, document),
    }
    if document:
        values["user_data"] = encoded(document)
    size = spec.options.get("root_volume_gib")
    if size is None:
        values["image_id"] = image.id
    else:
        values["image_id"] = ""
        values["block_device_mapping"] = [_root(image, int(size))]
    return values


def metadata(marks: Marks, device_id: str, document: bytes) -> dict[str, str]:
    """Of which device, and of which first boot, a server is.

    The document has a random token in it, so its digest tells nothing.
    """
    digest = hashlib.sha256(document).hexdigest()
    return {**marks.metadata(device_id), DIGEST: digest}


def check_root(image: Image, options: Mapping[str, Any]) -> None:
    """
    :raises PermanentError: IMAGE_UNUSABLE, if the volume is too small for it
    """
    size = options.get("root_volume_gib")
    if size is not None and size < image.min_disk:
        raise PermanentError(
            IMAGE_UNUSABLE,
            f"The image {image.name} needs a disk of {image.min_disk} GiB; "
            f"the template's root volume has {size}.",
        )


def document_of(bootstrap: Mapping[str, bytes]) -> bytes:
    """The one file that a server gets at its first boot, as user data.

    :raises PermanentError: TEMPLATE_INVALID, if there are more or it is
        too large
    """
    files = {
        name: data for name, data in bootstrap.items() if name != _NOVAS_OWN
    }
    if len(files) > 1:
        raise PermanentError(
            TEMPLATE_INVALID,
            "The mgmt driver wants several files in the device "
            f"({', '.join(sorted(files))}); Nova hands over one.",
        )
    document = next(iter(files.values()), b"")
    if len(document) > MAX_DOCUMENT:
        raise PermanentError(
            TEMPLATE_INVALID,
            f"The first-boot document has {len(document)} bytes; Nova takes "
            f"{MAX_DOCUMENT}.",
        )
    return document


def encoded(document: bytes) -> str:
    return base64.b64encode(document).decode()


def _root(image: Image, gib: int) -> dict[str, Any]:
    return {
        "boot_index": 0,
        "uuid": image.id,
        "source_type": "image",
        "destination_type": "volume",
        "volume_size": gib,
        "delete_on_termination": True,
    }
