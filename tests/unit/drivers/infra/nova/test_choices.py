from types import SimpleNamespace

import pytest

from servicevm.drivers.infra.nova.choices import (
    Choices,
    Flavor,
    Image,
    smallest,
)
from servicevm.drivers.infra.nova.cloud import Cloud
from servicevm.errors import (
    FLAVOR_MISSING,
    FLAVOR_TOO_SMALL,
    PermanentError,
)

FLAVORS = [
    Flavor("1", "tiny", 1, 128, 1),
    Flavor("2", "diskless", 1, 256, 0),
    Flavor("3", "small", 1, 256, 1),
    Flavor("4", "medium", 2, 2048, 20),
    Flavor("5", "wide", 4, 2048, 20),
]
IMAGE = Image("image", "guest", "active", "")


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({}, "small"),
        ({"memory_mib": 64}, "tiny"),
        ({"vcpus": 2}, "medium"),
        ({"vcpus": 3}, "wide"),
        ({"disk_gib": 0}, "diskless"),
        ({"disk_gib": 10}, "medium"),
        ({"root_volume_gib": 5}, "diskless"),
        ({"flavor": "wide"}, "wide"),
        ({"flavor": "5"}, "wide"),
        ({"flavor": "diskless"}, "diskless"),
    ],
)
def test_the_smallest_that_will_do_is_taken(options, name) -> None:
    assert smallest(FLAVORS, options, IMAGE).name == name


def test_what_the_image_needs_counts() -> None:
    image = Image("image", "guest", "active", "", min_disk=5, min_ram=512)
    assert smallest(FLAVORS, {}, image).name == "medium"
    with pytest.raises(PermanentError) as caught:
        smallest(FLAVORS, {"flavor": "small"}, image)
    assert caught.value.reason is FLAVOR_TOO_SMALL


@pytest.mark.parametrize(
    ("options", "reason", "words"),
    [
        ({"flavor": "huge"}, FLAVOR_MISSING, "no flavor huge"),
        ({"flavor": "tiny"}, FLAVOR_TOO_SMALL, "need 1 processors, 256 MiB"),
        ({"flavor": "wide", "vcpus": 5}, FLAVOR_TOO_SMALL, "has 4 proc"),
        ({"flavor": "diskless", "disk_gib": 1}, FLAVOR_TOO_SMALL, "0 GiB"),
        ({"memory_mib": 4096}, FLAVOR_TOO_SMALL, "No flavor"),
    ],
)
def test_a_flavor_that_does_not_do_is_refused(options, reason, words) -> None:
    with pytest.raises(PermanentError, match=words) as caught:
        smallest(FLAVORS, options, IMAGE)
    assert caught.value.reason is reason


class Shop:
    """Stands for Nova and Glance: flavors that come and go, one image."""

    def __init__(self) -> None:
        self.on_sale = [FLAVORS[0]]
        self.lists = 0

    def flavors(self, details: bool) -> list[Flavor]:
        self.lists += 1
        return list(self.on_sale)

    def images(self, **query: str) -> list[SimpleNamespace]:
        return [
            SimpleNamespace(
                id="image",
                name="guest",
                status="active",
                created_at="",
                min_disk=0,
                min_ram=0,
                owner_id="service",
                visibility="private",
            )
        ]


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def cloud(shop) -> Cloud:
    return Cloud("service", SimpleNamespace(compute=shop, image=shop), (2, 90))


def test_flavors_are_listed_once_for_many_devices(shop, cloud) -> None:
    choices, options = Choices("service"), {"memory_mib": 64}
    for _ in range(3):
        image, flavor = choices.image_and_flavor(cloud, options)
        assert (image.id, flavor.name) == ("image", "tiny")
    assert shop.lists == 1


def test_a_flavor_that_is_new_is_found_at_once(shop, cloud) -> None:
    choices = Choices("service")
    choices.image_and_flavor(cloud, {"memory_mib": 64})
    shop.on_sale = FLAVORS
    _, flavor = choices.image_and_flavor(cloud, {"flavor": "wide"})
    assert flavor.name == "wide"


def test_flavors_that_nova_has_no_more_are_forgotten(shop, cloud) -> None:
    choices, options = Choices("service"), {"memory_mib": 64}
    choices.image_and_flavor(cloud, options)
    shop.on_sale = [FLAVORS[2]]
    choices.forget_flavors(cloud)
    _, flavor = choices.image_and_flavor(cloud, options)
    assert flavor.name == "small"
