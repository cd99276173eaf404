"""How the members of a service do, as far as anybody knows."""

from typing import Any

import pytest

from servicevm_dashboard import members, words
from servicevmclient.v1 import Service
from tests.dashboard.unit.panels.world import CONFIG

SAID = [
    {"pool": "p", "name": "m1", "operating_status": "ONLINE"},
    {"pool": "p", "name": "m2", "operating_status": "OFFLINE"},
]
(POOL,) = CONFIG["pools"]
CHECKED = {"pools": [{**POOL, "health_monitor": {"type": "http"}}]}


def service(**more: Any) -> Service:
    return Service(
        {
            "service_type": "loadbalancer",
            "operating_status": "DEGRADED",
            "config": CHECKED,
            "members": SAID,
            **more,
        }
    )


def health(found: Service) -> list[Any]:
    return [
        words.of(words.MEMBER, one["operating_status"])
        for one in members.listed(found)
    ]


def test_what_is_checked_is_as_the_service_says() -> None:
    found = service()
    assert health(found) == ["Online", "Offline"]
    assert (members.up(found), members.down(found)) == ((1, 2), ["m2"])


def test_what_nobody_checks_is_not_told_to_be_well() -> None:
    found = service(config=CONFIG)
    assert health(found) == ["Not checked", "Offline"]
    assert members.unchecked(found) == ["p"]


@pytest.mark.parametrize("status", ["DEAD", "UNRESPONSIVE"])
def test_of_a_silent_service_nothing_is_known(status: str) -> None:
    found = service(operating_status=status)
    assert health(found) == ["Not known", "Not known"]
    assert (members.up(found), members.down(found)) == (None, [])


def test_members_have_the_addresses_of_the_configuration() -> None:
    first, _second = members.listed(service())
    assert (first["address"], first["port"]) == ("192.0.2.7", 8080)
