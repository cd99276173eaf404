"""What unit tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit import database, server


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
