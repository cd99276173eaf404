"""Interfaces that turn out, come and go; machines that are made anew."""

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import orm

from servicevm import errors
from servicevm.conductor import views
from servicevm.db import api as db
from servicevm.db import models
from servicevm.drivers.mgmt.noop import NoopMgmtDriver
from tests.unit.conductor.lab import Lab
from tests.unit.conductor.test_service import up


def test_addresses_that_the_network_gave_are_written_before_the_boot(
    lab: Lab,
) -> None:
    lab.cloud.chooses = True
    device_id, _ = lab.device()
    lab.settle(lab.conductor())
    (interface,) = lab.interfaces(device_id)
    assert (interface.network, interface.address, interface.prefix) == (
        "net-1",
        "198.51.100.7",
        24,
    )


def test_an_address_that_another_device_has_on_record_is_taken_over(
    lab: Lab,
) -> None:
    lab.cloud.chooses = True
    first, _ = lab.device()
    lab.settle(lab.conductor())
    second, _ = lab.device()
    lab.settle(lab.conductor())
    assert lab.interfaces(first)[0].address is None
    assert lab.interfaces(second)[0].address == "198.51.100.7"


def test_networks_that_are_refused_fail_the_creation(lab: Lab) -> None:
    lab.cloud.failing["prepare"] = errors.PermanentError(
        errors.NETWORK_MISSING, "There is no network."
    )
    device_id, operation_id = lab.device()
    lab.settle(lab.conductor())
    assert lab.operation(operation_id).error_code == "network_missing"
    assert lab.cloud.created == []
    lab.delete_device(device_id)
    lab.settle(lab.conductor())


def test_a_rebuilt_device_gets_its_services_back(lab: Lab) -> None:
    device_id, service_id = up(lab)
    operation_id = lab.rebuild(device_id)
    lab.settle(lab.conductor())
    assert lab.operation(operation_id).state == "SUCCEEDED"
    assert lab.cloud.created == [device_id, device_id]
    assert lab.inside(device_id)[service_id].generation == 1
    device = lab.get(models.Device, device_id)
    assert (device.provisioning_status, device.operating_status) == (
        "ACTIVE",
        "ONLINE",
    )


def test_an_interface_comes_and_goes(lab: Lab) -> None:
    device_id, _ = up(lab)
    lab.attach(device_id, 3)
    lab.settle(lab.conductor())
    assert lab.cloud.plugged[device_id] == {3}
    interface = lab.interfaces(device_id)[-1]
    assert (interface.attached, interface.address) == (True, "198.51.100.10")
    lab.detach(device_id, 3)
    lab.settle(lab.conductor())
    assert lab.cloud.plugged[device_id] == set()
    assert [one.index for one in lab.interfaces(device_id)] == [0]
    device = lab.get(models.Device, device_id)
    assert device.provisioning_status == "ACTIVE"
    assert device.observed_generation == device.generation == 3
    with db.reader() as session:
        kinds = session.scalars(sa.select(models.DeviceResource.kind)).all()
    assert "port:3" not in kinds


def test_a_device_goes_on_where_an_interface_can_not_be_attached(
    lab: Lab,
) -> None:
    device_id, _ = up(lab)
    lab.cloud.failing["attach_interface"] = errors.PermanentError(
        errors.NETWORK_MISSING, "There is no network."
    )
    operation_id = lab.attach(device_id, 1)
    lab.settle(lab.conductor())
    assert lab.operation(operation_id).state == "FAILED"
    device = lab.get(models.Device, device_id)
    assert device.provisioning_status == "ACTIVE"
    assert device.status_code == "network_missing"
    assert lab.interfaces(device_id)[-1].attached is False
    # A new machine is made without it.
    lab.cloud.chooses = True
    rebuilt = lab.rebuild(device_id)
    lab.settle(lab.conductor())
    assert lab.operation(rebuilt).state == "SUCCEEDED"
    assert lab.interfaces(device_id)[-1].attached is False
    # It can be taken off again, as if it had been there.
    lab.detach(device_id, 1)
    lab.settle(lab.conductor())
    assert [one.index for one in lab.interfaces(device_id)] == [0]
    assert lab.get(models.Device, device_id).status_code is None


def test_the_device_is_told_again_until_it_sees_the_card(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [["52:54:00:00:01:01"], []]
    heard: list[list[int]] = []

    def interfaces(
        driver: NoopMgmtDriver,
        device_id: str,
        generation: int,
        interfaces: Sequence[Any],
    ) -> Sequence[str]:
        heard.append([one.index for one in interfaces])
        return answers.pop(0)

    # The real driver's device sees every card at once.
    monkeypatch.setattr(NoopMgmtDriver, "interfaces", interfaces)
    device_id, _ = up(lab)
    operation_id = lab.attach(device_id, 1)
    conductor = lab.conductor()
    lab.settle(conductor)
    lab.advance(1)
    lab.settle(conductor)
    assert heard == [[0, 1], [0, 1]]
    assert lab.operation(operation_id).state == "SUCCEEDED"


def test_drivers_are_told_whose_word_a_network_is(lab: Lab) -> None:
    device_id, _ = up(lab)
    lab.attach(device_id, 1)

    def name_one(session: orm.Session) -> None:
        device = session.get_one(models.Device, device_id)
        revision = session.get_one(
            models.DeviceTemplateRevision,
            (device.template_id, device.template_revision),
        )
        interfaces = [{"role": "mgmt", "network": "net-0"}]
        revision.spec = {**revision.spec, "interfaces": interfaces}

    db.write(name_one)
    with db.reader() as session:
        device = views.load_device(session, device_id)
    assert device is not None
    assert [one.of_template for one in device.interfaces] == [True]
    assert [one.of_template for one in device.unattached] == [False]
