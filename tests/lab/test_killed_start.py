"""A start that is killed: ``down`` finds what it had begun."""

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.leftovers import leftovers
from tools.lab.environment import VENV
from tools.lab.lab import Lab

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="svm-lab-", dir="/tmp") as made:
        # The database's user must pass.
        Path(made).chmod(0o711)
        yield Path(made) / "lab"


def command(folder: Path, verb: str) -> list[str]:
    return [
        *[sys.executable, str(ROOT / "tools" / "lab")],
        *["--folder", str(folder), verb],
    ]


def test_down_leaves_nothing_of_a_start_that_was_killed(folder: Path) -> None:
    VENV.ensure()
    with subprocess.Popen(
        command(folder, "up"), stderr=subprocess.PIPE, text=True
    ) as start:
        assert start.stderr is not None
        said = []
        # By then the switch and libvirt run, and databases are being made.
        for line in start.stderr:
            said.append(line)
            if line.startswith("networks"):
                break
        start.send_signal(signal.SIGKILL)
    assert said[-1].startswith("networks"), said
    lab = Lab.found(folder)
    assert lab is not None
    assert leftovers(lab) != []
    began = time.monotonic()
    done = subprocess.run(
        command(folder, "down"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    print(f"\ntaken down in {time.monotonic() - began:.1f} s")
    assert done.returncode == 0, done.stderr
    assert leftovers(lab) == []
    assert not folder.exists()
