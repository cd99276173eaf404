"""``servicevm-manage db sync`` by several hosts at once."""

import os
import subprocess
import sys
from pathlib import Path

from oslo_config import cfg

from servicevm import conf as servicevm_conf
from servicevm.db import api as db
from servicevm.db import schema
from tests.unit import server as servers

SYNC = "import sys; from servicevm.cmd.manage import main; sys.exit(main())"
HOSTS = 3


def start(file: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SYNC, "--config-file", str(file), "db", "sync"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def write(folder: Path, url: str | None) -> Path:
    file = folder / "servicevm.conf"
    with open(
        file, "w", opener=lambda path, _: os.open(path, 0o101, 0o600)
    ) as out:
        out.write(f"[DEFAULT]\nstate_dir = {folder / 'state'}\n")
        if url is not None:
            out.write(f"[database]\nconnection = {url}\n")
    return file


def check(file: Path) -> None:
    processes = [start(file) for _ in range(HOSTS)]
    for process in processes:
        output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        assert output == f"The database is at version {schema.head()}.\n"
    conf = servicevm_conf.register(cfg.ConfigOpts())
    conf([], project="servicevm", default_config_files=[str(file)])
    db.configure(conf)
    assert schema.differences() == []
    db.dispose()


def test_hosts_wait_for_each_other(
    tmp_path: Path, server: servers.Server
) -> None:
    server.create("together")
    check(write(tmp_path, server.url("together")))
    server.drop("together")


def test_processes_of_one_machine_wait_for_each_other(tmp_path: Path) -> None:
    check(write(tmp_path, None))


def test_a_database_of_a_newer_release_is_left_alone(
    tmp_path: Path, server: servers.Server
) -> None:
    server.create("newer")
    file = write(tmp_path, server.url("newer"))
    conf = servicevm_conf.register(cfg.ConfigOpts())
    conf([], project="servicevm", default_config_files=[str(file)])
    db.sync(conf)
    with db.engine().begin() as connection:
        connection.exec_driver_sql(
            "UPDATE alembic_version SET version_num = '9999'"
        )
    db.dispose()
    process = start(file)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "9999" in errors
    assert "Traceback" not in errors
    server.drop("newer")
