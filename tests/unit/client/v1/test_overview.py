"""An installation at a glance: what somebody should look at."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servicevmclient.testing import FakeServicevm
from servicevmclient.v1 import Client
from servicevmclient.v1._overview import overview
from servicevmclient.v1.breaker import Breaker
from servicevmclient.v1.conductor import Conductor
from servicevmclient.v1.device import Device
from servicevmclient.v1.overview import Glance
from servicevmclient.v1.relay import Relay

NOW = datetime(2026, 11, 22, 18, 20, tzinfo=UTC)
STATES = {
    "total": 3,
    "failing": 0,
    "provisioning_status": {"ACTIVE": 3},
    "operating_status": {"ONLINE": 3},
}
SUMMARY: dict[str, Any] = {
    "devices": STATES | {"templates": []},
    "services": STATES | {"service_types": {"loadbalancer": 3}},
    "operations": {
        "PENDING": 0,
        "RUNNING": 1,
        "WAITING": 0,
        "failed_last_day": 0,
    },
    "failing": {"devices": [], "services": []},
}
PROCESS = {
    "name": "p1",
    "host": "h1",
    "alive": True,
    "last_seen": "2026-11-22T18:10:00Z",
    "draining": False,
    "sessions": 4,
}


def _seen(**more: Any) -> Glance:
    nothing: dict[str, Any] = {
        "summary": SUMMARY,
        "everywhere": True,
        "relays": [Relay(PROCESS)],
        "conductors": [Conductor(PROCESS)],
        "breakers": [],
        "holds": [],
        "devices": [],
        "now": NOW,
    }
    return Glance(**(nothing | more))


def _device(until: str, *, connected: bool) -> Device:
    agent = {"connected": connected, "certificate": {"not_after": until}}
    return Device({"id": "d1", "name": "lb-1", "agent": agent})


def test_where_all_is_well_nothing_needs_attention() -> None:
    found = overview(
        _seen(
            devices=[
                _device("2026-11-29T18:20:00Z", connected=True),
                Device({"id": "d2", "name": "lb-2", "agent": None}),
            ]
        )
    )
    assert not found.attention
    assert not found.certificates
    assert found.certificates_of == 2
    assert found.relays == {
        "alive": 1,
        "silent": [],
        "draining": 0,
        "sessions": 4,
    }


@pytest.mark.parametrize(
    ("seen", "text", "command"),
    [
        pytest.param(
            _seen(
                summary=SUMMARY
                | {
                    "devices": STATES | {"failing": 7},
                    "failing": {
                        "devices": [{"name": f"lb-{n}"} for n in range(7)],
                        "services": [],
                    },
                }
            ),
            "7 devices in ERROR, DEAD or UNRESPONSIVE: lb-0, lb-1, lb-2, "
            "lb-3, lb-4 and 2 more.",
            "device list --failing --all-projects",
            id="devices",
        ),
        pytest.param(
            _seen(
                everywhere=False,
                summary=SUMMARY
                | {
                    "services": SUMMARY["services"] | {"failing": 1},
                    "failing": {"devices": [], "services": [{"name": "web"}]},
                },
            ),
            "1 service in ERROR, DEAD or UNRESPONSIVE: web.",
            "service list --failing",
            id="services",
        ),
        pytest.param(
            _seen(
                summary=SUMMARY
                | {
                    "operations": SUMMARY["operations"]
                    | {"failed_last_day": 2}
                }
            ),
            "2 operations failed in the last day.",
            "operation list --state FAILED --all-projects",
            id="operations",
        ),
        pytest.param(
            _seen(relays=[]),
            "No relay lives.",
            "relay list",
            id="no-relay",
        ),
        pytest.param(
            _seen(
                conductors=[
                    Conductor(PROCESS),
                    Conductor(PROCESS | {"name": "p2", "alive": False}),
                ]
            ),
            "Conductor p2 on h1 was last heard of 10 min ago.",
            "conductor list --alive false",
            id="conductor",
        ),
        pytest.param(
            _seen(
                breakers=[
                    Breaker({"name": "zone:a", "released": True}),
                    Breaker(
                        {
                            "name": "fleet",
                            "released": False,
                            "lost": 3,
                            "devices": 4,
                            "tripped_at": "2026-11-22T18:15:00Z",
                        }
                    ),
                ]
            ),
            "Breaker fleet stopped healing 5 min ago: 3 of 4 devices were "
            "lost.",
            "breaker show fleet",
            id="breaker",
        ),
        pytest.param(
            _seen(devices=[_device("2026-11-22T21:20:00Z", connected=False)]),
            "The certificate of device lb-1 ends in 3 h; it is away.",
            "device explain d1",
            id="certificate",
        ),
        pytest.param(
            _seen(devices=[_device("2026-11-22T15:20:00Z", connected=True)]),
            "The certificate of device lb-1 ended 3 h ago; its agent cannot "
            "connect again.",
            "device explain d1",
            id="ended-certificate",
        ),
    ],
)
def test_what_needs_attention_is_told_with_the_command_to_type(
    seen: Glance, text: str, command: str
) -> None:
    (sentence,) = overview(seen).attention
    assert sentence.text == text
    assert sentence.command == command


def test_a_certificate_that_a_connected_agent_renews_is_only_listed() -> None:
    seen = _seen(devices=[_device("2026-11-22T21:20:00Z", connected=True)])
    assert not overview(seen).attention
    assert len(overview(seen).certificates) == 1


def test_without_ages_two_overviews_at_different_times_are_alike() -> None:
    silent = PROCESS | {"alive": False}
    seen = _seen(
        relays=[Relay(silent)],
        conductors=[Conductor(PROCESS), Conductor(silent)],
        devices=[_device("2026-11-22T21:20:00Z", connected=False)],
        ages=False,
    )
    later = seen._replace(now=NOW + timedelta(seconds=21))
    assert overview(seen) == overview(later)


def test_who_may_not_see_it_all_is_told_of_the_own_project(
    client: Client, fake: FakeServicevm
) -> None:
    fake.store.add("devices", {"name": "lb-1"})
    fake.refuse_next("GET", "/v1/summary", 403, "forbidden", "No.")
    fake.refuse_next("GET", "/v1/relays", 403, "forbidden", "No.")
    found = client.get_overview()
    assert not found.all_projects
    assert found.devices["total"] == 1
    assert found.relays is None
    assert found.breakers == []


def test_it_is_six_requests(client: Client, fake: FakeServicevm) -> None:
    client.get_overview()
    assert len(fake.requests) == 6
