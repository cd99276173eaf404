"""What happens by itself, and what nobody cares for any more."""

from pathlib import Path

import pytest

from servicevm import clock
from servicevm.conductor.janitor import Janitor
from servicevm.db import api as db
from servicevm.db import models
from servicevm.drivers import INFRA, Drivers, driver_names
from servicevm.drivers.infra.base import DeviceState
from servicevm.drivers.mgmt.noop import NoopMgmtDriver
from servicevm.drivers.world import World
from servicevm.errors import INTERNAL, UNAVAILABLE, TransientError

from .lab import CONFIG, Lab


def up(lab: Lab) -> tuple[str, str]:
    device_id, _ = lab.device()
    service_id, _ = lab.service(device_id)
    lab.settle(lab.conductor())
    return device_id, service_id


def test_a_machine_that_died_and_came_back_is_told(lab: Lab) -> None:
    device_id, service_id = up(lab)
    assert lab.get(models.Service, service_id).operating_status == "ONLINE"
    reconciler = lab.conductor().reconciler
    lab.cloud.machines[device_id]["state"] = DeviceState.STOPPED
    reconciler.sweep()
    assert lab.get(models.Service, service_id).operating_status == "DEAD"
    device = lab.get(models.Device, device_id)
    assert device.operating_status == "DEAD"
    assert device.status_code == "device_died"
    assert device.provisioning_status == "ACTIVE"
    reconciler.sweep()
    assert len(lab.events(type="device.operating_status")) == 1
    lab.cloud.machines[device_id]["state"] = DeviceState.RUNNING
    reconciler.sweep()
    assert lab.get(models.Device, device_id).operating_status == "ONLINE"
    assert lab.get(models.Service, service_id).operating_status == "ONLINE"


def test_a_reboot_takes_the_services_down_and_up(lab: Lab) -> None:
    device_id, service_id = up(lab)
    lab.cloud.machines[device_id]["state"] = DeviceState.STOPPED
    lab.conductor().reconciler.sweep()
    lab.reboot(device_id)
    lab.settle(lab.conductor())
    told = {
        event.message: event.facts
        for event in lab.events(resource_id=service_id)
    }
    (offline,) = [one for one in told if "is OFFLINE, as its device" in one]
    assert told[offline]["status"] == "OFFLINE"
    assert told[offline]["device_name"]
    assert lab.get(models.Service, service_id).operating_status == "ONLINE"


def test_a_machine_that_is_gone_is_told(lab: Lab) -> None:
    device_id, _ = up(lab)
    lab.cloud.machines.clear()
    lab.conductor().reconciler.sweep()
    device = lab.get(models.Device, device_id)
    assert device.status_code == "device_missing"
    assert "reboot" in device.status_reason


def test_a_machine_without_a_row_is_destroyed(lab: Lab) -> None:
    device_id, _ = up(lab)
    stray = "00000000-0000-4000-8000-00000000dead"
    lab.cloud.machines[stray] = {"state": DeviceState.RUNNING, "looks": 0}
    lab.conductor().reconciler.sweep()
    assert list(lab.cloud.machines) == [device_id]


def test_what_is_being_made_is_no_leftover(lab: Lab) -> None:
    lab.cloud.looks = 5
    device_id, _ = lab.device()
    conductor = lab.conductor()
    conductor.drain()
    conductor.reconciler.sweep()
    assert list(lab.cloud.machines) == [device_id]


def test_a_driver_that_fails_does_not_stop_the_sweep(lab: Lab) -> None:
    device_id, _ = up(lab)
    lab.cloud.failing["observe"] = TransientError(UNAVAILABLE, "Away.")
    lab.conductor().reconciler.sweep()
    assert lab.get(models.Device, device_id).operating_status == "ONLINE"


def test_drivers_are_looked_for_once_in_a_process(
    lab: Lab,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    janitor = Janitor(lab.conf, Drivers(lab.conf, lab.relay))
    janitor.delete_leftovers()
    installed = tmp_path / "acme-1.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Name: acme\nVersion: 1\n")
    (installed / "entry_points.txt").write_text(
        f"[{INFRA}]\nacme = acme_of_nobody:Driver\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "acme" in driver_names(INFRA)
    janitor.delete_leftovers()
    assert "acme" not in caplog.text


def test_a_row_that_is_pending_without_an_operation_goes_on(lab: Lab) -> None:
    device_id, service_id = up(lab)
    with lab.change(models.Service, service_id) as row:
        row.provisioning_status = "PENDING_DELETE"
    with lab.change(models.Device, device_id) as row:
        row.provisioning_status = "PENDING_UPDATE"
    conductor = lab.conductor()
    conductor.reconciler.sweep()
    lab.settle(conductor)
    assert lab.get(models.Service, service_id) is None
    assert lab.get(models.Device, device_id).provisioning_status == "ACTIVE"


def test_a_service_that_failed_is_tried_again_after_a_while(lab: Lab) -> None:
    _, service_id = up(lab)
    lab.cloud.failing["publish"] = TransientError(INTERNAL, "No.")
    lab.update(service_id, CONFIG)
    conductor = lab.conductor()
    lab.settle(conductor)
    assert lab.get(models.Service, service_id).provisioning_status == "ERROR"
    lab.cloud.failing.clear()
    conductor.reconciler.sweep()
    assert not conductor.run_once()
    lab.advance(61)
    conductor.reconciler.sweep()
    lab.settle(conductor)
    service = lab.get(models.Service, service_id)
    assert service.provisioning_status == "ACTIVE"
    assert service.observed_generation == 2


def test_what_was_cancelled_is_not_brought_back(lab: Lab) -> None:
    _, service_id = up(lab)
    operation_id = lab.update(service_id, CONFIG)
    lab.cancel(operation_id)
    conductor = lab.conductor()
    lab.settle(conductor)
    lab.advance(3600)
    conductor.reconciler.sweep()
    assert not conductor.run_once()
    assert lab.operation(operation_id).state == "CANCELLED"


def test_a_device_that_is_rebooted_by_its_user_is_left_alone(
    lab: Lab,
) -> None:
    device_id, _ = up(lab)
    lab.cloud.machines[device_id]["state"] = DeviceState.STOPPED
    lab.reboot(device_id)
    lab.conductor().reconciler.observe(device_id)
    assert lab.get(models.Device, device_id).operating_status == "ONLINE"


def test_old_certificates_are_forgotten(lab: Lab) -> None:
    device_id, _ = up(lab)
    day = 86_400 * clock.SECOND
    ages = {"old": 31 * day, "recent": day}
    from servicevm.db import api as db

    with db.writer() as session:
        for serial, age in ages.items():
            session.add(
                models.AgentCertificate(
                    serial=serial,
                    device_id=device_id,
                    spki_hash="0",
                    not_before=0,
                    not_after=lab.now - age,
                )
            )
    lab.conductor().reconciler.sweep()
    assert [row.serial for row in lab.all(models.AgentCertificate)] == [
        "recent"
    ]


def test_strays_are_removed_from_the_device(lab: Lab) -> None:
    device_id, service_id = up(lab)
    stray = "11111111-1111-4111-8111-111111111111"

    def exchange(state):
        state["services"][stray] = state["services"].pop(service_id)
        return state

    World(Path(lab.conf.state_dir) / "noop-mgmt").change(device_id, exchange)
    # Devices of noop do not say what they have: every sweep asks them.
    lab.conductor().reconciler.sweep()
    left = NoopMgmtDriver(lab.conf, lab.relay).observe(device_id).services
    assert left == {}


# -- what an operator holds -------------------------------------------------


def test_a_service_on_a_held_device_is_not_mended_until_it_is_free(
    lab: Lab,
) -> None:
    device_id, service_id = up(lab)
    lab.cloud.failing["publish"] = TransientError(INTERNAL, "No.")
    lab.update(service_id, CONFIG)
    conductor = lab.conductor()
    lab.settle(conductor)
    lab.cloud.failing.clear()
    lab.hold("device", device_id, seconds=120)
    lab.advance(61)
    conductor.reconciler.sweep()
    assert not conductor.run_once()
    assert lab.get(models.Service, service_id).provisioning_status == "ERROR"
    lab.advance(61)
    conductor.reconciler.sweep()
    lab.settle(conductor)
    service = lab.get(models.Service, service_id)
    assert service.provisioning_status == "ACTIVE"
    (told,) = lab.events(type="hold.expired")
    assert told.device_id == device_id
    assert not lab.all(models.Hold)


def test_strays_stay_on_a_held_device(lab: Lab) -> None:
    device_id, service_id = up(lab)
    lab.hold("everything")
    stray = "11111111-1111-4111-8111-111111111111"

    def add(state):
        state["services"][stray] = state["services"][service_id]
        return state

    World(Path(lab.conf.state_dir) / "noop-mgmt").change(device_id, add)
    conductor = lab.conductor()
    conductor.reconciler.sweep()
    conductor.reconciler.mend(device_id)
    left = NoopMgmtDriver(lab.conf, lab.relay).observe(device_id).services
    assert set(left) == {service_id, stray}


@pytest.mark.parametrize(
    ("scope", "left"), [("everything", 2), ("project", 1)]
)
def test_leftovers_stay_only_where_everything_is_held(
    lab: Lab, scope: str, left: int
) -> None:
    up(lab)
    lab.hold(scope, "" if scope == "everything" else "default")
    stray = "00000000-0000-4000-8000-00000000dead"
    lab.cloud.machines[stray] = {"state": DeviceState.RUNNING, "looks": 0}
    lab.conductor().reconciler.sweep()
    assert len(lab.cloud.machines) == left


def test_status_and_operations_go_on_while_everything_is_held(
    lab: Lab,
) -> None:
    lab.hold("everything")
    device_id, service_id = up(lab)
    assert lab.get(models.Service, service_id).operating_status == "ONLINE"
    lab.cloud.machines[device_id]["state"] = DeviceState.STOPPED
    lab.conductor().reconciler.sweep()
    assert lab.get(models.Device, device_id).operating_status == "DEAD"
    lab.reboot(device_id)
    lab.settle(lab.conductor())
    assert lab.get(models.Device, device_id).operating_status == "ONLINE"


def test_a_deleted_device_takes_its_hold_along(lab: Lab) -> None:
    device_id, _ = up(lab)
    lab.hold("device", device_id)
    lab.delete_device(device_id)
    lab.settle(lab.conductor())
    assert lab.get(models.Device, device_id) is None
    assert not lab.all(models.Hold)


def test_history_is_kept_for_keep_days_and_no_longer(lab: Lab) -> None:
    device_id, _ = up(lab)
    lab.conductor().reconciler.sweep()
    assert lab.events(type="operation.succeeded")
    lab.advance(31 * 86_400)
    lab.conductor().reconciler.sweep()
    assert not lab.events(type="operation.succeeded")
    newest = lab.get(models.Device, device_id).operation_id
    assert lab.get(models.Operation, newest).state == "SUCCEEDED"


def test_services_that_go_with_their_device_are_not_begun_anew(
    lab: Lab,
) -> None:
    device_id, service_id = up(lab)
    before = len(lab.all(models.Operation))
    lab.delete_device(device_id)
    with db.writer() as session:
        session.get_one(
            models.Service, service_id
        ).provisioning_status = "PENDING_DELETE"
    lab.conductor().reconciler.sweep()
    assert len(lab.all(models.Operation)) == before + 1
