"""Tests against a real, small OpenStack: the one of ``make lab``.

They start one of their own and take it down; with ``--lab-keep`` they use
that of ``make lab``, start what does not run of it, and leave it running.

``SERVICEVM_LAB_CLOUDS`` names the clouds.yaml of another cloud, with entries
of the same names: ``lab-admin``, ``lab-service`` and ``lab-demo``. Tests that
need no more than these run against it.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openstack.connection
import pytest
import yaml
from keystoneauth1.identity.v3 import Password
from keystoneauth1.session import Session
from oslo_config import cfg

from servicevm import conf as options
from servicevm.drivers.infra.nova import login
from tests.lab.nova_devices import (
    demo_net as demo_net,
)
from tests.lab.nova_devices import (
    demo_project as demo_project,
)
from tests.lab.nova_devices import (
    make_driver as make_driver,
)
from tests.lab.nova_devices import (
    new_spec as new_spec,
)
from tools.lab.environment import CACHE
from tools.lab.lab import Lab

ELSEWHERE = "SERVICEVM_LAB_CLOUDS"
#: Seconds that a test may take where it starts the lab, from nothing.
START = 1200


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    here = Path(__file__).parent
    ours = [item for item in items if here in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.timeout(START))
    if ELSEWHERE not in os.environ:
        missing = _missing()
        if missing:
            skip = pytest.mark.skip(reason=missing)
            for item in ours:
                item.add_marker(skip)
    # What takes the lab down comes after those that need it.
    items.sort(key=lambda item: "lab_down" in item.keywords)


def _missing() -> str:
    """Why no lab can be started here; empty where one can."""
    if os.geteuid() != 0:
        return "a lab needs root; run the tests as root"
    if shutil.which("ovs-vswitchd", path="/usr/sbin:/usr/bin") is None:
        return "a lab needs packages: make test-lab"
    return ""


@pytest.fixture(scope="session")
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """The lab, up."""
    if request.config.getoption("--lab-keep"):
        kept = Lab.found() or Lab(CACHE)
        kept.start(print)
        yield kept
        return
    # Its sockets have room for a hundred bytes.
    folder = Path(tempfile.mkdtemp(prefix="svm-lab-", dir="/tmp"))
    made = Lab(folder)
    try:
        made.start(print)
        yield made
    finally:
        made.stop(remove=True)


@pytest.fixture(scope="session")
def entries(request: pytest.FixtureRequest) -> dict[str, Any]:
    """clouds.yaml's entries by name."""
    named = os.environ.get(ELSEWHERE)
    path = Path(named) if named else request.getfixturevalue("lab").clouds
    found: dict[str, Any] = yaml.safe_load(path.read_text())["clouds"]
    return found


@pytest.fixture(scope="session")
def admin(
    entries: dict[str, Any],
) -> Iterator[openstack.connection.Connection]:
    """The cloud as its administrator, who sees everything."""
    yield from _connected(entries["lab-admin"])


@pytest.fixture(scope="session")
def demo(entries: dict[str, Any]) -> Iterator[openstack.connection.Connection]:
    """The cloud as a tenant."""
    yield from _connected(entries["lab-demo"])


@pytest.fixture(scope="session")
def other(
    entries: dict[str, Any],
) -> Iterator[openstack.connection.Connection]:
    """The cloud as another tenant."""
    yield from _connected(entries["lab-other"])


@pytest.fixture
def upload(
    admin: openstack.connection.Connection,
) -> Iterator[Callable[..., Any]]:
    """Puts a public image into Glance."""
    made = []

    def one(name: str, disk_format: str, data: bytes) -> Any:
        made.append(
            admin.image.create_image(
                name=name,
                disk_format=disk_format,
                container_format="bare",
                visibility="public",
                data=data,
                allow_duplicates=True,
            )
        )
        return made[-1]

    yield one
    for image in made:
        admin.image.delete_image(image.id)


def _connected(
    entry: dict[str, Any],
) -> Iterator[openstack.connection.Connection]:
    session = Session(auth=Password(**entry["auth"]), timeout=120)
    yield openstack.connection.Connection(
        session=session, region_name=entry.get("region_name")
    )
    session.session.close()


@pytest.fixture
def nova_conf(entries: dict[str, Any], tmp_path: Path) -> cfg.ConfigOpts:
    """What a conductor of the lab has in its servicevm.conf."""
    conf = options.register(cfg.ConfigOpts())
    conf([], project="servicevm", default_config_files=[])
    conf.set_override("state_dir", str(tmp_path))
    conf.set_override("deployment_id", f"test-{os.getpid()}")
    configure(conf, entries["lab-service"])
    return conf


def configure(conf: cfg.ConfigOpts, entry: dict[str, Any]) -> None:
    """Fill ``[nova]`` in from an entry of clouds.yaml."""
    login.register(conf)
    for opt in login.auth_opts():
        if opt.dest not in conf.nova:
            conf.register_opt(opt, group=login.GROUP)
    values = {"auth_type": "password", **entry["auth"]}
    for name, value in values.items():
        conf.set_override(name, value, group=login.GROUP)
    conf.set_override("region_name", entry.get("region_name"), login.GROUP)
