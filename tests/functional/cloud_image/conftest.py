"""A real relay, and what a cloud gives a server that is to dial it."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg

from servicevm import conf as servicevm_conf
from servicevm import pki
from servicevm.drivers.infra.config_drive import write_config_drive
from servicevm.guest.manifest import DISK
from servicevm.relay.service import Relay
from servicevm.rpc.base import Json
from tests.functional.relay.conductor import MemoryConductor

from . import machine
from .machine import Machine


class Conductor(MemoryConductor):
    """One that signs what agents ask for."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        super().__init__()
        self._authority = pki.authority(conf)

    def enrol(
        self, token: str, csr: str, peer: str, relay: str | None = None
    ) -> Json:
        answer = super().enrol(token, csr, peer, relay)
        leaf = self._authority.sign(csr, answer["device_id"])
        return {
            **answer,
            "certificate": leaf.certificate,
            "ca_bundle": self._authority.ca_bundle,
        }

    def session_opened(
        self, device_id: str, serial: str, relay: str, hello: Json
    ) -> Json:
        opened = super().session_opened(device_id, serial, relay, hello)
        return {**opened, "ca_bundle": self._authority.ca_bundle}

    def count(self, method: str) -> int:
        return sum(item[0] == method for item in self.told)

    def wait_for_sessions(self, count: int) -> None:
        """Wait until so many sessions were opened, since the beginning."""
        with self._changed:
            assert self._changed.wait_for(
                lambda: self.count("session_opened") >= count, machine.BOOT
            ), self.told


@dataclass
class House:
    """The relay and its conductor."""

    conf: cfg.ConfigOpts
    conductor: Conductor
    relay: Relay
    device_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    token: str = "t" * 43

    def document(self) -> bytes:
        """The bootstrap document of a device with two cards."""
        assert self.relay.tcp_address is not None
        self.conductor.tokens[self.token] = self.device_id
        document: dict[str, Any] = {
            "version": 1,
            "device_id": self.device_id,
            "deployment_id": self.conf.deployment_id,
            "token": self.token,
            "ca_bundle": pki.authority(self.conf).ca_bundle,
            "transport": {
                "type": "tcp",
                "relays": [f"{machine.HOST}:{self.relay.tcp_address[1]}"],
                "interface_mac": machine.MGMT_MAC,
            },
            "interfaces": [
                {
                    "role": role,
                    "mac": mac,
                    "address": machine.GUEST,
                    "prefix": 24,
                    "gateway": None,
                    "egress_proxy": None,
                }
                for role, mac in (
                    ("ingress", machine.TENANT_MAC),
                    ("mgmt", machine.MGMT_MAC),
                )
            ],
        }
        return json.dumps(document).encode()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    conf = servicevm_conf.register(cfg.ConfigOpts())
    conf([], project="servicevm", default_config_files=[])
    conf.set_override("state_dir", str(tmp_path))
    conf.set_override("bind_port", 0, "relay")
    pki.ensure(conf)
    conductor = Conductor(conf)
    relay = Relay(conf, conductor, pki.relay_certificate(conf))
    relay.start()
    yield House(conf, conductor, relay)
    relay.stop()


@pytest.fixture
def disk(image_dir: Path, tmp_path: Path) -> Path:
    """A server's disk of 1 GiB."""
    return machine.copy_of(image_dir / DISK, tmp_path, size=1 << 30)


@pytest.fixture
def iso(tmp_path: Path) -> Callable[[bytes], Path]:
    """Make a config drive with this user_data."""

    def make(user_data: bytes) -> Path:
        path = tmp_path / "drive"
        files = {"user_data": user_data, "meta_data.json": b"{}"}
        write_config_drive(path, files)
        return path

    return make


@pytest.fixture
def boot(short_tmp_path: Path) -> Iterator[Callable[..., Machine]]:
    """Start machines; they are ended in the end."""
    made: list[Machine] = []

    def start(*arguments: Any, **options: Any) -> Machine:
        one = Machine(short_tmp_path, *arguments, **options)
        made.append(one)
        one.start()
        return one

    yield start
    for one in made:
        one.kill()
