"""What unit tests share."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit import database, server

# Thousands of tests in a process that imports all of them: a look for cycles
# as often as Python's own was a twentieth of their time (2026-11).
gc.set_threshold(50_000, 20, 20)


def pytest_collection_finish() -> None:
    """What is there before the first test stays to the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def database_server(
    request: pytest.FixtureRequest,
) -> Iterator[server.Server | None]:
    """The server that ``--database`` asks for; None for SQLite."""
    with server.started(request.config.getoption("--database")) as found:
        yield found


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database at the newest version, to be copied."""
    return database.migrate(tmp_path_factory.mktemp("migrated"))


@pytest.fixture(scope="session")
def migrated(
    request: pytest.FixtureRequest,
    database_server: server.Server | None,
) -> Path:
    """The same on the server, if there is one; to be handed to `use`."""
    if database_server is not None:
        return database.migrate_on(database_server)
    found: Path = request.getfixturevalue("migrated_file")
    return found
