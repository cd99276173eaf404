import json
import shutil
import socket
import uuid
from pathlib import Path

import pytest
from oslo_config import cfg

from servicevm import conf as options
from servicevm.drivers.infra.base import DeviceSpec, InterfaceSpec
from servicevm.drivers.infra.qemu import QemuInfraDriver
from servicevm.guest import build

AGENT = Path(__file__).parent / "agent" / "servicevm_agent"


class Guest:
    """The host's end of a guest's port; speaks to the tests' agent."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._file = link.makefile("rb")

    def read(self):
        line = self._file.readline()
        if not line:
            raise EOFError
        return json.loads(line)

    def __call__(self, method, *arguments):
        """Have the guest do something, and return its answer."""
        self.tell(method, *arguments)
        return self.read()

    def tell(self, method, *arguments) -> None:
        line = json.dumps([method, *arguments]) + "\n"
        self._link.sendall(line.encode())

    def close(self) -> None:
        self._file.close()
        self._link.close()


@pytest.fixture(scope="session")
def image(tmp_path_factory):
    """The real image, but for the agent in it."""
    folder = tmp_path_factory.mktemp("image") / "image"
    build.build(folder, progress=print, agent=AGENT)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def conf(tmp_path, image):
    found = options.register(cfg.ConfigOpts())
    found([], project="servicevm", default_config_files=[])
    found.set_override("state_dir", str(tmp_path))
    found.set_override("image_dir", str(image), "qemu")
    found.set_override("accelerator", "tcg", "qemu")
    (tmp_path / "run").mkdir()
    return found


@pytest.fixture
def make_driver(conf):
    made = []

    def make():
        made.append(QemuInfraDriver(conf))
        return made[-1]

    yield make
    driver = make()
    for one in made:
        one.close()
    for device_id in driver.device_ids():
        driver.delete_leftover(device_id)
    driver.close()


@pytest.fixture
def driver(make_driver):
    return make_driver()


@pytest.fixture
def make_spec():
    def make(network="user", **changes) -> DeviceSpec:
        return DeviceSpec(
            str(uuid.uuid4()),
            "name",
            "project",
            {"memory_mib": 128, **changes},
            [
                InterfaceSpec(
                    "ingress",
                    0,
                    network,
                    "52:54:00:00:00:01",
                    "10.0.2.15",
                    24,
                )
            ],
            {"servicevm.json": b"{}", "meta_data.json": b"{}"},
        )

    return make


@pytest.fixture
def guests(conf):
    """Waits for the next guest that comes up."""
    opened = []
    with socket.socket(socket.AF_UNIX) as relay:
        relay.bind(conf.relay.serial_socket)
        relay.listen(8)
        relay.settimeout(90)

        def wait() -> Guest:
            link, _ = relay.accept()
            link.settimeout(90)
            opened.append(Guest(link))
            assert opened[-1].read() == "ready"
            return opened[-1]

        yield wait
        for guest in opened:
            guest.close()
