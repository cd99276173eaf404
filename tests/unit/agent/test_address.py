"""IP addresses as text and as bytes."""

import ipaddress

import pytest

from servicevm_agent.address import canonical, packed


@pytest.mark.parametrize(
    "text", ["192.0.2.1", "0.0.0.0", "2001:DB8::1", "::", "::ffff:192.0.2.1"]
)
def test_addresses_are_read(text: str) -> None:
    assert packed(text)[1] == ipaddress.ip_address(text).packed
    assert packed(canonical(text)) == packed(text)


@pytest.mark.parametrize(
    "text", ["", "host", "192.0.2", "192.0.2.1/24", "1.2.3.4\n", "::g", "1"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="address"):
        packed(text)
