from servicevm.service_types import registry
from servicevm.service_types.loadbalancer import LOADBALANCER


def test_the_installed_types_are_found_by_name() -> None:
    assert registry.service_types()["loadbalancer"] is LOADBALANCER
