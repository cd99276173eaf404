from typing import Any

import pytest
from oslo_config import cfg

from servicevm.db import addresses, api
from servicevm.errors import PermanentError
from tests.unit.db import rows


@pytest.mark.parametrize(
    ("spec", "first", "last"),
    [
        ({"cidr": "192.0.2.0/24"}, "192.0.2.1", "192.0.2.254"),
        ({"cidr": "192.0.2.0/31"}, "192.0.2.0", "192.0.2.1"),
        ({"cidr": "192.0.2.7/32"}, "192.0.2.7", "192.0.2.7"),
        (
            {"cidr": "2001:db8::/64"},
            "2001:db8::1",
            "2001:db8::ffff:ffff:ffff:ffff",
        ),
        (
            {"cidr": "192.0.2.0/24", "pool_start": "192.0.2.100"},
            "192.0.2.100",
            "192.0.2.254",
        ),
    ],
)
def test_the_pool_leaves_out_what_is_no_hosts(
    spec: dict[str, str], first: str, last: str
) -> None:
    assert tuple(map(str, addresses.pool(spec))) == (first, last)


def _allocate(count: int, **spec: Any) -> list[str | None]:
    found = []
    with api.writer() as session:
        session.add(rows.template())
        session.flush()
        for number in range(count):
            device = rows.device(id=f"d{number}")
            session.add(device)
            session.flush()
            (made,) = addresses.allocate(
                session,
                device.id,
                [{"role": "ingress", "network": "bridge:br0", **spec}],
            )
            found.append(made.address)
    return found


def test_each_address_is_given_once_until_none_is_left(
    database: cfg.ConfigOpts,
) -> None:
    spec = {"cidr": "192.0.2.0/29", "gateway": "192.0.2.3"}
    assert _allocate(3, **spec) == ["192.0.2.1", "192.0.2.2", "192.0.2.4"]


def test_a_full_network_says_so(database: cfg.ConfigOpts) -> None:
    with pytest.raises(PermanentError, match=r"192\.0\.2\.1 to 192\.0\.2\.2"):
        _allocate(3, cidr="192.0.2.0/30")


def test_a_huge_network_costs_nothing(database: cfg.ConfigOpts) -> None:
    assert _allocate(2, cidr="2001:db8::/32") == [
        "2001:db8::1",
        "2001:db8::2",
    ]


def test_without_a_cidr_there_is_no_address(database: cfg.ConfigOpts) -> None:
    assert _allocate(2) == [None, None]


def test_macs_are_local_to_virtual_machines() -> None:
    macs = {addresses.random_mac() for _ in range(100)}
    assert all(mac.startswith("52:54:00:") for mac in macs)
    assert len(macs) > 95
