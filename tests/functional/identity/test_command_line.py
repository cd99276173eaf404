"""``openstack --os-cloud`` and ``servicevm``, as people use them."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.functional.identity.service import Service, program
from tools.cluster.keystone import Keystone

pytestmark = pytest.mark.timeout(400)

#: Seconds of one command.
_TIMEOUT = 60


class Done(NamedTuple):
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Done]


@pytest.fixture
def run(
    keystone: Keystone, service: Service, tmp_path: Path
) -> Callable[[str, str, str], Done]:
    """Run a command of a program in the name of a cloud."""
    name = f"robot-{time.monotonic_ns()}"
    clouds = {
        "red": keystone.cloud("red-member"),
        "red-reader": keystone.cloud("red-reader"),
        "blue": keystone.cloud("blue-member"),
        "admin": keystone.cloud("admin"),
        "neutron": keystone.cloud("neutron"),
        "robot": keystone.application_cloud("red-member", name),
        "internal": keystone.cloud("red-member", interface="internal"),
        "elsewhere": keystone.cloud("red-member", region_name="Nowhere"),
        "wrong": keystone.cloud("red-member"),
    }
    clouds["wrong"]["auth"]["password"] = "wrong"
    path = tmp_path / "clouds.yaml"
    path.touch(0o600)
    path.write_text(yaml.safe_dump({"clouds": clouds}))
    environment = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("OS_") and key != "PYTHONWARNINGS"
    }

    def command(which: str, cloud: str, words: str) -> Done:
        prefix = "servicevm " if which == "openstack" else ""
        done = subprocess.run(
            [program(which), "--os-cloud", cloud, *(prefix + words).split()],
            env={**environment, "OS_CLIENT_CONFIG_FILE": str(path)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return command


@pytest.mark.parametrize("cloud", ["red", "robot", "internal"])
@pytest.mark.parametrize("which", ["openstack", "servicevm"])
def test_a_password_and_an_application_credential_find_the_service(
    run: Run, which: str, cloud: str
) -> None:
    done = run(which, cloud, "device list --name nothing -f json")
    assert (done.code, done.out.strip()) == (0, "[]"), done.err


@pytest.mark.parametrize(
    ("cloud", "code", "words"),
    [
        ("wrong", 4, "password"),
        ("elsewhere", 2, "Nowhere"),
    ],
    ids=["password", "region"],
)
def test_what_is_wrong_is_said(
    run: Run, cloud: str, code: int, words: str
) -> None:
    done = run("servicevm", cloud, "device list")
    assert "Traceback" not in done.err
    assert words in done.err
    assert done.code == code


def test_two_projects_know_nothing_of_each_other(
    run: Run, service: Service
) -> None:
    template = "small-of-admin"
    made = run(
        "servicevm",
        "admin",
        "device template create --infra-driver noop --mgmt-driver noop "
        "--interface role=ingress,network=user "
        f"--service-type loadbalancer --slots 2 -f json {template}",
    )
    assert made.code == 0, made.err
    made = run(
        "openstack",
        "red",
        f"device create --template {template} -f json only-red",
    )
    assert made.code == 0, made.err
    device = made.json["id"]
    for which in ("only-red", device):
        assert run("servicevm", "red-reader", f"device show {which}").code == 0
        for words in (
            f"device show {which}",
            f"device delete {which}",
            f"device reboot {which}",
            f"device set --name mine {which}",
            f"device console log show {which}",
        ):
            done = run("servicevm", "blue", words)
            assert done.code == 3, (words, done.err)
            assert "only-red" not in done.out
    listed = run("servicevm", "blue", "device list --name only-red -f json")
    assert listed.json == []
    done = run("servicevm", "blue", "device list --all-projects")
    assert done.code == 4, done.err
    done = run("servicevm", "red-reader", "device delete only-red")
    assert done.code == 4, done.err
    everything = run(
        "openstack", "admin", "device list --all-projects -f json"
    )
    assert device in [row["ID"] for row in everything.json]


def test_a_service_of_the_cloud_owns_what_it_makes(
    run: Run, service: Service, keystone: Keystone, tmp_path: Path
) -> None:
    # Who has only the role service may not look projects up by name.
    project = keystone.identity().find("projects", "red")
    assert project is not None
    config = tmp_path / "web.yaml"
    config.write_text(
        "listeners:\n- {name: web, protocol: http, port: 80, "
        "default_pool: web}\n"
        "pools:\n- name: web\n  algorithm: round_robin\n  members:\n"
        "  - {name: b1, address: 192.0.2.11, port: 8080}\n"
    )
    run(
        "servicevm",
        "admin",
        "device template create --infra-driver noop --mgmt-driver noop "
        "--interface role=ingress,network=user "
        "--service-type loadbalancer --slots 2 hosting",
    )
    for which in ("openstack", "servicevm"):
        done = run(
            which,
            "neutron",
            "device create --template hosting --project red x",
        )
        assert done.code == 2
        assert "may not look up which project 'red' is" in done.err
    made = run(
        "openstack",
        "neutron",
        "device create --template hosting -f json for-red "
        f"--project {project['id']}",
    )
    assert made.code == 0, made.err
    made = run(
        "servicevm",
        "neutron",
        f"service create --device {made.json['id']} --type loadbalancer "
        f"--config {config} --managed-by neutron -f json owned",
    )
    assert made.code == 0, made.err
    shown = run("openstack", "red", "service show owned -f json")
    assert shown.json["managed_by"] == "neutron"
    done = run("servicevm", "red", "service delete owned")
    assert done.code == 4
    assert "managed by neutron" in done.err
    done = run("servicevm", "red", "device delete for-red")
    assert done.code == 4
    done = run("servicevm", "neutron", f"service delete {made.json['id']}")
    assert done.code == 0, done.err
