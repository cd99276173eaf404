import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg

from servicevm import conf as servicevm_conf
from servicevm import pki
from servicevm.relay.service import Relay
from servicevm_agent import wire
from tests.functional.relay.agent import Address, Agent
from tests.functional.relay.conductor import MemoryConductor
from tests.functional.relay.credentials import Credentials


class House:
    """A relay on a unix socket and a TCP port, and what agents need.

    :ivar options: of the group relay, to be changed before `start`
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._agents: list[Agent] = []
        self.stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self.conf = servicevm_conf.register(cfg.ConfigOpts())
        self.conf([], project="servicevm", default_config_files=[])
        self.conf.set_override("state_dir", str(folder))
        self.option("bind_port", 0)
        self.option("flush_interval", 0.05)
        self.option("counters_interval", 0.05)
        pki.ensure(self.conf)
        self.credentials = Credentials(folder / "pki", folder)
        self.conductor = MemoryConductor()
        self.relay: Relay

    def option(self, name: str, value: Any) -> None:
        self.conf.set_override(name, value, group="relay")

    def start(self) -> None:
        self.relay = Relay(
            self.conf, self.conductor, pki.relay_certificate(self.conf)
        )
        self.relay.start()

    def stop(self) -> None:
        self.stopping.set()
        for thread in self._threads:
            thread.join(10)
        self.relay.stop()
        for agent in self._agents:
            agent.sock.close()

    @property
    def tcp(self) -> tuple[str, int]:
        assert self.relay.tcp_address is not None
        return self.relay.tcp_address

    @property
    def serial(self) -> Path:
        return Path(self.conf.relay.serial_socket)

    def agent(
        self,
        device_id: str | None = None,
        *,
        address: Address | None = None,
        **context: Any,
    ) -> Agent:
        """An agent whose TLS is up and who has not said hello."""
        pem, _ = self.credentials.issue(
            f"spiffe://local/device/{device_id or uuid.uuid4()}"
        )
        agent = Agent(
            address or self.tcp,
            self.credentials.context(pem, wire.ALPN_SESSION, **context),
        )
        self._agents.append(agent)
        return agent

    def echo(self, device_id: str) -> Agent:
        """An agent that answers pings by itself."""
        agent = self.agent(device_id)
        agent.hello()
        self.background(agent.echo, self.stopping)
        return agent

    def background(self, work: Callable[..., Any], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        thread.start()
        self._threads.append(thread)


@pytest.fixture
def quiet_house(tmp_path: Path) -> Iterator[House]:
    """Not started; the test sets options and starts it."""
    house = House(tmp_path)
    yield house
    house.stop()


@pytest.fixture
def house(quiet_house: House) -> House:
    quiet_house.start()
    return quiet_house


@pytest.fixture
def device_id() -> str:
    return str(uuid.uuid4())
