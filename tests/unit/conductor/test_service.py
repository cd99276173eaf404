"""Whole lives, in the calling thread."""

from dataclasses import replace

import pytest
from oslo_db.exception import DBError

from servicevm import errors
from servicevm.db import models
from servicevm.drivers.infra.base import DeviceSpec, DeviceState, Observation
from servicevm.errors import PermanentError, TransientError
from servicevm.rpc.endpoint import Endpoint
from servicevm.rpc.messages import CONDUCTOR_API

from .lab import CONFIG, Lab


def up(lab: Lab) -> tuple[str, str]:
    """A device with a service, both ACTIVE."""
    conductor = lab.conductor()
    device_id, _ = lab.device()
    service_id, _ = lab.service(device_id)
    lab.settle(conductor)
    assert lab.get(models.Service, service_id).provisioning_status == "ACTIVE"
    return device_id, service_id


def test_a_device_comes_up(lab: Lab) -> None:
    device_id, operation_id = lab.device()
    lab.settle(lab.conductor())
    device = lab.get(models.Device, device_id)
    assert device.provisioning_status == "ACTIVE"
    assert device.operating_status == "ONLINE"
    assert device.observed_generation == 1
    assert device.launched_at == lab.now
    assert device.facts == {"accelerator": "none", "agent_version": "noop"}
    assert lab.steps(operation_id) == [
        ("allocate", "SUCCEEDED"),
        ("boot", "SUCCEEDED"),
        ("wait_running", "SUCCEEDED"),
        ("wait_agent", "SUCCEEDED"),
        ("activate", "SUCCEEDED"),
    ]


def test_a_service_waits_for_its_device_and_comes_up(lab: Lab) -> None:
    lab.cloud.looks = 5
    device_id, service_id = up(lab)
    service = lab.get(models.Service, service_id)
    assert service.observed_generation == 1
    assert service.operating_status == "ONLINE"
    assert service.endpoints == [
        {
            "name": "web",
            "protocol": "http",
            "address": "127.0.0.1",
            "port": 40_080,
        }
    ]
    assert lab.inside(device_id)[service_id].generation == 1


def test_delete_leaves_nothing_but_history(lab: Lab) -> None:
    device_id, _ = up(lab)
    operation_id = lab.delete_device(device_id)
    lab.settle(lab.conductor())
    assert lab.operation(operation_id).state == "SUCCEEDED"
    assert lab.cloud.machines == {}
    for model in (
        models.Device,
        models.Service,
        models.DeviceInterface,
        models.DeviceResource,
        models.Tag,
    ):
        assert lab.count(model) == 0
    assert lab.events(type="device.deleted", resource_id=device_id)
    assert lab.count(models.Operation) == 3


def test_a_deleted_service_is_gone_inside_and_outside(lab: Lab) -> None:
    device_id, service_id = up(lab)
    lab.delete_service(service_id)
    lab.settle(lab.conductor())
    assert lab.get(models.Service, service_id) is None
    assert lab.inside(device_id) == {}
    assert lab.cloud.ports[device_id] == []


def test_updates_during_an_update_all_arrive(lab: Lab) -> None:
    device_id, service_id = up(lab)
    asked = [lab.update(service_id, CONFIG) for _ in range(3)]
    lab.settle(lab.conductor())
    assert [lab.operation(one).state for one in asked] == ["SUCCEEDED"] * 3
    service = lab.get(models.Service, service_id)
    assert service.provisioning_status == "ACTIVE"
    assert service.observed_generation == service.generation == 4
    assert lab.inside(device_id)[service_id].generation == 4


def test_deleting_supersedes_what_runs(lab: Lab) -> None:
    template = lab.template(mgmt_options={"unreachable": True})
    device_id, create = lab.device(template)
    _, configure = lab.service(device_id)
    conductor = lab.conductor()
    conductor.drain()
    lab.delete_device(device_id)
    lab.settle(conductor, limit=10)
    assert lab.operation(create).state == "SUPERSEDED"
    assert lab.operation(configure).state == "SUPERSEDED"
    assert lab.count(models.Device) == 0
    assert lab.cloud.machines == {}


def test_a_device_that_never_calls_home_fails_and_says_why(lab: Lab) -> None:
    template = lab.template(
        mgmt_options={"unreachable": True},
        health={"first_contact_timeout": 20},
    )
    device_id, operation_id = lab.device(template)
    began = lab.now
    lab.settle(lab.conductor())
    assert 20_000_000 <= lab.now - began < 23_000_000
    assert lab.operation(operation_id).error_code == "agent_never_called"
    device = lab.get(models.Device, device_id)
    assert device.provisioning_status == "ERROR"
    assert device.status_code == "agent_never_called"
    assert device.status_reason == (
        "The agent in the device did not call home within 20 seconds. "
        + errors.AGENT_NEVER_CALLED.hint
    )
    assert lab.events(type="operation.failed", code="agent_never_called")


def test_retry_clears_the_failed_attempt_and_begins_again(lab: Lab) -> None:
    lab.cloud.looks = 3
    device_id, operation_id = lab.device()
    conductor = lab.conductor()
    conductor.drain()
    lab.cloud.machines[device_id]["state"] = DeviceState.FAILED
    lab.settle(conductor)
    assert lab.get(models.Device, device_id).provisioning_status == "ERROR"
    lab.retry(operation_id)
    lab.settle(conductor)
    assert lab.get(models.Device, device_id).provisioning_status == "ACTIVE"
    assert lab.cloud.created == [device_id, device_id]


def test_what_fails_for_a_while_is_tried_again(lab: Lab) -> None:
    lab.cloud.failing["create"] = TransientError(errors.DISK_FULL, "Full.")
    device_id, operation_id = lab.device()
    conductor = lab.conductor()
    conductor.drain()
    assert lab.operation(operation_id).state == "WAITING"
    assert lab.operation(operation_id).error_text == "Full."
    lab.cloud.failing.clear()
    lab.settle(conductor)
    assert lab.get(models.Device, device_id).provisioning_status == "ACTIVE"


def test_what_fails_at_every_attempt_ends(lab: Lab) -> None:
    lab.cloud.failing["create"] = TransientError(errors.DISK_FULL, "Full.")
    _, operation_id = lab.device()
    lab.settle(lab.conductor())
    operation = lab.operation(operation_id)
    assert operation.state == "FAILED"
    assert operation.error_code == "disk_full"
    assert operation.error_text == "Full. (5 attempts)"
    assert lab.steps(operation_id)[-1] == ("boot", "FAILED")


def test_the_deadline_ends_what_waits(lab: Lab) -> None:
    lab.conf.set_override("operation_timeout", 30, group="conductor")
    lab.cloud.looks = 10**9
    device_id, operation_id = lab.device()
    began = lab.now
    lab.settle(lab.conductor())
    assert lab.operation(operation_id).error_code == "deadline_exceeded"
    assert lab.now == began + 30 * 1_000_000
    assert "wait_running" in lab.get(models.Device, device_id).status_reason
    # No state is a trap.
    lab.cloud.looks = 1
    lab.cloud.machines[device_id]["looks"] = 1
    lab.delete_device(device_id)
    lab.settle(lab.conductor())
    assert lab.count(models.Device) == 0


def test_cancel_ends_before_the_next_step(lab: Lab) -> None:
    template = lab.template(mgmt_options={"unreachable": True})
    device_id, operation_id = lab.device(template)
    conductor = lab.conductor()
    conductor.drain()
    lab.cancel(operation_id)
    lab.settle(conductor, limit=5)
    assert lab.operation(operation_id).state == "CANCELLED"
    device = lab.get(models.Device, device_id)
    assert device.provisioning_status == "ERROR"
    assert device.status_code == "cancelled"


def test_a_refused_configuration_keeps_the_last_good_one(lab: Lab) -> None:
    template = lab.template(mgmt_options={"refuse": "192.0.2.66"})
    device_id, _ = lab.device(template)
    service_id, _ = lab.service(device_id)
    conductor = lab.conductor()
    lab.settle(conductor)
    bad = {
        **CONFIG,
        "pools": [
            {
                **CONFIG["pools"][0],  # type: ignore[dict-item]
                "members": [{"name": "b", "address": "192.0.2.66", "port": 1}],
            }
        ],
    }
    operation_id = lab.update(service_id, bad)
    lab.settle(conductor)
    service = lab.get(models.Service, service_id)
    assert service.provisioning_status == "ERROR"
    assert service.status_code == "config_refused"
    assert "192.0.2.66" in service.status_reason
    assert service.observed_generation == 1
    assert lab.operation(operation_id).error_code == "config_refused"
    assert lab.inside(device_id)[service_id].generation == 1
    lab.update(service_id, CONFIG)
    lab.settle(conductor)
    service = lab.get(models.Service, service_id)
    assert service.provisioning_status == "ACTIVE"
    assert service.status_code is None
    assert service.failed_generation is None


def test_a_reboot_hands_every_service_over_again(lab: Lab) -> None:
    device_id, service_id = up(lab)
    lab.cloud.machines[device_id]["state"] = DeviceState.STOPPED
    lab.reboot(device_id)
    lab.settle(lab.conductor())
    device = lab.get(models.Device, device_id)
    assert (device.provisioning_status, device.operating_status) == (
        "ACTIVE",
        "ONLINE",
    )
    assert lab.cloud.ports[device_id] == [f"{service_id}/web"]


def test_a_reboot_of_what_is_gone_builds_it_again(lab: Lab) -> None:
    device_id, service_id = up(lab)
    del lab.cloud.machines[device_id]
    lab.reboot(device_id)
    lab.settle(lab.conductor())
    assert lab.cloud.created == [device_id, device_id]
    assert lab.inside(device_id)[service_id].generation == 1


def test_no_statement_of_the_database_is_told_to_users(lab: Lab) -> None:
    lab.cloud.failing["create"] = DBError(  # type: ignore[assignment]
        Exception("INSERT INTO devices VALUES ('secret')")
    )
    _, operation_id = lab.device()
    lab.settle(lab.conductor())
    assert "secret" not in lab.operation(operation_id).error_text
    assert "DBError" in lab.operation(operation_id).error_text


def test_a_defect_in_a_driver_fails_the_operation_only(lab: Lab) -> None:
    class Broken(Exception):
        pass

    lab.cloud.failing["create"] = Broken("oops")  # type: ignore[assignment]
    device_id, operation_id = lab.device()
    lab.settle(lab.conductor())
    assert lab.operation(operation_id).error_code == "internal_error"
    assert "Broken: oops" in lab.operation(operation_id).error_text
    lab.delete_device(device_id)
    lab.settle(lab.conductor())
    assert lab.count(models.Device) == 0


@pytest.mark.parametrize("call", ["apply", "remove"])
def test_a_device_that_others_keep_busy_is_waited_for(
    lab: Lab, call: str
) -> None:
    busy = 3 * lab.conf.conductor.max_attempts

    def refuse(point: str) -> None:
        nonlocal busy
        if point == f"before {call}" and busy:
            busy -= 1
            raise TransientError(errors.AGENT_BUSY, "The agent is busy.")

    _, service_id = up(lab)
    asked = (
        lab.update(service_id, {**CONFIG, "listeners": []})
        if call == "apply"
        else lab.delete_service(service_id)
    )
    lab.settle(lab.conductor(refuse))
    assert busy == 0
    assert lab.operation(asked).state == "SUCCEEDED"


def test_a_device_that_can_not_be_told_again_may_still_apply(
    lab: Lab,
) -> None:
    told = 0

    def once(point: str) -> None:
        nonlocal told
        if point == "before apply":
            told += 1
            if told > 1:
                raise TransientError(errors.AGENT_TIMEOUT, "No answer.")

    lab.template(mgmt_options={"apply_seconds": 120})
    device_id, _ = lab.device()
    _, asked = lab.service(device_id)
    lab.settle(lab.conductor(once))
    assert told > lab.conf.conductor.max_attempts
    assert lab.operation(asked).state == "SUCCEEDED"


def test_what_only_a_newer_release_can_do_fails_and_nothing_else(
    lab: Lab,
) -> None:
    conductor = lab.conductor()
    _, newer = lab.device()
    with lab.change(models.Operation, newer) as row:
        row.action = "migrate"
    _, known = lab.device()
    lab.settle(conductor)
    failed = lab.operation(newer)
    assert failed.state == "FAILED"
    assert failed.error_code == errors.INTERNAL.code
    assert lab.operation(known).state == "SUCCEEDED"


def test_a_query_reaches_the_device(lab: Lab) -> None:
    device_id, service_id = up(lab)
    conductor = lab.conductor()
    host = {"device_id": device_id, "mgmt_driver": "noop", "relay": None}
    stats = conductor.call_service(host, service_id, "stats", {})
    assert [one["name"] for one in stats["listeners"]] == ["web"]
    assert [one["name"] for one in stats["pools"][0]["members"]] == ["b1"]
    assert conductor.console_log(device_id, 4) == "ing\n"
    with pytest.raises(PermanentError):
        conductor.call_service(host, device_id, "stats", {})


def test_an_api_of_an_older_release_need_not_say_where_a_service_is(
    lab: Lab,
) -> None:
    _, service_id = up(lab)
    ask = Endpoint(CONDUCTOR_API, lab.conductor()).call_service
    asked = {"service_id": service_id, "action": "stats", "arguments": {}}
    found = ask({}, asked)
    assert [one["name"] for one in found["result"]["listeners"]] == ["web"]
    asked["service_id"] = "00000000-0000-4000-8000-00000000dead"
    refused = ask({}, asked)
    assert refused["error"]["code"] == "not_found"


def test_what_can_not_be_written_fails_the_operation(lab: Lab) -> None:
    seen = lab.cloud.observe

    def observe(spec: DeviceSpec) -> Observation:
        return replace(seen(spec), facts={"of a defective driver": object()})

    lab.cloud.observe = observe  # type: ignore[method-assign]
    _, operation_id = lab.device()
    lab.settle(lab.conductor())
    operation = lab.operation(operation_id)
    assert operation.state == "FAILED"
    assert operation.error_code == "internal_error"
    assert "could not be written" in operation.error_text
