"""A device with an agent, whose relay comes and goes."""

import json
from typing import Any

from servicevm import pki
from servicevm.db import models

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

    def __init__(self, lab: Lab, **spec: Any) -> None:
        lab.conf.set_override("outage_grace", 20.0, "healing")
        pki.ensure(lab.conf)
        self.lab = lab
        self.relay = Relay()
        self.relay_is_there = True
        lab.relay.bind(self.relay)
        self.conductor = lab.conductor()
        template = lab.template(mgmt_driver="agent", **spec)
        self.device_id, _ = lab.device(template)
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
            "services": self.agent.services,
        }
        self.conductor.heartbeats("r1", [beat])

    def pass_time(
        self, seconds: int, step: int = 5, *, beating: bool = False
    ) -> None:
        """Let everybody take their turn every `step` seconds.

        A long time in which nothing is measured goes by in longer steps.
        """
        for begun in range(0, seconds, step):
            self.lab.advance(min(step, seconds - begun))
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
        """What the system did, in order."""
        return [
            one.action
            for one in sorted(
                self.lab.all(models.Operation), key=lambda one: one.seq
            )
            if one.initiator == "system"
        ]
