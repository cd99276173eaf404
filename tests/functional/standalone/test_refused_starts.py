"""Why the service does not start is told in a sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("servicevm-standalone")


def _garbage(state: Path) -> list[str]:
    (state / "servicevm.sqlite").write_text("this is no database at all " * 9)
    return ["--state-dir", str(state)]


def _no_file(state: Path) -> list[str]:
    return ["--config-file", str(state / "none.conf")]


def _no_number(state: Path) -> list[str]:
    (state / "bad.conf").write_text("[api]\nthreads = many\n")
    return [
        "--config-file",
        str(state / "bad.conf"),
        "--state-dir",
        str(state),
    ]


def _no_folder(state: Path) -> list[str]:
    (state / "file").write_text("")
    return ["--state-dir", str(state / "file")]


def _no_dialect(state: Path) -> list[str]:
    (state / "db.conf").write_text("[database]\nconnection = foo://x\n")
    return ["--config-file", str(state / "db.conf"), "--state-dir", str(state)]


@pytest.mark.parametrize(
    ("arrange", "words"),
    [
        (_garbage, "The database can not be used"),
        (_no_file, "none.conf"),
        (_no_number, "threads"),
        (_no_folder, "Look at state_dir"),
        (_no_dialect, "[database] connection"),
    ],
    ids=lambda value: getattr(value, "__name__", "").strip("_") or None,
)
def test_a_start_that_fails_says_why(
    arrange: object, words: str, tmp_path: Path
) -> None:
    assert callable(arrange)
    done = subprocess.run(
        [PROGRAM, *arrange(tmp_path), "--port", "0"],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
