"""``make demo`` as its user runs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

pytestmark = [pytest.mark.vm, pytest.mark.timeout(400)]


def demo(image_dir: Path, *prefix: str) -> str:
    done = subprocess.run(
        [
            *prefix,
            sys.executable,
            str(ROOT / "tools" / "demo"),
            "--image-dir",
            str(image_dir),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=350,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
    return done.stdout


def test_demo_sends_every_request_through_the_vm_and_leaves_nothing(
    image_dir: Path,
) -> None:
    said = demo(image_dir)
    assert "200 of 200 answered through lb1" in said
    assert "Nothing is left" in said


@pytest.mark.root
def test_demo_runs_as_an_ordinary_user(image_dir: Path) -> None:
    nobody = 65534
    if not os.access(sys.executable, os.X_OK):
        pytest.skip("the interpreter is not executable")
    said = demo(
        image_dir, "setpriv", f"--reuid={nobody}", f"--regid={nobody}",
        "--clear-groups", "--inh-caps=-all", "env", "HOME=/tmp",
    )  # fmt: skip
    assert "200 of 200 answered through lb1" in said
