"""Which image, flavor, server group and so on a new server gets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from servicevm.drivers.infra.nova import template
from servicevm.drivers.infra.nova.at_once import at_once
from servicevm.drivers.infra.nova.cloud import Cloud
from servicevm.drivers.infra.nova.faults import asking
from servicevm.drivers.infra.nova.recent import Recent
from servicevm.errors import (
    FLAVOR_MISSING,
    FLAVOR_TOO_SMALL,
    IMAGE_MISSING,
    IMAGE_UNUSABLE,
    TEMPLATE_INVALID,
    PermanentError,
)

__all__ = ["Choices", "Flavor", "Image", "smallest"]

#: Seconds that an answer is good for: a new image is used at once, and two
#: hundred devices do not ask two hundred times.
_SECONDS = 5.0

#: Nobody changes a flavor; one that is new is looked for where none fits.
_FLAVOR_SECONDS = 60.0


@dataclass(frozen=True)
class Image:
    """
    :param min_disk: GiB
    :param min_ram: MiB
    """

    id: str
    name: str
    status: str
    created: str
    min_disk: int = 0
    min_ram: int = 0


@dataclass(frozen=True)
class Flavor:
    """
    :param ram: MiB
    :param disk: GiB
    """

    id: str
    name: str
    vcpus: int
    ram: int
    disk: int


class Choices:
    """Looks up what a template names. Thread-safe.

    :param operator: id of the service's project
    """

    def __init__(self, operator: str) -> None:
        self._operator = operator
        self._images: Recent[Image] = Recent(_SECONDS)
        self._flavors: Recent[Sequence[Flavor]] = Recent(_FLAVOR_SECONDS)
        self._server_groups: Recent[str] = Recent(_SECONDS)

    def image(self, cloud: Cloud, options: Mapping[str, Any]) -> Image:
        """
        :raises PermanentError: IMAGE_MISSING, IMAGE_UNUSABLE
        """
        wanted = options.get("image")
        if wanted is not None:
            key = (cloud.project_id, "name", wanted)
            found = self._images.get(key, lambda: self._named(cloud, wanted))
        else:
            tag = options.get("image_tag", template.IMAGE_TAG)
            key = (cloud.project_id, "tag", tag)
            found = self._images.get(key, lambda: self._newest(cloud, tag))
        if found.status != "active":
            self._images.forget(key)
            raise PermanentError(
                IMAGE_UNUSABLE,
                f"The image {found.name} ({found.id}) is {found.status}.",
            )
        return found

    def image_and_flavor(
        self, cloud: Cloud, options: Mapping[str, Any]
    ) -> tuple[Image, Flavor]:
        """What a new server is made of.

        :raises PermanentError: IMAGE_MISSING, IMAGE_UNUSABLE,
            FLAVOR_MISSING, FLAVOR_TOO_SMALL
        """

        def flavors() -> Sequence[Flavor]:
            return self._flavors.get(cloud.project_id, lambda: _flavors(cloud))

        looked_up: list[Any] = at_once(
            [lambda: self.image(cloud, options), flavors]
        )
        image, found = looked_up
        try:
            return image, smallest(found, options, image)
        except PermanentError:
            self._flavors.forget(cloud.project_id)
            return image, smallest(flavors(), options, image)

    def forget_flavors(self, cloud: Cloud) -> None:
        """One of them was deleted."""
        self._flavors.forget(cloud.project_id)

    def server_group(self, cloud: Cloud, wanted: str) -> str:
        """Id of the server group.

        :raises PermanentError: TEMPLATE_INVALID, if there is none
        """
        return self._server_groups.get(
            (cloud.project_id, wanted), lambda: _server_group(cloud, wanted)
        )

    def _named(self, cloud: Cloud, wanted: str) -> Image:
        images = cloud.connection.image
        with asking(f"Glance for the image {wanted}"):
            found = [_image(one) for one in images.images(id=wanted)]
            if not found:
                found = self._ours(images.images(name=wanted))
        if not found:
            raise PermanentError(
                IMAGE_MISSING,
                f"There is no image {wanted}, of the service's project or "
                "public.",
            )
        return _best(found)

    def _newest(self, cloud: Cloud, tag: str) -> Image:
        with asking(f"Glance for images with the tag {tag}"):
            found = self._ours(cloud.connection.image.images(tag=tag))
        if not found:
            raise PermanentError(
                IMAGE_MISSING,
                f"No image of the service's project, and no public one, has "
                f"the tag {tag}.",
            )
        return _best(found)

    def _ours(self, images: Iterable[Any]) -> list[Image]:
        """Those that the operator vouches for.

        An administrator sees everybody's images: whoever calls one like
        ours, or tags it so, must not have it booted for others.
        """
        return [
            _image(one)
            for one in images
            if one.owner_id == self._operator or one.visibility == "public"
        ]


def smallest(
    flavors: Sequence[Flavor], options: Mapping[str, Any], image: Image
) -> Flavor:
    """The flavor that the template names, or the smallest that will do.

    :raises PermanentError: FLAVOR_MISSING, FLAVOR_TOO_SMALL
    """
    vcpus = template.vcpus(options)
    ram = max(template.memory_mib(options), image.min_ram)
    disk = template.disk_gib(options)
    if "root_volume_gib" not in options:
        disk = max(disk, image.min_disk)
    need = f"{vcpus} processors, {ram} MiB of memory and {disk} GiB of disk"
    wanted = options.get("flavor")
    if wanted is not None:
        named = [one for one in flavors if wanted in (one.id, one.name)]
        if not named:
            raise PermanentError(
                FLAVOR_MISSING,
                f"There is no flavor {wanted} that the service's user can "
                "use.",
            )
        chosen = named[0]
        # A disk of 0 takes that of the image, whatever its size.
        small_disk = chosen.disk < disk and (
            chosen.disk or "disk_gib" in options
        )
        if chosen.vcpus < vcpus or chosen.ram < ram or small_disk:
            raise PermanentError(
                FLAVOR_TOO_SMALL,
                f"The flavor {chosen.name} has {chosen.vcpus} processors, "
                f"{chosen.ram} MiB of memory and {chosen.disk} GiB of disk; "
                f"the template and its image need {need}.",
            )
        return chosen
    enough = [
        one
        for one in flavors
        if one.vcpus >= vcpus and one.ram >= ram and one.disk >= disk
    ]
    if not enough:
        raise PermanentError(
            FLAVOR_TOO_SMALL,
            f"No flavor that the service's user can use has {need}.",
        )
    return min(
        enough, key=lambda one: (one.ram, one.vcpus, one.disk, one.name)
    )


def _image(found: Any) -> Image:
    return Image(
        id=found.id,
        name=str(found.name or found.id),
        status=str(found.status),
        created=str(found.created_at or ""),
        min_disk=int(found.min_disk or 0),
        min_ram=int(found.min_ram or 0),
    )


def _best(found: Sequence[Image]) -> Image:
    """The newest active image; the newest, where none is active."""
    return max(
        found, key=lambda one: (one.status == "active", one.created, one.id)
    )


def _flavors(cloud: Cloud) -> Sequence[Flavor]:
    with asking("Nova for its flavors"):
        return [
            Flavor(
                id=one.id,
                name=str(one.name),
                vcpus=int(one.vcpus),
                ram=int(one.ram),
                disk=int(one.disk),
            )
            for one in cloud.connection.compute.flavors(details=True)
        ]


def _server_group(cloud: Cloud, wanted: str) -> str:
    with asking(f"Nova for the server group {wanted}"):
        groups = list(cloud.connection.compute.server_groups())
    found = [one.id for one in groups if wanted in (one.id, one.name)]
    if len(found) == 1:
        return str(found[0])
    many = "more than one" if found else "no"
    raise PermanentError(
        TEMPLATE_INVALID,
        f"There is {many} server group {wanted} in the project "
        f"{cloud.project_id}.",
    )
