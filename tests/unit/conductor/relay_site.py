"""A device of a relay group, and relays of several groups."""

import json
from typing import Any

from servicevm import pki
from servicevm.db import api as db
from servicevm.db import models

from .agents import Agent, Relay
from .lab import Lab


def report(lab: Lab, name: str, group: str, address: str = "") -> None:
    """A relay says that it lives."""
    lab.conductor().relay_report(
        {
            "name": name,
            "host": "h",
            "group": group,
            "version": "1.0",
            "address": address,
            "sessions": 0,
            "started_at": 1,
        }
    )


def bind(name: str, project_id: str | None) -> None:
    """What the api does for an administrator."""
    with db.writer() as session:
        row = session.get(models.RelayGroup, name)
        if row is None:
            row = models.RelayGroup(name=name, created_at=1, updated_at=1)
            session.add(row)
        row.project_id = project_id


class Site:
    """The device of a project, of a group; its agent has not called yet.

    Relays r-blue and r-default are of those groups.
    """

    def __init__(self, lab: Lab, group: str | None) -> None:
        pki.ensure(lab.conf)
        self.lab = lab
        self.relay = Relay()
        lab.relay.bind(self.relay)
        self.conductor = lab.conductor()
        for name in ("blue", "default"):
            report(lab, f"r-{name}", name)
        self.device_id, self.operation = lab.device(
            lab.template(mgmt_driver="agent")
        )
        self.conductor.drain()
        self.use(group)
        self.agent = Agent(self.relay, self.conductor)
        files = lab.cloud.machines[self.device_id]["bootstrap"]
        self.token = json.loads(files["servicevm.json"])["token"]

    def use(self, group: str | None) -> None:
        with self.lab.change(models.Device, self.device_id) as row:
            row.relay_group = group

    @property
    def device(self) -> models.Device:
        found: models.Device = self.lab.get(models.Device, self.device_id)
        return found

    @property
    def refusals(self) -> list[models.Event]:
        return self.lab.events(type="device.relay_refused")

    def beat(self, **more: Any) -> list[Any]:
        beat = {
            "device_id": self.device_id,
            "epoch": self.agent.epoch,
            "age_us": 0,
            **more,
        }
        return list(self.conductor.heartbeats(self.agent.at, [beat]))

    def up(self, relay: str = "r-blue") -> None:
        self.agent.at = relay
        self.agent.enrol(self.token)
        self.agent.connect()
        self.conductor.drain()
        assert self.device.provisioning_status == "ACTIVE"
