"""Real virtual machines, under software emulation."""

import os
import queue
import signal
import socket
import subprocess
import time

import pytest

from servicevm.drivers.infra.base import DeviceState, Listener, Peer
from servicevm.drivers.infra.conformance import Ledger

pytestmark = [pytest.mark.vm, pytest.mark.timeout(240)]


@pytest.fixture
def deaths(driver):
    heard = queue.Queue()
    driver.watch([], heard.put)
    return heard


def folder_of(conf, spec) -> str:
    return os.path.join(conf.qemu.devices_dir, spec.id)


def pid_of(conf, spec) -> int:
    with open(os.path.join(folder_of(conf, spec), "pid")) as file:
        return int(file.read())


def first_bytes(address: str, port: int) -> bytes:
    with socket.create_connection((address, port), timeout=30) as link:
        return link.recv(100)


def test_the_guest_reaches_what_is_published_and_nothing_else(
    conf, driver, make_spec, guests
) -> None:
    spec = make_spec()
    with (
        socket.create_server(("127.0.0.1", 0)) as allowed,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        driver.create(spec, Ledger())
        guest = guests()
        assert guest("network", "10.0.2.15")
        assert guest("listen", 80)
        port = allowed.getsockname()[1]
        listeners = [Listener("web", "http", 80)]
        (web,) = driver.publish(spec, listeners, [Peer("127.0.0.1", port)])
        assert first_bytes(web.address, web.port) == b"guest\n"

        # again: the same port; another peer: the first one is closed
        assert driver.publish(spec, listeners, [Peer("127.0.0.1", port)]) == [
            web
        ]
        guest_side = guest("socks", "127.0.0.1", other.getsockname()[1])
        assert guest_side == "refused"
        # the host's loopback, as an open user-mode network shows it
        assert guest("connect", "10.0.2.2", port) != "connected"
        assert guest("connect", "127.0.0.1", port) != "connected"

        allowed.settimeout(30)
        guest.tell("socks", "127.0.0.1", port)
        peer, _ = allowed.accept()
        with peer:
            peer.sendall(b"backend")
        assert guest.read() == "backend"

        assert driver.publish(spec, [], []) == []
        with pytest.raises(OSError, match="refused"):
            first_bytes(web.address, web.port)
        assert guest("socks", "127.0.0.1", port) == "refused"
    assert driver.delete(spec)


def test_a_killed_machine_is_noticed_and_a_reboot_brings_all_back(
    conf, driver, deaths, make_spec, guests
) -> None:
    spec = make_spec()
    driver.create(spec, Ledger())
    guest = guests()
    assert guest("keep", "first") is None
    (web,) = driver.publish(spec, [Listener("web", "http", 80)], [])

    started = time.monotonic()
    os.kill(pid_of(conf, spec), signal.SIGKILL)
    assert deaths.get(timeout=10) == spec.id
    assert time.monotonic() - started < 2
    seen = driver.observe(spec)
    assert (seen.state, seen.code) == (DeviceState.FAILED, "device_died")

    driver.reboot(spec)
    assert driver.observe(spec).state is DeviceState.RUNNING
    guest = guests()
    assert guest("keep", "second") == "first"
    assert driver.publish(spec, [Listener("web", "http", 80)], []) == [web]

    # in order, by the power button
    driver.reboot(spec)
    assert driver.observe(spec).state is not DeviceState.FAILED
    guest = guests()
    assert guest("keep", "third") == "second"
    assert deaths.empty()
    assert driver.delete(spec)


def test_a_machine_survives_the_service_and_is_found_again(
    conf, make_driver, make_spec, guests
) -> None:
    first, spec = make_driver(), make_spec()
    first.create(spec, Ledger())
    guest = guests()
    pid = pid_of(conf, spec)
    first.close()

    heard = queue.Queue()
    second = make_driver()
    second.watch([spec], heard.put)
    second.create(spec, Ledger())
    assert pid_of(conf, spec) == pid
    assert second.observe(spec).state is DeviceState.RUNNING
    assert "/state ext4" in guest("mounts")
    assert heard.empty()

    started = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    assert heard.get(timeout=10) == spec.id
    assert time.monotonic() - started < 2

    third = make_driver()
    third.watch([spec], heard.put)
    assert heard.get(timeout=10) == spec.id
    assert third.observe(spec).detail == "QEMU was killed."
    assert third.delete(spec)
    assert not os.path.exists(folder_of(conf, spec))


@pytest.mark.parametrize(
    ("method", "state", "words"),
    [
        pytest.param(
            "poweroff", DeviceState.STOPPED, "Power down", id="power off"
        ),
        pytest.param(
            "panic", DeviceState.FAILED, "Kernel panic", id="kernel panic"
        ),
    ],
)
def test_a_guest_that_ends_is_dead_and_its_last_words_are_kept(
    conf, driver, deaths, make_spec, guests, method, state, words
) -> None:
    conf.set_override("console_bytes", 16384, "qemu")
    spec = make_spec()
    driver.create(spec, Ledger())
    guest = guests()
    assert guest("console", 3000)
    guest.tell(method)
    assert deaths.get(timeout=30) == spec.id
    seen = driver.observe(spec)
    assert (seen.state, seen.code) == (state, "device_died")
    log = driver.console_log(spec, 1 << 20)
    assert words in log
    assert "console line 2999" in log
    assert len(log) <= 16384
    assert driver.delete(spec)
    assert driver.device_ids() == set()


def test_no_secret_is_in_the_process_list(
    conf, driver, make_spec, guests
) -> None:
    spec = make_spec()
    secret = {"servicevm.json": b'{"token": "very-secret"}'}
    driver.create(
        type(spec)(**{**spec.__dict__, "bootstrap": secret}), Ledger()
    )
    with open(f"/proc/{pid_of(conf, spec)}/cmdline", "rb") as file:
        shown = file.read()
    assert b"very-secret" not in shown
    folder = folder_of(conf, spec)
    assert os.stat(folder).st_mode & 0o777 == 0o700
    drive = os.path.join(folder, "config.iso")
    assert os.stat(drive).st_mode & 0o777 == 0o600
    with open(drive, "rb") as file:
        assert b"very-secret" in file.read()
    assert driver.delete(spec)


@pytest.fixture
def bridge():
    name = "svmvmtestbr"
    for command in (
        ["link", "add", name, "type", "bridge"],
        ["addr", "add", "198.51.100.1/24", "dev", name],
        ["link", "set", name, "up"],
    ):
        subprocess.run(["ip", *command], check=True, timeout=10)
    yield name
    subprocess.run(["ip", "link", "del", name], check=True, timeout=10)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_guest_on_a_bridge_is_reached_and_its_tap_goes_with_it(
    driver, make_spec, guests, bridge
) -> None:
    spec, ledger = make_spec(network=f"bridge:{bridge}"), Ledger()
    driver.create(spec, ledger)
    tap = ledger.present["tap:0"]
    assert os.path.exists(f"/sys/class/net/{tap}")
    guest = guests()
    assert guest("network", "198.51.100.2")
    assert guest("listen", 80)
    assert first_bytes("198.51.100.2", 80) == b"guest\n"
    (web,) = driver.publish(spec, [Listener("web", "http", 80)], [])
    assert (web.address, web.port) == ("10.0.2.15", 80)
    assert driver.delete(spec)
    assert not os.path.exists(f"/sys/class/net/{tap}")


def test_a_soft_reboot_goes_on_after_the_service_was_killed(
    conf, make_driver, make_spec, guests
) -> None:
    first, spec = make_driver(), make_spec()
    first.create(spec, Ledger())
    guest = guests()
    assert guest("keep", "first") is None
    pid = pid_of(conf, spec)
    first.reboot(spec)
    first.close()

    heard = queue.Queue()
    second = make_driver()
    second.watch([spec], heard.put)
    assert second.observe(spec).state is DeviceState.BUILDING
    guest = guests()
    assert second.observe(spec).state is DeviceState.RUNNING
    assert pid_of(conf, spec) != pid
    assert guest("keep", "second") == "first"
    assert heard.empty()
    assert second.delete(spec)
