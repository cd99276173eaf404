"""A conductor that is stopped in the middle of a change of a noop device."""

import multiprocessing
import os
import signal
import uuid
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg

from servicevm import conf as options
from servicevm.drivers.infra.base import DeviceSpec, DeviceState
from servicevm.drivers.infra.noop import NoopInfraDriver
from servicevm.errors import TransientError

ID = str(uuid.UUID(int=7))


class Options(dict):
    """Options of a template; stands still where the driver asks for one.

    The driver does so after it has looked at the device, before it has
    changed it.
    """

    def __init__(self, name: str, reached: Callable[[], None]) -> None:
        super().__init__()
        self._name = name
        self._reached = reached

    def get(self, key, default=None):
        if key == self._name:
            self._reached()
        return super().get(key, default)


def nothing(kind: str, external_id: str | None) -> None:
    """A ledger of nothing."""


def make_driver(state_dir: Path) -> NoopInfraDriver:
    conf = options.register(cfg.ConfigOpts())
    conf([], project="servicevm", default_config_files=[])
    conf.set_override("state_dir", str(state_dir))
    return NoopInfraDriver(conf)


def make_spec(fence: int, given: Mapping[str, Any]) -> DeviceSpec:
    return DeviceSpec(ID, "d", "p", given, [], fence=fence)


def overtaken(
    state_dir: Path, call: str, option: str, link: Connection
) -> None:
    """A process that is in the middle of a call once it has said so."""

    def reached() -> None:
        if not said:
            said.append(True)
            link.send("in the middle")
            link.recv()

    said: list[bool] = []
    driver = make_driver(state_dir)
    spec = make_spec(1, Options(option, reached))
    arguments = (nothing,) if call == "create" else ()
    try:
        getattr(driver, call)(spec, *arguments)
        link.send("changed it")
    except TransientError as error:
        link.send(error.detail)


@pytest.mark.parametrize(
    ("call", "option"),
    [
        ("create", "create_seconds"),
        ("reboot", "create_seconds"),
        ("delete", "delete_seconds"),
    ],
)
def test_who_stands_still_is_in_nobodys_way_and_changes_nothing(
    tmp_path: Path, call: str, option: str
) -> None:
    driver = make_driver(tmp_path)
    if call != "create":
        driver.create(make_spec(1, {}), nothing)
    context = multiprocessing.get_context("spawn")
    link, other = context.Pipe()
    process = context.Process(
        target=overtaken, args=(tmp_path, call, option, other)
    )
    process.start()
    try:
        assert link.poll(30)
        assert link.recv() == "in the middle"
        assert process.pid is not None
        os.kill(process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        link.send("go on")
        if call == "create":
            driver.create(make_spec(2, {}), nothing)
        else:
            driver.reboot(make_spec(2, {}))
        os.kill(process.pid, signal.SIGCONT)
        assert link.poll(30)
        assert "overtaken" in link.recv()
        process.join(30)
        assert process.exitcode == 0
    finally:
        process.kill()
        process.join(30)
        driver.close()
    assert driver.observe(make_spec(2, {})).state is DeviceState.RUNNING
    assert driver.delete(make_spec(2, {}))
    assert driver.device_ids() == set()
