"""``python tools/cluster``: up, status, down, and what is left of it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.cluster.member import marked

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def whole() -> None:
    """No cluster of the other tests is wanted here."""


@pytest.fixture
def folder(short_tmp_path: Path) -> Iterator[Path]:
    os.chmod(short_tmp_path, 0o711)  # noqa: S103 - the database passes
    made = short_tmp_path / "c"
    yield made
    run(made, "down")


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "tools/cluster", "--folder", str(folder), *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_what_a_killed_start_has_left_is_taken_down(folder: Path) -> None:
    up = subprocess.Popen(
        [sys.executable, "tools/cluster", "--folder", str(folder), "up"],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not (folder / "mariadb" / "pid").exists():
        assert time.monotonic() < deadline, "it never began"
        time.sleep(0.05)
    up.send_signal(signal.SIGKILL)
    up.wait(10)
    assert run(folder, "status").returncode == 1
    assert run(folder, "down").returncode == 0
    assert not folder.exists()
    assert marked(folder) == []
    left = subprocess.run(
        ["ps", "-eo", "args"], capture_output=True, text=True, check=True
    ).stdout
    assert str(folder) not in left


def test_down_where_nothing_is_does_nothing(folder: Path) -> None:
    done = run(folder, "down")
    assert done.returncode == 0
    assert "no cluster" in done.stderr
