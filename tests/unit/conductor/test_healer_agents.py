"""Of a device with an agent both sources are asked before it is healed."""

import json

import pytest

from servicevm import pki
from servicevm.db import models
from servicevm.drivers.infra.base import DeviceState

from .agents import Agent, Relay
from .lab import Lab

REPORT = {
    "name": "r1",
    "host": "h",
    "group": "default",
    "version": "1",
    "address": "",
    "sessions": 1,
    "started_at": 17,
}


class Site:
    """A device whose agent is connected, over a relay that reports."""

    def __init__(self, lab: Lab) -> None:
        lab.conf.set_override("outage_grace", 20.0, "healing")
        pki.ensure(lab.conf)
        self.lab = lab
        self.relay = Relay()
        self.relay_is_there = True
        lab.relay.bind(self.relay)
        self.conductor = lab.conductor()
        self.device_id, _ = lab.device(lab.template(mgmt_driver="agent"))
        self.conductor.drain()
        self.agent = Agent(self.relay, self.conductor)
        files = lab.cloud.machines[self.device_id]["bootstrap"]
        self.agent.enrol(json.loads(files["servicevm.json"])["token"])
        self.agent.connect()
        self.conductor.drain()

    def beat(self) -> None:
        beat = {
            "device_id": self.device_id,
            "epoch": self.agent.epoch,
            "age_us": 0,
            "services": {},
        }
        self.conductor.heartbeats("r1", [beat])

    def pass_time(self, seconds: int, *, beating: bool = False) -> None:
        for _ in range(0, seconds, 5):
            self.lab.advance(5)
            if self.relay_is_there:
                self.conductor.relay_report(REPORT)
            if beating:
                self.beat()
            self.conductor.reconciler.observe(self.device_id)
            self.conductor.reconciler.look()
            self.conductor.drain()

    @property
    def device(self) -> models.Device:
        found: models.Device = self.lab.get(models.Device, self.device_id)
        return found

    @property
    def waits_for(self) -> str | None:
        (episode,) = self.lab.all(models.DeviceHealing)
        found: str | None = episode.waits_for
        return found

    def tried(self) -> list[str]:
        return [
            one.action
            for one in self.lab.all(models.Operation)
            if one.initiator == "system"
        ]


@pytest.fixture
def site(lab: Lab) -> Site:
    made = Site(lab)
    made.pass_time(60, beating=True)
    return made


def test_an_agent_that_beats_is_left_alone(site: Site) -> None:
    site.pass_time(120, beating=True)
    assert site.device.operating_status == "ONLINE"
    assert site.tried() == []


def test_a_machine_whose_agent_fell_silent_is_rebooted(site: Site) -> None:
    site.agent.disconnect()
    site.pass_time(50)
    assert site.device.operating_status == "UNRESPONSIVE"
    assert site.tried() == []
    site.pass_time(20)
    assert site.tried() == ["reboot"]


def test_an_agent_that_answers_when_it_is_asked_is_not_rebooted(
    site: Site,
) -> None:
    # Its beats are lost, its session is there.
    site.pass_time(200)
    assert site.device.operating_status == "UNRESPONSIVE"
    assert site.waits_for == "doubt"
    assert site.tried() == []


def test_a_cloud_that_is_wrong_about_a_machine_is_not_believed(
    site: Site,
) -> None:
    machine = site.lab.cloud.machines[site.device_id]
    machine["state"] = DeviceState.STOPPED
    site.pass_time(200, beating=True)
    assert site.device.operating_status == "DEAD"
    assert site.waits_for == "doubt"
    assert site.tried() == []


def test_a_machine_that_died_with_its_agent_is_started(site: Site) -> None:
    machine = site.lab.cloud.machines[site.device_id]
    machine["state"] = DeviceState.STOPPED
    site.agent.disconnect()
    site.pass_time(70)
    assert site.tried() == ["reboot"]


def test_while_the_relay_is_away_nothing_is_healed(site: Site) -> None:
    site.relay_is_there = False
    site.relay.agents.clear()
    site.pass_time(600)
    assert site.device.operating_status == "UNRESPONSIVE"
    assert site.tried() == []
    site.relay_is_there = True
    site.agent.connect()
    site.pass_time(120, beating=True)
    assert site.device.operating_status == "ONLINE"
    assert site.tried() == []
    assert site.lab.all(models.DeviceHealing) == []
