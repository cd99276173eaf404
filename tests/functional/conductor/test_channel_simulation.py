"""The channel over a network that loses, doubles, delays and reorders.

One thread and a seed. The conductor is the real one on a real database, the
agent's side is its real service host and journal; what lies between them
treats every message as it likes, in both directions, and ends sessions and
agents in the middle. Afterwards the network is calm, and everything has to
be as it was asked for, whatever arrived when.
"""

import copy
import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from servicevm import pki
from servicevm.db import models
from servicevm.errors import (
    AGENT_BUSY,
    AGENT_ERROR,
    AGENT_NOT_CONNECTED,
    AGENT_TIMEOUT,
    PermanentError,
    ServicevmError,
    TransientError,
)
from servicevm.states import ResourceType
from servicevm_agent.journal import Journal
from servicevm_agent.layout import Layout
from servicevm_agent.service import (
    ONLINE,
    ConfigRefused,
    Environment,
    Service,
    Status,
)
from servicevm_agent.service_host import Refusal, ServiceHost, digest_of
from tests.unit.conductor.agents import make_csr, serial_of
from tests.unit.conductor.lab import CONFIG, Lab

#: What may happen to a message, and how often.
FATES = {
    "arrives": 60,
    "is lost": 8,
    "its answer is lost": 8,
    "arrives twice": 12,
    "arrives late": 12,
}


class Lost(Exception):
    """The session is over."""


class Network:
    """Decides what becomes of messages."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.calm = False
        self._late: list[Callable[[], Any]] = []

    def carry(self, deliver: Callable[[], Any]) -> Any:
        """:raises Lost: there is no answer; it may have arrived or not"""
        fate = "arrives"
        if not self.calm:
            (fate,) = self._rng.choices(list(FATES), list(FATES.values()))
        if fate == "is lost":
            raise Lost
        if fate == "arrives late":
            self._late.append(deliver)
            raise Lost
        answer = deliver()
        if fate == "arrives twice":
            quietly(deliver)
        if fate == "its answer is lost":
            raise Lost
        return answer

    def let_late_ones_arrive(self, most: int) -> None:
        for _ in range(min(most, len(self._late))):
            which = self._rng.randrange(len(self._late))
            quietly(self._late.pop(which))


def quietly(deliver: Callable[[], Any]) -> None:
    """Nobody waits for this one's answer."""
    try:
        deliver()
    except ServicevmError:
        pass


class Box(Service):
    """Serves a port; refuses those that seven divides."""

    def __init__(self, history: list[int]) -> None:
        self._history = history

    def apply(self, config: Mapping[str, Any], *, trusted: bool) -> None:
        port = int(config["listeners"][0]["port"])
        if port % 7 == 0:
            raise ConfigRefused(f"haproxy: port {port} is not for us")
        self._history.append(port)

    def remove(self) -> None:
        self._history.append(0)

    def observe(self) -> Status:
        return Status(ONLINE)

    def counters(self) -> dict[str, int]:
        return {}

    def act(self, action: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        raise ValueError(action)


class Agent:
    """The device's side, and the relay that holds its session."""

    def __init__(self, lab: Lab, network: Network, folder: Path) -> None:
        self._network = network
        self._folder = folder
        self.conductor = lab.conductor()
        self.epoch: int | None = None
        self.serial = ""
        self._csr = make_csr()
        #: Ports that each service was told to serve, in order.
        self.history: dict[str, list[int]] = {}
        lab.relay.bind(self)
        self.device_id, _ = lab.device(lab.template(mgmt_driver="agent"))
        self.conductor.drain()
        self.token = lab.cloud.machines[self.device_id]["bootstrap"]
        self.restart()

    def restart(self) -> None:
        """The process ends at any moment; the journal stays."""
        self.drop()
        self.host = ServiceHost(
            Journal(str(self._folder)),
            Environment(Layout()),
            {"loadbalancer": self._create},
            lambda: None,
        )
        self.host.restore()

    def _create(self, service_id: str, environment: Environment) -> Service:
        return Box(self.history.setdefault(service_id, []))

    # -- the relay, as the conductor sees it ---------------------------------

    def call(
        self, device_id: str, method: str, params: Any, timeout: float
    ) -> Any:
        if self.epoch is None:
            raise TransientError(AGENT_NOT_CONNECTED, "Not connected.")
        asked = copy.deepcopy(params)
        try:
            return self._network.carry(lambda: self._asked(method, asked))
        except Lost:
            raise TransientError(AGENT_TIMEOUT, "No answer.") from None

    def close_session(self, device_id: str, reason: str) -> bool:
        self.drop()
        return True

    def _asked(self, method: str, params: Any) -> Any:
        try:
            if method == "apply":
                self.host.apply(params)
                if self._network.calm:
                    self.work()
                return {"accepted": True}
            if method == "remove":
                self.host.remove(
                    "key", params["service_id"], params["generation"]
                )
                self.work()
                return {"removed": True}
        except Refusal as refusal:
            if refusal.reason == "busy":
                raise TransientError(AGENT_BUSY, str(refusal)) from None
            raise PermanentError(
                AGENT_ERROR, f"{refusal} [{refusal.reason}]"
            ) from None
        return {"ready": True, "boot_id": "b", "services": self.host.reports()}

    # -- the agent -----------------------------------------------------------

    def work(self) -> None:
        """Do what the host's thread would do."""
        while not self.host._changes.empty():
            self.host._changes.get_nowait()()
        self.host.answers()

    def drop(self) -> None:
        """The session ends; the conductor may hear of it, or later."""
        epoch, self.epoch = self.epoch, None
        if epoch is not None:
            try:
                self._network.carry(
                    lambda: self.conductor.session_closed(
                        self.device_id, epoch, "lost"
                    )
                )
            except Lost:
                pass

    def turn(self, *, renew: bool = False) -> None:
        """One thing of what the agent's loop does."""
        try:
            if not self.serial:
                self._certified("enrol", self._token(), self._csr, "serial")
            elif self.epoch is None:
                self._connect()
            elif renew:
                self._certified(
                    "renew", self.device_id, self.serial, self._csr
                )
                self.drop()
            else:
                self.work()
                self._tell()
        except Lost:
            self.drop()

    def _token(self) -> str:
        token: str = json.loads(self.token["servicevm.json"])["token"]
        return token

    def _certified(self, method: str, *arguments: Any) -> None:
        ask = getattr(self.conductor, method)
        answer = self._network.carry(lambda: ask(*arguments))
        self.serial = serial_of(answer["certificate"])
        self._csr = make_csr(ec.generate_private_key(ec.SECP256R1()))

    def _connect(self) -> None:
        hello = {
            "proto": 1,
            "agent_version": "1.0",
            "boot_id": "b",
            "ready": True,
            "services": copy.deepcopy(self.host.reports(told=True)),
        }
        serial = self.serial
        answer = self._network.carry(
            lambda: self.conductor.session_opened(
                self.device_id, serial, "r1", hello
            )
        )
        self.epoch = answer["epoch"]

    def _tell(self) -> None:
        epoch = self.epoch
        assert epoch is not None
        for result in self.host.results():
            self._network.carry(
                lambda result=result: self.conductor.result(
                    self.device_id, epoch, result
                )
            )
            self.host.acknowledge(result)
        beat = {
            "device_id": self.device_id,
            "epoch": epoch,
            "age_us": 1,
            "services": copy.deepcopy(self.host.changed_reports()),
        }
        self._network.carry(lambda: self.conductor.heartbeats("r1", [beat]))


def with_port(port: int) -> dict[str, Any]:
    config = copy.deepcopy(CONFIG)
    config["listeners"][0]["port"] = port  # type: ignore[index]
    return config


def make_true(lab: Lab, service_id: str) -> None:
    """The lab invents digests; the agent checks them."""
    with lab.change(models.Service, service_id) as row:
        row.digest = digest_of(row.config)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_network_does_all_comes_out_as_asked(
    lab: Lab, tmp_path: Path, seed: int
) -> None:
    print(f"seed {seed}")
    rng = random.Random(seed)  # noqa: S311 - a seed to repeat it by
    pki.ensure(lab.conf)
    network = Network(rng)
    agent = Agent(lab, network, tmp_path / "journal")
    wanted: dict[str, int] = {}
    port = 100
    for _ in range(150):
        match rng.randrange(20):
            case 0 if len(wanted) < 3:
                port += 1
                service_id, _ = lab.service(agent.device_id, with_port(port))
                make_true(lab, service_id)
                wanted[service_id] = port
            case 1 | 2 if wanted:
                port += 1
                service_id = rng.choice(list(wanted))
                lab.update(service_id, with_port(port))
                make_true(lab, service_id)
                wanted[service_id] = port
            case 3 if wanted and rng.random() < 0.2:
                service_id = rng.choice(list(wanted))
                lab.delete_service(service_id)
                del wanted[service_id]
            case 4 if rng.random() < 0.5:
                agent.restart()
            case 5 | 6:
                network.let_late_ones_arrive(2)
            case 7:
                agent.drop()
            case 8:
                agent.turn(renew=True)
            case 9 | 10 | 11 | 12:
                lab.advance(rng.uniform(0.1, 5))
                agent.conductor.drain()
            case _:
                agent.turn()
    network.calm = True
    network.let_late_ones_arrive(1000)
    agent.drop()
    calm_down(lab, agent)
    check(lab, agent, wanted)


def calm_down(lab: Lab, agent: Agent) -> None:
    for _ in range(4):
        while agent.epoch is None:
            agent.turn()
        agent.turn()
        lab.settle(agent.conductor)
        # The reconciler's next tries, a minute later.
        lab.advance(61)
        agent.conductor.reconciler.mend(agent.device_id)
        agent.conductor.reconciler.sweep()
        agent.drop()


def check(lab: Lab, agent: Agent, wanted: dict[str, int]) -> None:
    assert lab.get(models.Device, agent.device_id).provisioning_status == (
        "ACTIVE"
    )
    rows = {row.id: row for row in lab.all(models.Service)}
    assert set(rows) == set(wanted)
    reports = agent.host.reports()
    assert set(reports) == set(wanted)
    for service_id, port in wanted.items():
        row, report = rows[service_id], reports[service_id]
        if port % 7 == 0:
            assert row.provisioning_status == "ERROR"
            assert row.status_code == "config_refused"
            assert report["failed_generation"] == row.generation
            continue
        assert row.provisioning_status == "ACTIVE", row.status_reason
        assert row.observed_generation == row.generation
        assert report["generation"] == row.generation
        assert report["digest"] == row.digest
        assert agent.history[service_id][-1] == port
    for history in agent.history.values():
        # Never back to an older one; the end of a removed one is the end.
        ports = [port for port in history if port]
        assert ports == sorted(ports)
    for operation in lab.all(models.Operation):
        if operation.resource_type == ResourceType.DEVICE:
            assert operation.state == "SUCCEEDED"
    assert len(lab.all(models.AgentCertificate)) < 100
