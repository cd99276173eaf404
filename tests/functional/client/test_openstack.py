"""The commands inside the real ``openstack``."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from servicevmclient.testing import FakeServicevm


def test_the_plugin_itself_imports_next_to_nothing() -> None:
    code = (
        "import sys, argparse, re, typing; before = set(sys.modules);"
        "import servicevmclient.osc.plugin;"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == [
        "servicevmclient",
        "servicevmclient.osc",
        "servicevmclient.osc.plugin",
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [("device show lb -f json", 0), ("device show nothing -f json", 3)],
    ids=["found", "not-found"],
)
def test_openstack_runs_the_commands_with_our_exit_codes(
    line: str, code: int, tmp_path: Path
) -> None:
    with FakeServicevm(username="u", password="p") as fake:
        device = fake.store.add("devices", {"name": "lb"})
        cloud = {
            "auth_type": "http_basic",
            "auth": {"endpoint": fake.url, "username": "u", "password": "p"},
        }
        (tmp_path / "clouds.yaml").write_text(
            json.dumps({"clouds": {"c": cloud}})
        )
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "openstackclient.shell",
                "servicevm",
                *line.split(),
            ],
            cwd=tmp_path,
            env={
                **{k: v for k, v in os.environ.items() if k[:3] != "OS_"},
                "HOME": str(tmp_path),
                "OS_CLOUD": "c",
            },
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == code, done.stderr
    if code == 0:
        assert json.loads(done.stdout)["id"] == device["id"]
        assert [path for _, path in fake.requests] == [
            "/v1/devices?name=lb&limit=10"
        ]
    else:
        assert "Error: There is no such resource." in done.stderr
        assert done.stdout == ""
