"""The lab of the unit tests, for what takes longer than they may."""

from tests.unit.conductor.conftest import conf, lab
from tests.unit.conftest import migrated

__all__ = ["conf", "lab", "migrated"]
