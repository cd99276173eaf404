"""Where too much is lost at once, healing stops."""

from collections.abc import Sequence

import pytest

from servicevm.conductor.breaker import FLEET, Breaker, domains
from servicevm.db import api as db
from servicevm.db import models

from .lab import Lab


class Fleet:
    """Ten devices: four in one zone, six in another."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        lab.cloud.looks = 1
        self.devices = [lab.device()[0] for _ in range(10)]
        lab.settle(lab.conductor())
        for number, device_id in enumerate(self.devices):
            zone = "east" if number < 4 else "west"
            with lab.change(models.Device, device_id) as row:
                row.facts = {"availability_zone": zone}
        lab.conf.set_override("breaker_devices", 3, "healing")
        self.breaker = Breaker(lab.conf)

    def lose(self, devices: Sequence[str]) -> None:
        for device_id in devices:
            with self.lab.change(models.Device, device_id) as row:
                row.operating_status = "DEAD"
            with db.writer() as session:
                session.merge(
                    models.DeviceHealing(
                        device_id=device_id,
                        began_at=self.lab.now,
                        tries=0,
                        gave_up=False,
                    )
                )

    def regain(self, devices: Sequence[str]) -> None:
        for device_id in devices:
            with self.lab.change(models.Device, device_id) as row:
                row.operating_status = "ONLINE"

    def stopped(self) -> list[str]:
        return sorted(self.breaker.look())

    def told(self) -> list[str]:
        return [
            event.type
            for event in self.lab.events()
            if event.type.startswith("breaker.")
        ]


@pytest.fixture
def fleet(lab: Lab) -> Fleet:
    return Fleet(lab)


def test_a_device_is_in_the_domains_that_fail_as_one() -> None:
    facts = {"availability_zone": "east", "host": "c1"}
    assert list(domains("default", facts)) == [
        FLEET,
        "relay-group:default",
        "zone:east",
    ]
    assert list(domains(None, {})) == [FLEET]
    odd = {"availability_zone": "a/b"}
    assert list(domains(None, odd)) == [FLEET, "zone:a_b"]


def test_few_losses_stop_nothing(fleet: Fleet) -> None:
    fleet.lose(fleet.devices[4:6])
    assert fleet.stopped() == []
    assert fleet.told() == []


def test_a_share_of_a_zone_stops_the_zone_and_not_the_rest(
    fleet: Fleet,
) -> None:
    fleet.lose(fleet.devices[:3])
    assert fleet.stopped() == ["zone:east"]
    assert fleet.told() == ["breaker.tripped"]
    (event,) = fleet.lab.events(type="breaker.tripped")
    assert event.severity == "ERROR"
    assert "3 of 4 devices" in event.message
    assert "breaker release zone:east" in event.message


def test_a_share_of_all_stops_all(fleet: Fleet) -> None:
    fleet.lose(fleet.devices[:2] + fleet.devices[-2:])
    assert fleet.stopped() == [FLEET]


def test_losses_that_are_far_apart_stop_nothing(fleet: Fleet) -> None:
    for device_id in fleet.devices[4:8]:
        fleet.lose([device_id])
        assert fleet.stopped() == []
        fleet.lab.advance(301)


def test_it_stays_stopped_until_most_are_back(fleet: Fleet) -> None:
    fleet.lose(fleet.devices[:4])
    stopped = fleet.stopped()
    assert stopped == [FLEET, "zone:east"]
    fleet.lab.advance(3600)
    assert fleet.stopped() == stopped
    fleet.regain(fleet.devices[:2])
    assert fleet.stopped() == stopped
    fleet.regain(fleet.devices[2:4])
    assert fleet.stopped() == []
    assert not fleet.lab.all(models.Breaker)
    assert fleet.told() == ["breaker.tripped"] * 2 + ["breaker.closed"] * 2


def test_what_an_operator_released_does_not_stop_again_at_once(
    fleet: Fleet,
) -> None:
    fleet.lose(fleet.devices[:3])
    assert fleet.stopped() == ["zone:east"]
    with fleet.lab.change(models.Breaker, "zone:east") as row:
        row.released_until = fleet.lab.now + 300_000_000
    assert fleet.stopped() == []
    fleet.lab.advance(301)
    assert fleet.stopped() == []
    fleet.lose(fleet.devices[:3])
    assert fleet.stopped() == ["zone:east"]
    assert fleet.told() == ["breaker.tripped"] * 2


def test_conductors_that_see_it_at_once_tell_it_once(fleet: Fleet) -> None:
    fleet.lose(fleet.devices[:3])
    second = Breaker(fleet.lab.conf)
    assert sorted(second.look()) == fleet.stopped() == ["zone:east"]
    assert fleet.told() == ["breaker.tripped"]


def test_it_does_not_go_on_at_the_first_good_sign(fleet: Fleet) -> None:
    fleet.lose(fleet.devices[:3])
    assert fleet.stopped() == ["zone:east"]
    fleet.regain(fleet.devices[:3])
    assert fleet.stopped() == ["zone:east"]
    fleet.lab.advance(300)
    assert fleet.stopped() == []
