"""A Keystone for all tests here, and the API before it."""

from collections.abc import Iterator

import pytest

from tests.functional.identity.service import Service
from tools.cluster.keystone import Keystone


@pytest.fixture(scope="session")
def keystone(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Keystone]:
    """A real one; the first on a machine takes a minute to install."""
    with Keystone(tmp_path_factory.mktemp("identity") / "keystone") as made:
        yield made


@pytest.fixture(scope="module")
def service(
    keystone: Keystone, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The API, and its entry in Keystone's catalogue."""
    folder = tmp_path_factory.mktemp("identity") / "service"
    with Service(folder, keystone) as made:
        keystone.register(made.url)
        yield made
