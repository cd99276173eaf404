"""A real virtual machine that dies is healed, and traffic flows again."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Standalone
from .test_real_vm import backend, get, serve, until

pytestmark = [pytest.mark.vm, pytest.mark.timeout(300)]


@pytest.fixture
def svm(standalone: Callable[..., Standalone], image_dir: Path) -> Standalone:
    one = standalone(
        f"[qemu]\nimage_dir = {image_dir}\n[healing]\noutage_grace = 1\n"
    )
    one.ok(
        "device template create --infra-driver qemu "
        "--infra-option memory_mib=192 --mgmt-driver agent "
        "--interface role=ingress,network=user "
        "--healing after=1 --healing cooldown=5 "
        "--service-type loadbalancer --slots 4 lb"
    )
    one.ok("device create --template lb --wait 120 lb1", timeout=180)
    return one


def attempts(svm: Standalone) -> list[dict[str, Any]]:
    """What the system did to devices by itself."""
    found = svm.show("operation list --long")
    return [
        one
        for one in found
        if one["Initiator"] == "system" and one["Resource Type"] == "device"
    ]


def test_a_machine_that_dies_is_rebooted_and_traffic_flows_again(
    svm: Standalone,
) -> None:
    with backend("b1") as backend_port:
        port = serve(svm, {"b1": backend_port}, "create")
        assert get(port)["backend"] == "b1"
        (pid,) = svm.device_pids()
        os.kill(pid, signal.SIGKILL)

        svm.wait_until(lambda: attempts(svm))
        until(svm, "device show lb1", provisioning_status="ACTIVE")
        until(svm, "device show lb1", operating_status="ONLINE")
        until(svm, "service show web", operating_status="ONLINE")
        assert get(port)["backend"] == "b1"

        (reboot,) = attempts(svm)
        assert reboot["Action"] == "reboot"
        assert reboot["State"] == "SUCCEEDED"
        assert svm.device_pids() != {pid}
        # It stays well, so what was begun is closed.
        svm.wait_until(lambda: svm.show("device show lb1")["healing"] is None)
        told = [one["Type"] for one in svm.show("event list --limit 200")]
        assert told.count("device.healing") == 1
        assert told.count("device.healed") == 1
    svm.ok("device delete --wait 60 lb1")
    assert svm.device_pids() == set()
