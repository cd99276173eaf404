"""The infra drivers' suite with guests that really run: QEMU, by libvirt.

The guest is that of ``servicevm-manage image build``, or of another cloud
(``SERVICEVM_LAB_CLOUDS``) the image that ``SERVICEVM_LAB_IMAGE`` names. What
it is given at its first boot is of no use to it; it boots all the same.
"""

import os
from typing import Any

import pytest

from servicevm.drivers.infra.conformance import InfraDriverConformance
from servicevm.drivers.infra.nova.template import IMAGE_TAG
from tests.lab.conftest import ELSEWHERE
from tools.lab import image

pytestmark = [pytest.mark.vm]


@pytest.fixture(scope="session")
def guest(request: pytest.FixtureRequest, admin: Any) -> str:
    """Id of an image that boots."""
    named = os.environ.get("SERVICEVM_LAB_IMAGE")
    if named is None:
        if ELSEWHERE in os.environ:
            pytest.skip("SERVICEVM_LAB_IMAGE names no image that boots")
        image.ensure(request.getfixturevalue("lab"))
        found = admin.image.images(tag=IMAGE_TAG)
    else:
        found = admin.image.images(name=named)
    return str(next(found).id)


class TestNovaWithGuests(InfraDriverConformance):
    running_within = 240.0
    gone_within = 240.0
    call_within = 90.0

    @pytest.fixture
    def make_driver(self, make_driver):
        return make_driver

    @pytest.fixture
    def make_spec(self, new_spec, guest):
        return lambda: new_spec(
            availability_zone="kvm",
            image=guest,
            flavor="servicevm.small",
            memory_mib=256,
        )
