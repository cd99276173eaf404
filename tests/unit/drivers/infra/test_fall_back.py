"""KVM that says it works and then does not; QEMU's part is played."""

import json
import queue
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from servicevm.drivers.infra import accelerator, qemu_process
from servicevm.drivers.infra.base import DeviceSpec, DeviceState
from servicevm.drivers.infra.conformance import Ledger
from servicevm.drivers.infra.device_folder import DeviceFolder
from servicevm.drivers.infra.qemu import QemuInfraDriver
from servicevm.guest import manifest

FAKE = Path(__file__).with_name("fake_qemu.py")


@pytest.fixture
def driver(conf, tmp_path, monkeypatch):
    image = tmp_path / "image"
    image.mkdir()
    for name in manifest.FILES:
        (image / name).write_text(name)
    manifest.Manifest("k", "6.1", (), manifest.digests(image)).write(image)
    program = tmp_path / "qemu"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {FAKE} "$@"\n')
    program.chmod(0o755)
    conf.set_override("binary", str(program), "qemu")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "kvm.json").write_text(
        json.dumps(
            {
                "boot_id": accelerator.boot_id(),
                "usable": True,
                "why": "the probe was content",
            }
        )
    )
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    (tmp_path / "kvm-status").write_text("internal-error")
    found = QemuInfraDriver(conf)
    yield found
    for device_id in found.device_ids():
        found.delete_leftover(device_id)
    found.close()


def make_spec(wanted: str) -> DeviceSpec:
    return DeviceSpec(
        str(uuid.uuid4()),
        "name",
        "project",
        {"accelerator": wanted},
        [],
        {"servicevm.json": b"{}"},
    )


def folder_of(conf, spec) -> DeviceFolder:
    return DeviceFolder(Path(conf.qemu.devices_dir) / spec.id)


def until(driver, spec, wanted) -> dict:
    """Observe until the facts say what is wanted."""
    deadline = time.monotonic() + 20
    while True:
        seen = driver.observe(spec)
        if wanted(seen):
            return seen
        assert time.monotonic() < deadline, seen


def test_a_machine_that_kvm_cannot_run_goes_on_with_tcg(driver) -> None:
    deaths = queue.Queue()
    driver.watch([], deaths.put)
    spec = make_spec("auto")
    driver.create(spec, Ledger())
    seen = until(
        driver,
        spec,
        lambda seen: (
            seen.facts["accelerator"] == "tcg"
            and seen.state is DeviceState.RUNNING
        ),
    )
    assert "internal error" in seen.facts["accelerator_note"]
    assert deaths.empty()
    assert driver.delete(spec)


def test_a_machine_that_must_have_kvm_fails_and_says_why(conf, driver) -> None:
    deaths = queue.Queue()
    driver.watch([], deaths.put)
    spec = make_spec("kvm")
    driver.create(spec, Ledger())
    assert deaths.get(timeout=20) == spec.id
    seen = driver.observe(spec)
    assert seen.state is DeviceState.FAILED
    assert seen.code == "device_died"
    assert "internal error" in seen.detail
    assert driver.delete(spec)
    assert not folder_of(conf, spec).path.exists()


def test_a_machine_that_never_says_hello_under_kvm_gets_tcg(
    driver, tmp_path, monkeypatch
) -> None:
    (tmp_path / "kvm-status").write_text("running")
    monkeypatch.setattr("servicevm.drivers.infra.launcher.KVM_CONTACT", 0.2)
    spec = make_spec("auto")
    driver.create(spec, Ledger())
    seen = until(
        driver,
        spec,
        lambda seen: (
            seen.facts["accelerator"] == "tcg"
            and seen.state is DeviceState.RUNNING
        ),
    )
    assert "did not come up" in seen.facts["accelerator_note"]
    assert driver.delete(spec)


def test_a_record_that_cannot_be_read_is_told_and_a_reboot_mends_it(
    conf,
    driver,
) -> None:
    spec = make_spec("tcg")
    driver.create(spec, Ledger())
    folder_of(conf, spec).spec.write_text("")
    seen = driver.observe(spec)
    assert (seen.state, seen.code) == (DeviceState.FAILED, "device_missing")
    driver.reboot(spec)
    until(driver, spec, lambda seen: seen.state is DeviceState.RUNNING)
    assert driver.delete(spec)


def test_a_machine_that_is_started_again_is_never_seen_dead(
    conf, driver, tmp_path
) -> None:
    spec = make_spec("tcg")
    driver.create(spec, Ledger())
    until(driver, spec, lambda seen: seen.state is DeviceState.RUNNING)
    quick = Path(conf.qemu.binary).read_text()
    Path(conf.qemu.binary).write_text(quick.replace("exec", "sleep 0.5; exec"))
    with ThreadPoolExecutor(1) as other:
        reboot = other.submit(driver.reboot, spec, hard=True)
        while qemu_process.alive(folder_of(conf, spec).pid):
            assert not reboot.done()
        assert driver.observe(spec).state is DeviceState.RUNNING
        reboot.result()
    assert driver.delete(spec)
