"""``make demo`` as its user runs it."""

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
    assert "200 of 200 answered through demo1" in said
    assert "Nothing is left" in said


@pytest.mark.root
def test_demo_runs_without_any_privilege(image_dir: Path) -> None:
    """As an ordinary user's, but for the files: QEMU's own network."""
    said = demo(image_dir, "setpriv", "--inh-caps=-all", "--bounding-set=-all")
    assert "network=user" in said
    assert "200 of 200 answered through demo1" in said
    assert "Nothing is left" in said
