"""What unit tests share."""

from pathlib import Path

import pytest

from tests.unit import database


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database at the newest version, to be copied."""
    return database.migrate(tmp_path_factory.mktemp("migrated"))
