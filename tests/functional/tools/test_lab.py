"""``tools/lab`` where there is nothing; the rest is test-lab's."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.root
@pytest.mark.parametrize(("verb", "code"), [("status", 1), ("down", 0)])
def test_a_lab_that_is_not_there_is_told_and_not_made(
    tmp_path: Path, verb: str, code: int
) -> None:
    folder = tmp_path / "lab"
    done = subprocess.run(
        [
            sys.executable,
            str(ROOT / "tools" / "lab"),
            *("--folder", str(folder), verb),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code
    assert "There is no lab" in done.stderr
    assert not folder.exists()
