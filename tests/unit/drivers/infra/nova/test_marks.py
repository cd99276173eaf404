import uuid

import pytest

from servicevm.drivers.infra.base import Peer
from servicevm.drivers.infra.nova.marks import Marks

DEVICE = str(uuid.uuid4())


@pytest.mark.parametrize("deployment", ["local", "a" * 63, "eu.west-1"])
def test_tags_fit_nova_and_name_the_device(deployment) -> None:
    marks = Marks(deployment)
    tags = marks.tags(DEVICE)
    for tag in tags:
        assert len(tag) <= 60
        assert "," not in tag
        assert "/" not in tag
    assert marks.device_of(tags) == DEVICE
    assert Marks(deployment[:-1] + "x").device_of(tags) is None


@pytest.mark.parametrize(
    "tags",
    [
        None,
        [],
        [f"servicevm-device:{DEVICE}"],
        ["servicevm-deployment:local"],
        ["servicevm-deployment:local", "servicevm-device:../etc"],
    ],
)
def test_what_is_tagged_otherwise_is_no_device(tags) -> None:
    assert Marks("local").device_of(tags) is None


def test_devices_with_the_same_relays_share_a_group() -> None:
    marks = Marks("local")
    one, two = Peer("192.0.2.1", 9891, "mgmt"), Peer("192.0.2.2", 9891, "mgmt")
    name = marks.shared_name([one, two])
    assert marks.shared_name([two, one, two]) == name
    assert marks.shared_name([one]) != name
