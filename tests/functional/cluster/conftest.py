"""A cluster of real processes, one per database, for all tests of it."""

import json
import os
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from keystoneauth1 import session

from servicevmclient.v1.client import Client
from tools.cluster.cluster import CLOUDS, DATABASES, Cluster
from tools.cluster.fleet import BIN

TEMPLATE = {
    "infra_driver": "noop",
    "infra_options": {"create_seconds": 1, "delete_seconds": 0.2},
    "mgmt_driver": "noop",
    "interfaces": [{"role": "ingress", "network": "any"}],
    "service_types": ["loadbalancer"],
    "slots": 4,
}
OPTIONS = {
    "conductor": {"lease": 3, "poll_interval": 0.5, "reconcile_interval": 2},
    "quota": {"devices": 200},
}

#: Seconds that a test may take where it starts the cluster.
START = 420

Eventually = Callable[[Callable[[], Any]], Any]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test of a cluster has to wait for it to start."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(START))


@pytest.fixture(scope="session", params=sorted(DATABASES))
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="svm-cluster-", dir="/tmp"))
    made = Cluster(folder, database=request.param, options=OPTIONS)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def whole(cluster: Cluster) -> None:
    """What a test before may have left broken is mended."""
    for server in cluster.backing.values():
        server.start()
    for one in cluster.members:
        one.resume()
        one.start()


@pytest.fixture
def sdk(cluster: Cluster) -> Iterator[Callable[[str], Client]]:
    """The SDK in the name of a cloud."""
    sessions: list[session.Session] = []

    def connect(cloud: str) -> Client:
        who = cluster.keystone.login(CLOUDS[cloud])
        sessions.append(session.Session(auth=who.plugin(), timeout=60))
        return Client(sessions[-1])

    yield connect
    for one in sessions:
        one.session.close()


@pytest.fixture
def member(sdk: Callable[[str], Client]) -> Client:
    return sdk("member")


@pytest.fixture
def template(cluster: Cluster, sdk: Callable[[str], Client]) -> str:
    """Id of a template of noop devices, the same for all tests."""
    admin = sdk("admin")
    found = admin.find_device_template("lb", ignore_missing=True)
    if found is None:
        found = admin.create_device_template(name="lb", **TEMPLATE)
    return str(found.id)


@dataclass(frozen=True)
class Shell:
    """A user's shell with ``OS_CLOUD`` set."""

    clouds: Path

    def ok(self, command: str, cloud: str = "member") -> str:
        """Run it; anything but success fails the test."""
        program, *arguments = shlex.split(command)
        done = subprocess.run(
            [str(BIN / program), *arguments],
            env=os.environ
            | {"OS_CLIENT_CONFIG_FILE": str(self.clouds), "OS_CLOUD": cloud},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def json(self, command: str, cloud: str = "member") -> Any:
        return json.loads(self.ok(f"{command} -f json", cloud))


@pytest.fixture
def shell(cluster: Cluster) -> Shell:
    return Shell(cluster.clouds)


@pytest.fixture
def eventually() -> Eventually:
    """Wait until something is so, at most 60 s; returns it."""

    def wait(condition: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + 60
        while not (found := condition()):
            assert time.monotonic() < deadline, "it never came to be"
            time.sleep(0.1)
        return found

    return wait
