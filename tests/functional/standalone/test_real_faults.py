"""What goes wrong with real virtual machines, and what is said of it."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Standalone
from .test_real_vm import backend, config, get, until

pytestmark = [pytest.mark.vm, pytest.mark.timeout(300)]

Make = Callable[..., Standalone]
TEMPLATE = (
    "device template create --infra-driver qemu "
    "--infra-option memory_mib=192 --mgmt-driver agent "
    "--interface role=ingress,network=user "
    "--service-type loadbalancer --slots 4 "
)


def certificate_of(svm: Standalone) -> dict[str, Any]:
    shown: dict[str, Any] = svm.show("device show lb1")["agent"]
    return dict(shown["certificate"])


def test_a_certificate_is_renewed_and_a_taken_port_is_refused(
    standalone: Make, image_dir: Path
) -> None:
    """One VM for two promises: a boot takes seconds."""
    # 43 s: renewed after about 20.
    svm = standalone(
        f"[qemu]\nimage_dir = {image_dir}\n[pki]\nleaf_days = 0.0005\n"
    )
    svm.ok(TEMPLATE + "lb")
    svm.ok("device create --template lb --wait 120 lb1", timeout=180)
    first = certificate_of(svm)
    booted = time.monotonic()

    with backend("b1") as one, backend("b2") as two:
        for name, port in (("web", one), ("other", two)):
            (svm.state_dir / f"{name}.yaml").write_text(config({name: port}))
        svm.ok(
            "service create --device lb1 --type loadbalancer "
            f"--config {svm.state_dir}/web.yaml --wait 60 web"
        )
        web = until(svm, "service show web", operating_status="ONLINE")
        port = int(web["endpoints"][0]["port"])
        assert get(port)["backend"] == "b1"

        # The same port of the same device: the device never hears of it.
        create = (
            "service create --device lb1 --type loadbalancer "
            f"--config {svm.state_dir}/other.yaml --wait 60 other"
        )
        done = svm.run(create)
        assert done.code == 5, done
        assert "$.service.config.listeners[0].port: Service web" in done.err
        assert "choose another port" in done.err
        assert [one["Name"] for one in svm.show("service list")] == ["web"]

        # Nor of a change of one that is there.
        both = yaml.safe_load(config({"web": one}))
        both["listeners"].append(both["listeners"][0] | {"name": "second"})
        both["listeners"][1]["port"] = 81
        (svm.state_dir / "other.yaml").write_text(
            yaml.safe_dump(both).replace("port: 80\n", "port: 82\n")
        )
        svm.ok(create)
        (svm.state_dir / "web.yaml").write_text(yaml.safe_dump(both))
        done = svm.run(
            f"service set --config {svm.state_dir}/web.yaml --wait 60 web"
        )
        assert done.code == 5, done
        web = svm.show("service show web")
        assert web["provisioning_status"] == "ACTIVE"
        assert {get(port)["backend"] for _ in range(10)} == {"b1"}
        svm.ok("service delete --wait 60 other")

        deadline = time.monotonic() + 60
        while certificate_of(svm)["serial"] == first["serial"]:
            assert time.monotonic() < deadline, svm.log()[-3000:]
        # The first one's time is over; nobody notices.
        while time.monotonic() < booted + 45:
            assert get(port)["backend"] == "b1"
        until(svm, "device show lb1", operating_status="ONLINE")
        refused = svm.show("event list --limit 200")
        assert not [e for e in refused if "refused" in e["Type"]]
    svm.ok("device delete --wait 60 lb1")
    assert svm.device_pids() == set()


def test_a_device_that_never_calls_home_says_so_and_can_be_deleted(
    standalone: Make, image_dir: Path
) -> None:
    svm = standalone(f"[qemu]\nimage_dir = {image_dir}\n")
    svm.ok(TEMPLATE + "--first-contact-timeout 1 lb")
    done = svm.run("device create --template lb --wait 120 lb1")
    assert done.code == 7
    device = svm.show("device show lb1")
    assert device["provisioning_status"] == "ERROR"
    assert device["status_code"] == "agent_never_called"
    assert "console log" in device["status_reason"]
    assert "within 1 seconds" in device["status_reason"]
    svm.ok("device console log show lb1")
    svm.ok("device delete --wait 60 lb1")
    assert svm.device_pids() == set()
    assert list((svm.state_dir / "devices").iterdir()) == []


@pytest.fixture
def small_disk(short_tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB for the devices."""
    folder = short_tmp_path / "devices"
    folder.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "small", str(folder)]
    subprocess.run(mount, check=True, timeout=10)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True, timeout=10)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_full_disk_is_named_and_room_mends_it(
    small_disk: Path, standalone: Make, image_dir: Path
) -> None:
    svm = standalone(f"[qemu]\nimage_dir = {image_dir}\n")
    svm.ok(TEMPLATE + "lb")
    done = svm.run("device create --template lb --wait 120 lb1")
    assert done.code == 7
    device = svm.show("device show lb1")
    assert device["status_code"] == "disk_full"
    assert "No space left" in device["status_reason"]
    assert "Free some space" in device["status_reason"]

    room = ["mount", "-o", "remount,size=64m", str(small_disk)]
    subprocess.run(room, check=True, timeout=10)
    (operation,) = svm.show("operation list")
    svm.ok(f"operation retry --wait 120 {operation['ID']}", timeout=180)
    until(svm, "device show lb1", operating_status="ONLINE")
    svm.ok("device delete --wait 60 lb1")
    assert list(small_disk.iterdir()) == []
