import os
import subprocess
import sys
import uuid
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from servicevm.drivers.infra import device_lock
from servicevm.drivers.infra.base import DeviceSpec, DeviceState, InterfaceSpec
from servicevm.drivers.infra.conformance import Ledger
from servicevm.drivers.infra.qemu import QemuInfraDriver
from servicevm.errors import (
    DEVICE_DIED,
    DEVICE_MISSING,
    IMAGE_MISSING,
    QEMU_FAILED,
    QEMU_MISSING,
    TEMPLATE_INVALID,
    ServicevmError,
)
from servicevm.guest import manifest


@pytest.fixture
def driver(conf):
    found = QemuInfraDriver(conf)
    yield found
    found.close()


@pytest.fixture
def image(conf):
    """An image that is complete as far as the driver looks."""
    folder = os.path.join(conf.state_dir, "image")
    os.makedirs(folder)
    for name in manifest.FILES:
        with open(os.path.join(folder, name), "w") as file:
            file.write(name)
    path = manifest.Path(folder)
    manifest.Manifest("k", "6.1", (), manifest.digests(path)).write(path)
    return path


@pytest.fixture
def broken(conf, tmp_path):
    """Instead of QEMU, what ends at once."""
    binary = tmp_path / "qemu"
    binary.write_text("#!/bin/sh\necho 'qemu: no luck today' >&2\nexit 1\n")
    binary.chmod(0o755)
    conf.set_override("binary", str(binary), "qemu")


@pytest.fixture
def spec():
    return DeviceSpec(
        str(uuid.uuid4()),
        "name",
        "project",
        {"accelerator": "tcg"},
        [InterfaceSpec("ingress", 0, "user", "52:54:00:00:00:01")],
        {"servicevm.json": b"{}"},
    )


@pytest.mark.parametrize(
    "networks",
    [
        ["nonsense"],
        ["bridge:"],
        ["bridge:a name"],
        [""],
        ["user", "user"],
        ["bridge:br0"] * 17,
    ],
)
def test_a_template_that_cannot_work_is_refused(driver, networks) -> None:
    interfaces = [{"role": "r", "network": one} for one in networks]
    with pytest.raises(ServicevmError) as caught:
        driver.validate_template({}, interfaces)
    assert caught.value.reason is TEMPLATE_INVALID
    assert caught.value.fields


@pytest.mark.parametrize(
    "networks", [[], ["user"], ["bridge:br0", "user", "bridge:br0"]]
)
def test_a_template_that_can_work_is_accepted(driver, networks) -> None:
    interfaces = [{"role": "r", "network": one} for one in networks]
    driver.validate_template({"memory_mib": 128}, interfaces)


@pytest.mark.parametrize(
    "options",
    [
        {"memory_mib": 95},
        {"memory_mib": "128"},
        {"vcpus": 0},
        {"accelerator": "xen"},
        {"image": "relative"},
        {"disk": 1},
    ],
)
def test_wrong_options_do_not_fit_the_schema(options) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(options, QemuInfraDriver.options_schema)


def test_without_an_image_nothing_is_made(driver, spec) -> None:
    with pytest.raises(ServicevmError) as caught:
        driver.create(spec, Ledger())
    assert caught.value.reason is IMAGE_MISSING
    assert driver.device_ids() == set()


def test_without_qemu_the_package_is_named(conf, driver, image, spec) -> None:
    conf.set_override("binary", "no-such-qemu", "qemu")
    with pytest.raises(ServicevmError) as caught:
        driver.create(spec, Ledger())
    assert caught.value.reason is QEMU_MISSING
    assert driver.delete(spec)
    assert driver.device_ids() == set()


def test_a_qemu_that_ends_at_once_is_quoted(
    driver, image, spec, broken
) -> None:
    heard = []
    driver.watch([], heard.append)
    with pytest.raises(ServicevmError) as caught:
        driver.create(spec, Ledger())
    assert caught.value.reason is QEMU_FAILED
    assert "no luck today" in caught.value.detail
    assert driver.observe(spec).code == DEVICE_DIED.code
    assert driver.delete(spec)
    assert heard == []


def test_a_device_that_is_gone_can_be_deleted_but_not_rebooted(
    driver, spec
) -> None:
    gone = DeviceSpec(spec.id, "n", "p", {}, spec.interfaces)
    assert driver.observe(gone).state is DeviceState.ABSENT
    with pytest.raises(ServicevmError) as caught:
        driver.reboot(gone)
    assert caught.value.reason is DEVICE_MISSING
    assert driver.delete(gone)


@pytest.mark.parametrize("name", ["..", "x", "a/b"])
def test_only_folders_of_devices_are_ever_leftovers(
    conf, driver, name
) -> None:
    with pytest.raises(ServicevmError):
        driver.delete_leftover(name)


def test_a_machine_that_does_not_go_is_not_started_twice(
    conf, driver, image, spec
) -> None:
    folder = os.path.join(conf.qemu.devices_dir, spec.id)
    os.makedirs(folder)
    pid_file = os.path.join(folder, "pid")
    hold = "import fcntl; f = open({!r}, 'w'); fcntl.lockf(f, fcntl.LOCK_EX); "
    with subprocess.Popen(
        [sys.executable, "-c", hold.format(pid_file) + "print(); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as stuck:
        assert stuck.stdout is not None
        stuck.stdout.readline()
        with pytest.raises(ServicevmError, match="not ended") as caught:
            driver.create(spec, Ledger())
        assert caught.value.reason is QEMU_FAILED
        assert os.path.exists(pid_file)
        assert not driver.delete(spec)
        stuck.communicate(b"\n", timeout=10)
    assert driver.delete(spec)


def test_what_another_process_keeps_is_left_alone(
    conf, driver, image, spec, monkeypatch
) -> None:
    monkeypatch.setattr(device_lock, "PATIENCE", 0.05)
    other = device_lock.DeviceLocks(Path(conf.qemu.devices_dir))
    with other.held(spec.id):
        for call in (
            lambda: driver.create(spec, Ledger()),
            lambda: driver.reboot(spec),
            lambda: driver.delete(spec),
        ):
            with pytest.raises(ServicevmError, match="keeps the device"):
                call()
    assert driver.delete(spec)


def test_what_another_process_keeps_does_not_keep_others_unwatched(
    conf, driver, image, spec, broken, monkeypatch
) -> None:
    kept, ended = spec, replace(spec, id=str(uuid.uuid4()))
    for one in (kept, ended):
        with pytest.raises(ServicevmError):
            driver.create(one, Ledger())
    monkeypatch.setattr(device_lock, "PATIENCE", 0.05)
    other = device_lock.DeviceLocks(Path(conf.qemu.devices_dir))
    heard = []
    with other.held(kept.id):
        driver.watch([kept, ended], heard.append)
    assert heard == [ended.id]


def test_who_was_overtaken_does_not_begin(conf, driver, image, spec) -> None:
    conf.set_override("binary", "no-such-qemu", "qemu")
    with pytest.raises(ServicevmError) as caught:
        driver.create(replace(spec, fence=2), Ledger())
    assert caught.value.reason is QEMU_MISSING
    old = replace(spec, fence=1)
    for call in (
        lambda: driver.create(old, Ledger()),
        lambda: driver.reboot(old),
        lambda: driver.delete(old),
    ):
        with pytest.raises(ServicevmError, match="overtaken"):
            call()
    # The janitor has no fence.
    driver.delete_leftover(spec.id)
    assert os.listdir(conf.qemu.devices_dir) == []
