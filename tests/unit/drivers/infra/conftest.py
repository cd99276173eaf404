import subprocess

import pytest
from oslo_config import cfg

from servicevm import conf as options


@pytest.fixture
def conf(tmp_path):
    """Options with everything below a folder of the test's own."""
    found = options.register(cfg.ConfigOpts())
    found([], project="servicevm", default_config_files=[])
    found.set_override("state_dir", str(tmp_path))
    return found


@pytest.fixture
def bridge():
    name = "svmtestbr"
    subprocess.run(
        ["ip", "link", "add", name, "type", "bridge"], check=True, timeout=10
    )
    yield name
    subprocess.run(["ip", "link", "del", name], check=True, timeout=10)
