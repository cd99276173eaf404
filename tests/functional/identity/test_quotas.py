"""Quotas of Keystone's projects, by name, as an operator sets them."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from servicevmclient.exit_codes import ExitCode
from tests.functional.identity.service import Service, program
from tools.cluster.keystone import Keystone

pytestmark = pytest.mark.timeout(400)


class Openstack:
    """``openstack servicevm`` as users of the Keystone."""

    def __init__(self, folder: Path, keystone: Keystone) -> None:
        self._folder = folder
        users = ("admin", "red-reader", "red-member")
        path = folder / "clouds.yaml"
        path.touch(0o600)
        # What is JSON is YAML.
        path.write_text(
            json.dumps({"clouds": {one: keystone.cloud(one) for one in users}})
        )

    def __call__(
        self, user: str, *words: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [program("openstack"), "--os-cloud", user, "servicevm", *words],
            cwd=self._folder,
            env={
                **{k: v for k, v in os.environ.items() if k[:3] != "OS_"},
                "HOME": str(self._folder),
            },
            capture_output=True,
            text=True,
            timeout=60,
        )


@pytest.fixture
def openstack(tmp_path: Path, keystone: Keystone) -> Openstack:
    return Openstack(tmp_path, keystone)


def test_an_administrator_names_a_project_and_its_users_see_it(
    service: Service, openstack: Openstack, keystone: Keystone
) -> None:
    done = openstack("admin", "quota", "set", "--devices", "3", "red")
    assert done.returncode == 0, done.stderr
    done = openstack("red-reader", "quota", "show", "-f", "json")
    assert json.loads(done.stdout)[0] == {
        "Quota": "devices",
        "Limit": 3,
        "In Use": 0,
    }
    for user, code in (
        ("admin", ExitCode.NOT_FOUND),
        # Who may not look projects up is told so, and to give the id.
        ("red-reader", ExitCode.USAGE),
    ):
        done = openstack(user, "quota", "show", "nobody")
        assert done.returncode == code, done.stderr
    project = keystone.identity().find("projects", "red")
    assert project is not None
    for words in (
        ("set", "--devices", "9", project["id"]),
        ("delete", project["id"]),
    ):
        done = openstack("red-member", "quota", *words)
        assert done.returncode == ExitCode.AUTH, done.stderr
    assert openstack("admin", "quota", "delete", "red").returncode == 0
