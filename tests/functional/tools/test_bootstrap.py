"""``tools/bootstrap`` on machines that lack something."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.skipif(
    shutil.which("dpkg-query") is None, reason="only dpkg is asked"
)


@pytest.fixture
def clone(short_tmp_path: Path) -> Path:
    """The files that bootstrap reads, readable for any user."""
    short_tmp_path.chmod(0o755)
    (short_tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "bootstrap", short_tmp_path / "tools")
    for name in ("bindep.txt", "setup.cfg", "setup.py", "pyproject.toml"):
        shutil.copy(ROOT / name, short_tmp_path)
    return short_tmp_path


def bootstrap(
    clone: Path, *arguments: str, path: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run it as an ordinary user."""
    nobody = 65534
    user = {"user": nobody, "group": nobody} if os.geteuid() == 0 else {}
    return subprocess.run(
        [clone / "tools" / "bootstrap", *arguments],
        env=os.environ | ({"PATH": path} if path else {}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **user,
    )


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], ["no-such-one"]),
        (["test"], ["no-such-one", "no-such-two"]),
        (["dashboard"], ["no-such-one", "no-such-two", "no-such-three"]),
        (["lab"], ["no-such-one", "no-such-two", "no-such-four"]),
    ],
    ids=["any", "test", "dashboard", "lab"],
)
def test_a_user_is_told_the_one_command_that_installs_what_is_missing(
    clone: Path, arguments: list[str], wanted: list[str]
) -> None:
    with (clone / "bindep.txt").open("a") as bindep:
        bindep.write("no-such-one [platform:dpkg]  # comment\n")
        bindep.write("no-such-two [platform:dpkg test]\n")
        bindep.write("no-such-three [platform:dpkg dashboard]\n")
        bindep.write("no-such-four [platform:dpkg lab]\n")
    done = bootstrap(clone, *arguments)
    assert done.returncode == 1
    (command,) = [
        line.split() for line in done.stderr.splitlines() if "apt-get" in line
    ]
    assert command[:3] == ["sudo", "apt-get", "install"]
    named = [word for word in command[3:] if word.startswith("no-such-")]
    assert named == wanted
    assert not (clone / ".venv").exists()


def test_a_python_that_is_too_old_is_refused_in_a_sentence(
    clone: Path,
) -> None:
    old = clone / "old"
    old.mkdir()
    (old / "python3").write_text("#!/bin/sh\nexit 1\n")
    (old / "python3").chmod(0o755)
    clone.chmod(0o777)
    done = bootstrap(clone, "venv", path=f"{old}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "3.11" in done.stderr


def test_an_unknown_word_is_a_usage_error(clone: Path) -> None:
    done = bootstrap(clone, "everything")
    assert done.returncode == 2
    assert "usage" in done.stderr
