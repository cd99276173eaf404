"""What the Horizon plugin has of the service is what the service says."""

import re
from pathlib import Path

from tools.dashboard import pictures, policies, schemas

MANUAL = Path(__file__).resolve().parents[3] / "doc" / "source"


def test_the_dashboard_has_the_rules_that_the_service_has() -> None:
    path = policies.CONF / "default_policies" / "servicevm.yaml"
    again = "run python -m tools.dashboard.policies"
    assert path.read_text() == policies.text(), again


def test_the_words_of_the_services_schemas_can_be_translated() -> None:
    again = "run python -m tools.dashboard.schemas"
    assert schemas.PATH.read_text() == schemas.text(), again


def test_the_manual_shows_the_pictures_that_the_tests_take() -> None:
    page = (MANUAL / "dashboard.rst").read_text()
    shown = re.findall(r"^ *\.\. figure:: images/(\S+)\.png$", page, re.M)
    there = [path.stem for path in (MANUAL / "images").glob("*.png")]
    assert sorted(shown) == sorted(pictures.PICTURES) == sorted(there)
    tests = MANUAL.parents[1] / "tests" / "dashboard" / "browser"
    taken = (tests / "test_manual.py").read_text()
    assert all(f'"manual-{name}"' in taken for name in pictures.PICTURES)
