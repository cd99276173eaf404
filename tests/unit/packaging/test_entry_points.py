"""Every entry point in setup.cfg leads to something."""

import configparser
import importlib
from functools import reduce
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def entry_points() -> list[str]:
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(ROOT / "setup.cfg")
    return [
        line.partition("=")[2].strip()
        for group in setup["entry_points"].values()
        for line in group.splitlines()
        if "=" in line
    ]


@pytest.mark.parametrize("target", entry_points())
def test_an_entry_point_can_be_loaded(target: str) -> None:
    module, _, attributes = target.partition(":")
    found = importlib.import_module(module)
    assert reduce(getattr, filter(None, attributes.split(".")), found)
