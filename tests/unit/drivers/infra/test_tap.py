import os

import pytest

from servicevm.drivers.infra import tap
from servicevm.errors import NETWORK_MISSING, PermanentError


@pytest.mark.parametrize(
    ("network", "name"),
    [
        ("bridge:br0", "br0"),
        ("bridge:", None),
        ("bridge:../x", None),
        ("bridge:..", None),
        ("bridge:sixteen-letters-", None),
        ("br0", None),
        ("user", None),
    ],
)
def test_a_network_names_a_bridge_or_it_does_not(network, name) -> None:
    assert tap.bridge_name(network) == name


def test_the_name_of_a_tap_fits_the_kernel() -> None:
    name = tap.tap_name("11111111-2222-3333-4444-555555555555", 15)
    assert len(name) <= 15


def test_a_bridge_that_is_not_there_is_named() -> None:
    with pytest.raises(PermanentError) as caught:
        tap.open_tap("svtest", "svm-no-bridge")
    assert caught.value.reason is NETWORK_MISSING
    assert "svm-no-bridge" in caught.value.detail


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.skipif(
    not os.path.exists("/dev/net/tun"), reason="needs /dev/net/tun"
)
def test_a_tap_is_on_its_bridge_and_goes_with_its_file(bridge) -> None:
    made = tap.open_tap("svmtest0", bridge)
    assert os.path.basename(os.readlink("/sys/class/net/svmtest0/master")) == (
        bridge
    )
    os.close(made)
    assert not os.path.exists("/sys/class/net/svmtest0")
