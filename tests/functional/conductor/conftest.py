"""The lab of the unit tests, for what takes longer than they may."""

from tests.unit.conductor.conftest import conf, lab
from tests.unit.conftest import database_server, migrated, migrated_file

__all__ = ["conf", "database_server", "lab", "migrated", "migrated_file"]
