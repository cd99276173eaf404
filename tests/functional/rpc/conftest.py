import gc
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg

from servicevm import conf as servicevm_conf
from servicevm.rpc import bus, messages
from servicevm.rpc.client import Client
from servicevm.rpc.server import Server
from tests.functional.rpc.house import House
from tests.functional.rpc.recorder import Recorder
from tools.cluster.rabbitmq import RabbitMq

#: What oslo.messaging's threads meet while a broker is away: deprecated
#: functions of its own libraries, sockets that py-amqp does not close.
LIBRARIES = (
    "ignore::DeprecationWarning:oslo_utils",
    "ignore::ResourceWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "functional/rpc/" in str(item.path):
            for text in LIBRARIES:
                item.add_marker(pytest.mark.filterwarnings(text))


Serve = Callable[..., Server]


@pytest.fixture(scope="session")
def broker() -> Iterator[RabbitMq]:
    """One for all tests; who stops it starts it again."""
    folder = Path(tempfile.mkdtemp(prefix="svm-"))
    with RabbitMq(folder / "rabbitmq") as started:
        yield started
    shutil.rmtree(folder)


@pytest.fixture
def conf(broker: RabbitMq, tmp_path: Path) -> Iterator[cfg.ConfigOpts]:
    """Of a process on that broker."""
    file = tmp_path / "servicevm.conf"
    file.write_text(
        f"[DEFAULT]\nrpc = oslo\nstate_dir = {tmp_path}\n"
        f"transport_url = {broker.url}\n"
    )
    found = servicevm_conf.register(cfg.CONF)
    found([], project="servicevm", default_config_files=[str(file)])
    yield found
    # What a test has set outlives clear().
    if "transport_url" in found:
        found.clear_override("transport_url")
    found.clear()


@pytest.fixture
def serve(conf: cfg.ConfigOpts) -> Iterator[Serve]:
    """Has a handler serve a topic as a process of that name."""
    started: list[Server] = []

    def start(
        topic: str, name: str, methods: Any, handler: Any, threads: int = 4
    ) -> Server:
        server = Server(conf, topic, name, methods, handler, threads)
        server.start()
        started.append(server)
        assert server.listening(30)
        return server

    yield start
    with ThreadPoolExecutor() as pool:
        # After a fault it may take longer; nothing is promised then.
        for one in started:
            pool.submit(one.stop, 10)


@pytest.fixture(autouse=True)
def hang_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test connected is closed after it."""
    made: list[Any] = []
    begin = Client.__init__

    def note(self: Any, *arguments: Any) -> None:
        begin(self, *arguments)
        made.append(self)

    monkeypatch.setattr(Client, "__init__", note)
    yield
    for client in made:
        client.close()
    with warnings.catch_warnings():
        # py-amqp leaves the sockets of lost connections to the collector.
        warnings.simplefilter("ignore")
        gc.collect()


@pytest.fixture
def recorder(serve: Serve) -> Recorder:
    """A conductor ``c1`` that serves both its topics."""
    made = Recorder("c1")
    serve(bus.CONDUCTORS, "c1", messages.CONDUCTOR_API, made)
    serve(bus.AGENTS, "c1", messages.AGENT_EVENTS, made)
    return made


@pytest.fixture
def house(broker: RabbitMq) -> Iterator[House]:
    folder = Path(tempfile.mkdtemp(prefix="svm-"))
    made = House(folder, broker)
    yield made
    made.close()
    shutil.rmtree(folder)
