"""A service that the commands reach over a socket."""

from collections.abc import Iterator

import pytest

from servicevmclient.testing import FakeServicevm
from tests.unit.client.conftest import bare_environment
from tests.unit.conftest import database_server, migrated, migrated_file

__all__ = ["bare_environment", "database_server", "migrated", "migrated_file"]


@pytest.fixture
def fake() -> Iterator[FakeServicevm]:
    with FakeServicevm() as service:
        yield service
