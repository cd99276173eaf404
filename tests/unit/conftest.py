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
def migrated(
    tmp_path_factory: pytest.TempPathFactory,
    database_server: server.Server | None,
) -> Path:
    """An empty database at the newest version, to be copied."""
    if database_server is not None:
        return database.migrate_on(database_server)
    return database.migrate(tmp_path_factory.mktemp("migrated"))
