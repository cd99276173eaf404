"""Of a device with an agent both sources are asked before it is healed."""

import pytest

from servicevm.db import models
from servicevm.drivers.infra.base import DeviceState

from .lab import Lab
from .site import Site


@pytest.fixture
def site(lab: Lab) -> Site:
    made = Site(lab)
    made.pass_time(60, 20, beating=True)
    return made


def test_an_agent_that_beats_is_left_alone(site: Site) -> None:
    site.pass_time(120, 10, beating=True)
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
    site.pass_time(200, 10)
    assert site.device.operating_status == "UNRESPONSIVE"
    assert site.waits_for == "doubt"
    assert site.tried() == []


def test_a_cloud_that_is_wrong_about_a_machine_is_not_believed(
    site: Site,
) -> None:
    machine = site.lab.cloud.machines[site.device_id]
    machine["state"] = DeviceState.STOPPED
    site.pass_time(200, 10, beating=True)
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
    site.pass_time(600, 30)
    assert site.device.operating_status == "UNRESPONSIVE"
    assert site.tried() == []
    site.relay_is_there = True
    site.agent.connect()
    site.pass_time(120, 10, beating=True)
    assert site.device.operating_status == "ONLINE"
    assert site.tried() == []
    assert site.lab.all(models.DeviceHealing) == []
