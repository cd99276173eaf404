"""What every test may use."""

import os
import shutil
from pathlib import Path

import hypothesis
import pytest

# How long an example takes depends on what else the machine does.
hypothesis.settings.register_profile(
    "quick", deadline=None, max_examples=25, stateful_step_count=20
)
hypothesis.settings.register_profile(
    "thorough", deadline=None, max_examples=500, stateful_step_count=50
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

ROOT = Path(__file__).resolve().parents[1]

#: They need Horizon, which is in an environment of its own: make
#: test-dashboard.
collect_ignore = ["dashboard"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=["sqlite", "mariadb", "postgresql"],
        default="sqlite",
        help="what the tests of db, api and conductor run on; a server is "
        "started for them",
    )
    parser.addoption(
        "--lab-keep",
        action="store_true",
        help="tests/lab use the OpenStack of make lab, and leave it running",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests marked `root` need root; an ordinary user's run says so."""
    if os.geteuid() == 0:
        return
    needs_root = pytest.mark.skip(reason="needs root; run the tests as root")
    for item in items:
        if "root" in item.keywords:
            item.add_marker(needs_root)


@pytest.fixture(scope="session")
def image_dir() -> Path:
    """The guest image, made once and kept for the next run."""
    from servicevm.guest import build

    folder = ROOT / ".cache" / "image"
    build.build(folder, progress=print)
    return folder


@pytest.fixture
def short_tmp_path(tmp_path_factory: pytest.TempPathFactory):
    """A folder whose path leaves room for unix sockets (107 bytes)."""
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="svm-"))
    yield folder
    shutil.rmtree(folder)
