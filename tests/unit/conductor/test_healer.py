"""Lost devices are healed, and nothing else is."""

from collections.abc import Iterator
from typing import Any

import pytest

from servicevm.conductor.service import Conductor
from servicevm.db import api as db
from servicevm.db import models
from servicevm.drivers.infra.base import DeviceState
from servicevm.errors import INTERNAL, UNAVAILABLE, TransientError

from .lab import Lab

#: Seconds; as `servicevm.healing.DEFAULTS`.
AFTER, COOLDOWN = 60, 600


class Ward:
    """One device, and a conductor that looks every few seconds."""

    def __init__(self, lab: Lab) -> None:
        lab.conf.set_override("outage_grace", 20.0, "healing")
        self.lab = lab
        self.conductor: Conductor = lab.conductor()
        self.device_id, _ = lab.device()
        lab.settle(self.conductor)

    def die(self, state: DeviceState = DeviceState.STOPPED) -> None:
        self.lab.cloud.machines[self.device_id]["state"] = state

    def pass_time(self, seconds: float, step: float = 5) -> None:
        """Let the conductor look, sweep and work meanwhile."""
        end = self.lab.now + seconds * 1_000_000
        while self.lab.now < end:
            self.lab.advance(step)
            self.look()

    def look(self) -> None:
        self.conductor.reconciler.observe(self.device_id)
        self.conductor.reconciler.look()
        self.conductor.drain()

    @property
    def device(self) -> models.Device:
        found: models.Device = self.lab.get(models.Device, self.device_id)
        return found

    @property
    def episode(self) -> models.DeviceHealing | None:
        found = self.lab.all(models.DeviceHealing)
        return found[0] if found else None

    def tried(self) -> list[str]:
        """What the system did, in order."""
        return [
            one.action
            for one in sorted(
                self.lab.all(models.Operation), key=lambda one: one.seq
            )
            if one.initiator == "system" and one.resource_type == "device"
        ]

    def told(self) -> list[str]:
        return [
            one.type
            for one in self.lab.events()
            if one.type.startswith("device.heal")
        ]


@pytest.fixture
def ward(lab: Lab) -> Iterator[Ward]:
    return Ward(lab)


def test_a_machine_that_stopped_is_started_again(ward: Ward) -> None:
    ward.pass_time(25)
    ward.die()
    ward.pass_time(AFTER)
    assert ward.device.operating_status == "DEAD"
    assert ward.tried() == []
    ward.pass_time(10)
    assert ward.tried() == ["reboot"]
    assert ward.device.operating_status == "ONLINE"
    (operation,) = [
        one for one in ward.lab.all(models.Operation) if one.action == "reboot"
    ]
    assert operation.arguments["cause"] == "device_died"
    assert operation.arguments["hard"] is True
    ward.pass_time(COOLDOWN + 10, 30)
    assert ward.episode is None
    assert ward.told() == ["device.healing", "device.healed"]


def test_a_machine_that_is_gone_is_built_again(ward: Ward) -> None:
    ward.pass_time(25)
    ward.lab.cloud.machines.clear()
    ward.pass_time(AFTER + 10)
    assert ward.device.operating_status == "ONLINE"
    assert ward.lab.cloud.machines


#: A ladder that is climbed in a minute.
QUICK = {"after": 10, "attempts": 2, "backoff": 5, "cooldown": 100}


def test_the_ladder_is_climbed_once_and_then_left(lab: Lab) -> None:
    lab.template(healing=QUICK)
    lab.conf.set_override("max_attempts", 1, "conductor")
    ward = Ward(lab)
    ward.lab.cloud.failing["reboot"] = TransientError(INTERNAL, "No.")
    ward.lab.cloud.failing["rebuild"] = TransientError(INTERNAL, "No.")
    ward.pass_time(25)
    ward.die()
    ward.pass_time(120)
    assert ward.tried() == ["reboot", "reboot", "rebuild", "rebuild"]
    assert ward.told() == ["device.healing"] * 4 + ["device.healing_gave_up"]
    assert ward.device.provisioning_status == "ERROR"
    assert ward.episode is not None
    assert ward.episode.gave_up


def test_what_comes_back_for_a_moment_does_not_begin_anew(
    lab: Lab,
) -> None:
    lab.template(healing=QUICK)
    ward = Ward(lab)
    ward.pass_time(25)
    for _ in range(5):
        ward.die()
        ward.pass_time(60, 10)
    assert ward.tried() == ["reboot", "reboot", "rebuild", "rebuild"]
    assert ward.told()[-1] == "device.healing_gave_up"


def test_what_comes_back_by_itself_is_not_touched(ward: Ward) -> None:
    ward.pass_time(25)
    ward.die()
    ward.pass_time(30)
    assert ward.episode is not None
    ward.die(DeviceState.RUNNING)
    ward.pass_time(AFTER + 60)
    assert ward.tried() == []
    assert ward.episode is None


def test_a_new_conductor_waits_before_it_heals(ward: Ward) -> None:
    ward.pass_time(25)
    ward.die()
    ward.pass_time(50)
    ward.conductor = ward.lab.conductor()
    ward.pass_time(20)
    assert ward.tried() == []
    ward.pass_time(10)
    assert ward.tried() == ["reboot"]


def test_a_cloud_that_does_not_answer_is_no_reason_to_heal(
    ward: Ward,
) -> None:
    ward.pass_time(25)
    ward.die()
    ward.pass_time(30)
    ward.lab.cloud.failing["observe"] = TransientError(UNAVAILABLE, "Away.")
    ward.pass_time(300, 30)
    assert ward.tried() == []
    assert ward.episode is not None
    assert ward.episode.waits_for == "doubt"
    ward.lab.cloud.failing.clear()
    ward.pass_time(10)
    assert ward.tried() == ["reboot"]


def test_a_template_may_leave_healing_to_people(lab: Lab) -> None:
    lab.template(healing={"ladder": []})
    ward = Ward(lab)
    ward.pass_time(25)
    ward.die()
    ward.pass_time(900, 30)
    assert ward.tried() == []
    assert ward.episode is None


def test_what_an_operator_holds_is_not_touched(ward: Ward) -> None:
    ward.pass_time(25)
    ward.die()
    ward.pass_time(30)
    with db.writer() as session:
        session.add(
            models.Hold(
                id="00000000-0000-4000-8000-000000000001",
                scope="device",
                target=ward.device_id,
                project_id="p",
                reason="I look at it.",
                user_id="u",
                created_at=ward.lab.now,
                updated_at=ward.lab.now,
                expires_at=ward.lab.now + 600_000_000,
            )
        )
    ward.pass_time(540, 30)
    assert ward.tried() == []
    assert ward.episode is not None
    assert ward.episode.waits_for == "hold"
    ward.pass_time(60, 30)
    assert ward.tried() == ["reboot"]


def test_what_a_user_cancelled_is_not_tried_again(ward: Ward) -> None:
    ward.pass_time(25)
    ward.die()
    ward.lab.cloud.failing["reboot"] = TransientError(INTERNAL, "No.")
    ward.pass_time(AFTER + 1)
    (reboot,) = [
        one for one in ward.lab.all(models.Operation) if one.action == "reboot"
    ]
    if reboot.state in ("PENDING", "WAITING", "RUNNING"):
        ward.lab.cancel(reboot.id)
    ward.pass_time(900, 30)
    assert ward.tried() == ["reboot"]


def test_what_a_user_does_meanwhile_is_left_to_the_user(ward: Ward) -> None:
    ward.pass_time(25)
    ward.die()
    ward.pass_time(30)
    ward.lab.cloud.failing["reboot"] = TransientError(INTERNAL, "No.")
    ward.lab.reboot(ward.device_id)
    ward.pass_time(900, 30)
    assert ward.device.provisioning_status == "ERROR"
    assert ward.tried() == []


def test_only_so_many_are_healed_at_once(lab: Lab) -> None:
    lab.conf.set_override("max_parallel", 2, "healing")
    lab.conf.set_override("breaker_devices", 100, "healing")
    lab.cloud.looks = 1
    ward = Ward(lab)
    others = [lab.device()[0] for _ in range(4)]
    lab.settle(ward.conductor)
    ward.pass_time(25)
    lab.cloud.looks = 10**6  # they stay in their reboots
    for device_id in (ward.device_id, *others):
        lab.cloud.machines.pop(device_id)
    seen: Any = []
    for _ in range(20):
        ward.lab.advance(5)
        for device_id in others:
            ward.conductor.reconciler.observe(device_id)
        ward.look()
        seen = ward.tried()
        assert len(seen) <= 2
    assert seen == ["reboot", "reboot"]
