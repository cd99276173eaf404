"""A service that the commands reach over a socket."""

from collections.abc import Iterator

import pytest

from servicevmclient.testing import FakeServicevm


@pytest.fixture
def fake() -> Iterator[FakeServicevm]:
    with FakeServicevm() as service:
        yield service
