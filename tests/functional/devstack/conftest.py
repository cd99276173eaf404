"""One node for all tests here, and the servers that it needs."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.devstack.node import Node
from tools.cluster.keystone import Keystone
from tools.cluster.mariadb import MariaDb
from tools.cluster.rabbitmq import RabbitMq

#: Seconds that a test may take where it stacks the node.
START = 900


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test has to wait for everything to start."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(START))


@pytest.fixture(scope="session")
def devstack_folder() -> Iterator[Path]:
    """Where MariaDB's own user can pass."""
    folder = Path(tempfile.mkdtemp(prefix="svm-devstack-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def keystone(devstack_folder: Path) -> Iterator[Keystone]:
    with Keystone(devstack_folder / "keystone") as made:
        yield made


@pytest.fixture(scope="session")
def node(devstack_folder: Path, keystone: Keystone) -> Iterator[Node]:
    """Stacked, and working."""
    with (
        MariaDb(devstack_folder / "mariadb", durable=False) as database,
        RabbitMq(devstack_folder / "rabbitmq") as broker,
    ):
        made = Node(devstack_folder / "node", keystone, database, broker)
        try:
            made.stack()
            yield made
        finally:
            made.phase("unstack")
