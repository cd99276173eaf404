"""Tests against the real, small OpenStack that ``make lab`` starts.

``SERVICEVM_LAB_CLOUDS`` names another clouds.yaml with entries of the same
names: ``lab-admin``, ``lab-service`` and ``lab-demo``.
"""

import os
from collections.abc import Iterator
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

ROOT = Path(__file__).resolve().parents[2]
CLOUDS = Path(
    os.environ.get("SERVICEVM_LAB_CLOUDS", ROOT / ".cache/lab/clouds.yaml")
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CLOUDS.exists():
        return
    here = Path(__file__).parent
    skip = pytest.mark.skip(reason=f"no lab: {CLOUDS} is missing; make lab")
    for item in items:
        if here in item.path.parents:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def entries() -> dict[str, Any]:
    """clouds.yaml's entries by name."""
    found: dict[str, Any] = yaml.safe_load(CLOUDS.read_text())["clouds"]
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
