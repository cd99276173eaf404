"""The infra drivers' suite against real Nova, Neutron and Glance.

On the zone of the fake compute: Nova, its scheduler and conductor, Neutron
and OVN are real, and no guest runs.
"""

import pytest

from servicevm.drivers.infra.conformance import InfraDriverConformance


class TestNova(InfraDriverConformance):
    running_within = 120.0
    gone_within = 120.0
    # Nova answers when an interface is plugged in, not before; and a lab
    # may share its machine.
    call_within = 60.0

    @pytest.fixture
    def make_driver(self, make_driver):
        return make_driver

    @pytest.fixture
    def make_spec(self, new_spec):
        return new_spec


class TestNovaInTheTenantsProject(InfraDriverConformance):
    running_within = 120.0
    gone_within = 120.0
    # Nova answers when an interface is plugged in, not before; and a lab
    # may share its machine.
    call_within = 60.0

    @pytest.fixture
    def make_driver(self, make_driver):
        return make_driver

    @pytest.fixture
    def make_spec(self, new_spec):
        return lambda: new_spec(owner="tenant")
