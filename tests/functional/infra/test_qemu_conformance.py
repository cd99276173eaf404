"""The conformance suite, with real QEMU processes."""

import pytest

from servicevm.drivers.infra.conformance import InfraDriverConformance


@pytest.mark.vm
class TestQemu(InfraDriverConformance):
    @pytest.fixture
    def make_driver(self, make_driver):
        return make_driver

    @pytest.fixture
    def make_spec(self, make_spec):
        return make_spec
