"""The whole life cycle through the real shell, without a VM."""

import signal
from collections.abc import Callable

import pytest

from .conftest import Standalone

TEMPLATE = (
    "device template create --infra-driver noop --mgmt-driver noop "
    "--interface role=ingress,network=user --service-type loadbalancer "
    "--slots 2 {options} lb"
)

CONFIG = """
listeners:
- {name: web, protocol: http, port: 80, default_pool: web}
pools:
- name: web
  algorithm: round_robin
  members:
  - {name: b1, address: 192.0.2.11, port: 8080}
"""


def test_create_to_delete_leaves_no_row(
    standalone: Callable[..., Standalone],
) -> None:
    svm = standalone()
    svm.ok(TEMPLATE.format(options=""))
    svm.ok("device create --template lb --wait 30 lb1")
    config = svm.state_dir / "web.yaml"
    config.write_text(CONFIG)
    svm.ok(
        "service create --device lb1 --type loadbalancer "
        f"--config {config} --wait 30 web"
    )
    device = svm.show("device show lb1")
    assert device["provisioning_status"] == "ACTIVE"
    assert svm.show("service show web")["provisioning_status"] == "ACTIVE"
    svm.ok("service delete --wait 30 web")
    svm.ok("device delete --wait 30 lb1")
    svm.ok("device template delete lb")
    assert svm.show("device list") == []
    assert svm.show("service list") == []
    # What tells of them still says which they were.
    told = svm.show("operation list")
    assert {(one["Resource Type"], one["Resource Name"]) for one in told} == {
        ("device", "lb1"),
        ("service", "web"),
    }
    told = svm.show("event list --long")
    assert {(one["Resource Type"], one["Resource Name"]) for one in told} == {
        ("device_template", "lb"),
        ("device", "lb1"),
        ("service", "web"),
    }


def test_a_name_that_fits_two_devices_lists_both_ids(
    standalone: Callable[..., Standalone],
) -> None:
    svm = standalone()
    svm.ok(TEMPLATE.format(options=""))
    ids = [
        svm.show("device create --template lb --wait 30 twin")["id"]
        for _ in range(2)
    ]
    done = svm.run("device show twin")
    assert done.code != 0
    assert all(one in done.err for one in ids)


def test_a_missing_device_is_exit_code_3(
    standalone: Callable[..., Standalone],
) -> None:
    svm = standalone()
    done = svm.run("device show nothing")
    assert done.code == 3
    assert "nothing" in done.err


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_an_operation_goes_on_after_the_service_was_killed(
    standalone: Callable[..., Standalone], number: int
) -> None:
    svm = standalone()
    svm.ok(TEMPLATE.format(options="--infra-option create_seconds=3"))
    svm.ok("device create --template lb lb1")
    if number == signal.SIGKILL:
        svm.kill()
    else:
        svm.stop()
    svm.start()
    # The lease of the killed conductor has to run out first.
    svm.ok("device set --description kept lb1")
    device = wait_for(svm, "lb1", "ACTIVE")
    assert device["description"] == "kept"
    svm.ok("device delete --wait 60 lb1")


def wait_for(svm: Standalone, name: str, status: str) -> dict:
    """Wait through the product's own operation list, at most 60 s."""
    import time

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        device = svm.show(f"device show {name}")
        if device["provisioning_status"] == status:
            return device
    raise AssertionError(f"still {device['provisioning_status']}")


def test_a_second_service_on_the_same_folder_is_refused(
    standalone: Callable[..., Standalone],
) -> None:
    svm = standalone()
    import subprocess
    import sys
    from pathlib import Path

    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "servicevm-standalone"),
            "--state-dir",
            str(svm.state_dir),
        ],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert str(svm.process.pid) in done.stderr


def test_the_first_device_that_dies_is_noticed_without_a_sweep(
    standalone: Callable[..., Standalone],
) -> None:
    svm = standalone("[conductor]\nreconcile_interval = 3600\n")
    option = "--infra-option die_after_seconds=1 --healing ladder="
    svm.ok(TEMPLATE.format(options=option))
    svm.ok("device create --template lb --wait 30 lb1")

    def dead() -> bool:
        return bool(svm.show("device show lb1")["operating_status"] == "DEAD")

    svm.wait_until(dead)
