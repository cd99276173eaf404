"""The plugin under bats, a file per subject: what it asks of devstack.

``bats tests/devstack/network.bats`` runs one of them by hand.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
#: Seconds of a file; each test stacks a node or two.
TIMEOUT = 900


@pytest.mark.timeout(TIMEOUT + 30)
@pytest.mark.parametrize(
    "file", sorted(HERE.glob("*.bats")), ids=lambda file: file.stem
)
def test_the_plugin_does_what_devstack_and_its_users_expect(
    file: Path,
) -> None:
    done = subprocess.run(
        ["bats", "--formatter", "tap", str(file)],
        env={**os.environ, "REAL_BIN": str(Path(sys.executable).parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout
