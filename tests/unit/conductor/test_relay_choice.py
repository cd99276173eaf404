"""Which relays an agent is told, and when it is told others."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from servicevm import clock, errors, pki
from servicevm.db import api as db
from servicevm.db import models
from servicevm.drivers.infra.base import InterfaceSpec
from servicevm.drivers.mgmt.agent import AgentMgmtDriver
from servicevm.errors import TransientError

from .agents import Relay
from .lab import Lab
from .relay_site import Site, bind, report

MGMT = InterfaceSpec("mgmt", 1, "bridge:br0", "52:54:00:00:00:01")
TCP = {"transport": "tcp"}


MakeSite = Callable[[str | None], Site]


@pytest.fixture
def site(lab: Lab) -> MakeSite:
    return lambda group: Site(lab, group)


def _relays(site: Site, options: dict[str, Any]) -> dict[str, Any]:
    driver = AgentMgmtDriver(site.lab.conf, site.lab.relay)
    files = driver.bootstrap(site.device_id, options, [MGMT])
    found: dict[str, Any] = json.loads(files["servicevm.json"])["transport"]
    return found


def test_an_agent_is_told_the_relays_that_its_group_reports(
    site: MakeSite,
) -> None:
    made = site("blue")
    lab = made.lab
    lab.conf.set_override("addresses", ["192.0.2.99:1"], group="relay")
    report(lab, "r2", "blue", "192.0.2.2:1")
    report(lab, "r9", "red", "192.0.2.9:1")
    report(lab, "r3", "blue", "0.0.0.0:1")
    report(lab, "r4", "blue", "192.0.2.4:99999")
    report(lab, "r5", "blue", "here, please")
    lab.advance(60)
    # One that is started again just now is wanted as well.
    report(lab, "r1", "blue", "192.0.2.1:1")
    told = _relays(made, TCP)
    assert told["relay_group"] == "blue"
    assert sorted(told["relays"]) == ["192.0.2.1:1", "192.0.2.2:1"]
    explicit = _relays(made, TCP | {"relays": ["192.0.2.5:1"]})
    assert explicit["relays"] == ["192.0.2.5:1"]
    assert explicit["relay_group"] == "blue"


def test_an_agent_keeps_so_many_relays(site: MakeSite) -> None:
    made = site("blue")
    for number in range(20):
        report(made.lab, f"r{number}", "blue", f"192.0.2.{number}:1")
    assert len(_relays(made, TCP)["relays"]) == 16


def test_the_default_group_is_where_the_configuration_says(
    site: MakeSite,
) -> None:
    made = site("default")
    report(made.lab, "r1", "default", "192.0.2.1:1")
    assert _relays(made, TCP)["relays"] == ["192.0.2.1:1"]
    made.lab.conf.set_override("bind_port", 9, group="relay")
    assert _relays(made, TCP)["relays"] == ["192.0.2.1:1"]
    made.lab.conf.set_override("addresses", ["192.0.2.9:1"], group="relay")
    told = _relays(made, TCP)
    assert told["relays"] == ["192.0.2.9:1"]
    assert told["relay_group"] == "default"


def test_a_device_older_than_relay_groups_is_told_none(
    site: MakeSite,
) -> None:
    made = site(None)
    report(made.lab, "r1", "default", "192.0.2.1:1")
    told = _relays(made, TCP)
    assert told["relays"] == ["192.0.2.1:1"]
    assert "relay_group" not in told


@pytest.mark.parametrize("known", ["nothing", "dead", "nowhere"])
def test_a_group_without_a_relay_says_so(site: MakeSite, known: str) -> None:
    made = site("red")
    if known != "nothing":
        address = "192.0.2.1:1" if known == "dead" else ""
        report(made.lab, "r1", "red", address)
    if known == "dead":
        made.lab.advance(21)
    with pytest.raises(TransientError, match="relay group red") as caught:
        _relays(made, TCP)
    assert caught.value.reason is errors.NO_RELAY
    # The token is not made either: nothing is half done.
    assert made.lab.count(models.EnrolmentToken) == 1


def test_a_device_waits_for_a_relay_and_fails_with_that_reason(
    lab: Lab,
) -> None:
    pki.ensure(lab.conf)
    conductor = lab.conductor()
    lab.relay.bind(Relay())
    template = lab.template(
        mgmt_driver="agent", mgmt_options=TCP | {"relay_group": "red"}
    )
    bind("red", "p")
    made = []
    for _ in range(2):
        device_id, operation = lab.device(template)
        with db.writer() as session:
            session.add(
                models.DeviceInterface(
                    device_id=device_id,
                    index=1,
                    role="mgmt",
                    network="user",
                    mac=f"52:54:01:{device_id[:2]}:00:{len(made):02}",
                )
            )
        made.append((device_id, operation))
    conductor.drain()
    assert lab.operation(made[0][1]).state == "WAITING"
    lab.settle(conductor)
    for device_id, operation in made:
        failed = lab.operation(operation)
        assert (failed.state, failed.error_code) == ("FAILED", "no_relay")
        device = lab.get(models.Device, device_id)
        assert device.provisioning_status == "ERROR"
        assert device.status_code == "no_relay"
        assert "relay group red" in device.status_reason
        assert "Start a relay" in device.status_reason
    # What to do, done.
    report(lab, "r1", "red", "192.0.2.1:1")
    lab.retry(made[0][1])
    conductor.drain()
    device = lab.get(models.Device, made[0][0])
    assert device.provisioning_status == "PENDING_CREATE"
    files = lab.cloud.machines[device.id]["bootstrap"]
    transport = json.loads(files["servicevm.json"])["transport"]
    assert transport["relays"] == ["192.0.2.1:1"]


def test_what_is_made_anew_uses_what_a_new_device_would(
    lab: Lab, site: MakeSite
) -> None:
    made = site("default")
    made.up("r-default")
    with db.writer() as session:
        revision = session.get_one(
            models.DeviceTemplateRevision, (lab.template_id, 1)
        )
        revision.spec = revision.spec | {"mgmt_options": TCP}
        session.add(
            models.DeviceInterface(
                device_id=made.device_id,
                index=1,
                role="mgmt",
                network="user",
                mac="52:54:01:00:00:01",
            )
        )
    report(lab, "r-default", "default", "192.0.2.1:1")
    report(lab, "r-blue", "blue", "192.0.2.2:1")
    bind("blue", "p")
    # As long as its machine is there, so is what it was told.
    lab.reboot(made.device_id)
    made.conductor.drain()
    assert made.device.relay_group == "default"
    made.agent.boot_id = "the next boot"
    made.agent.connect()
    made.conductor.drain()
    assert made.device.provisioning_status == "ACTIVE"
    del lab.cloud.machines[made.device_id]
    lab.reboot(made.device_id)
    made.conductor.drain()
    assert made.device.relay_group == "blue"
    files = lab.cloud.machines[made.device_id]["bootstrap"]
    transport = json.loads(files["servicevm.json"])["transport"]
    assert transport["relays"] == ["192.0.2.2:1"]
    assert clock.now_us() >= made.device.updated_at
