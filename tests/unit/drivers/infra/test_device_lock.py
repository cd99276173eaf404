import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from servicevm.drivers.infra import device_lock
from servicevm.drivers.infra.device_lock import DeviceLocks
from servicevm.errors import TransientError

ID = "6f3c9a52-0000-4000-8000-000000000001"


@pytest.fixture
def devices(tmp_path: Path) -> Path:
    """The folder of devices, with one device in it."""
    (tmp_path / "devices" / ID).mkdir(parents=True)
    return tmp_path / "devices"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_lock, "PATIENCE", 0.05)
    monkeypatch.setattr(device_lock, "THREAD_PATIENCE", 0.05)


def test_who_waits_is_told_which_process_keeps_the_device(
    devices: Path, impatient: None
) -> None:
    words = f"process {os.getpid()} of this service keeps the device"
    # As two processes: none knows of the other's threads.
    with (
        DeviceLocks(devices).held(ID),
        pytest.raises(TransientError, match=words),
        DeviceLocks(devices).held(ID),
    ):
        pass
    with DeviceLocks(devices).held(ID):
        pass


def test_a_thread_does_not_wait_for_ever_for_another(
    devices: Path, impatient: None
) -> None:
    locks, told = DeviceLocks(devices), []

    def other() -> None:
        with pytest.raises(TransientError, match="keeps the device") as found:
            with locks.held(ID):
                pass
        told.append(found)

    with locks.held(ID):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(10)
    assert told


def test_the_same_thread_may_ask_again(devices: Path) -> None:
    locks = DeviceLocks(devices)
    with locks.held(ID) as first:
        with locks.held(ID) as second:
            assert second is first
        first.compare("reboot", 1)
    with DeviceLocks(devices).held(ID):
        pass


def test_all_take_turns(tmp_path: Path) -> None:
    # There is no device: each removes the file that others wait for.
    devices, counted = tmp_path / "devices", tmp_path / "count"
    counted.write_text("0")
    shared = DeviceLocks(devices)

    def count(locks: DeviceLocks) -> None:
        for _ in range(10):
            with locks.held(ID):
                counted.write_text(str(int(counted.read_text()) + 1))

    threads = [
        threading.Thread(target=count, args=(locks,))
        for locks in (shared, shared, DeviceLocks(devices))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert counted.read_text() == "30"
    assert list(devices.iterdir()) == []


def test_the_highest_fence_is_kept_as_long_as_the_device(
    devices: Path,
) -> None:
    with DeviceLocks(devices).held(ID) as held:
        held.compare("create", 7)
    with DeviceLocks(devices).held(ID) as held:
        with pytest.raises(TransientError, match=r"delete .* overtaken"):
            held.compare("delete", 6)
        held.compare("delete", 0)
        held.compare("delete", 7)
        (devices / ID).rmdir()
    with DeviceLocks(devices).held(ID) as held:
        held.compare("create", 1)


def test_a_lock_file_that_cannot_be_read_stands_for_no_fence(
    devices: Path,
) -> None:
    (devices / f"{ID}.lock").write_text("nonsense")
    with DeviceLocks(devices).held(ID) as held:
        held.compare("create", 1)


def test_who_is_started_meanwhile_does_not_keep_the_device(
    devices: Path, impatient: None
) -> None:
    with DeviceLocks(devices).held(ID):
        child = subprocess.Popen(
            [sys.executable, "-c", "input()"],
            stdin=subprocess.PIPE,
            close_fds=False,
        )
    with DeviceLocks(devices).held(ID):
        child.communicate(b"\n", timeout=10)
