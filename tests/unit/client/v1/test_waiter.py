"""The waits, with a clock that is moved and answers that are written."""

from typing import Any

import pytest

from servicevmclient import exceptions
from servicevmclient.v1._resource import Resource
from servicevmclient.v1._waiter import Progress, Waiter
from servicevmclient.v1.device import Device
from servicevmclient.v1.operation import Operation
from tests.unit.client.v1.clock import Clock


class Script:
    """Answers of a service, one after the other; the last one stays."""

    def __init__(
        self, devices: list[Any], operations: dict[str, list[Any]]
    ) -> None:
        self.devices = devices
        self.operations = operations

    def get(self, kind: type[Any], ref: str) -> Any:
        answers = (
            self.devices if kind is Device else self.operations.get(ref, [])
        )
        if not answers:
            raise exceptions.NotFound()
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(found, Exception):
            raise found
        return found


def _device(status: str, operation: str | None = "o1", **more: Any) -> Device:
    return Device(
        {
            "id": "d1",
            "name": "lb-1",
            "provisioning_status": status,
            "operation_id": operation,
            **more,
        }
    )


def _operation(state: str, step: str = "boot", **more: Any) -> Operation:
    return Operation(
        {
            "id": "o1",
            "action": "create",
            "state": state,
            "step": step,
            "attempts": 1,
            "request_id": "req-1",
            **more,
        }
    )


def _waiter(script: Script, clock: Clock, **more: Any) -> Waiter:
    return Waiter(script, **{"timeout": 60.0, "clock": clock, **more})


PENDING = _device("PENDING_CREATE")


def test_a_wait_ends_with_the_resource_as_it_became() -> None:
    clock, seen = Clock(), list[Progress]()
    script = Script(
        [_device("ACTIVE", operating_status="ONLINE")],
        {
            "o1": [
                _operation("PENDING", "allocate"),
                _operation("WAITING", "wait_agent"),
                _operation("SUCCEEDED"),
            ]
        },
    )
    found = _waiter(script, clock, callback=seen.append).settled(PENDING)
    assert found.operating_status == "ONLINE"
    assert [(p.state, p.step) for p in seen] == [
        ("PENDING", "allocate"),
        ("WAITING", "wait_agent"),
    ]
    assert seen[0].elapsed == 0.0
    assert seen[1].elapsed > 0.0


def test_a_failed_operation_is_raised_at_once_with_its_step() -> None:
    clock = Clock()
    steps = [
        {"name": "allocate", "state": "SUCCEEDED"},
        {"name": "boot", "state": "FAILED"},
    ]
    failed = _operation(
        "FAILED",
        error_code="qemu_failed",
        error_text="no space left",
        steps=steps,
    )
    script = Script([_device("ERROR")], {"o1": [failed]})
    with pytest.raises(exceptions.ResourceFailed) as caught:
        _waiter(script, clock).settled(PENDING)
    error = caught.value
    assert error.detail == "In step boot: no space left"
    assert (error.code, error.step) == ("qemu_failed", "boot")
    assert (error.operation_id, error.request_id) == ("o1", "req-1")
    assert clock.now == 1000.0


def test_a_newer_operation_is_followed() -> None:
    script = Script(
        [_device("PENDING_UPDATE", "o2"), _device("ACTIVE", "o2")],
        {"o1": [_operation("SUPERSEDED")], "o2": [_operation("SUCCEEDED")]},
    )
    found = _waiter(script, Clock()).settled(PENDING)
    assert found.provisioning_status == "ACTIVE"


def test_an_error_without_an_operation_has_its_reason() -> None:
    broken = _device("ERROR", None, status_reason="it died", status_code="x")
    with pytest.raises(exceptions.ResourceFailed, match="it died"):
        _waiter(Script([broken], {}), Clock()).settled(broken)


def test_time_runs_out_and_says_where_it_stands() -> None:
    clock = Clock()
    script = Script([PENDING], {"o1": [_operation("WAITING", "wait_agent")]})
    with pytest.raises(exceptions.WaitTimeout, match="step wait_agent"):
        _waiter(script, clock, timeout=5.0).settled(PENDING)
    assert clock.now == pytest.approx(1005.0)


def test_a_service_that_restarts_meanwhile_is_waited_for() -> None:
    seen: list[Progress] = []
    script = Script(
        [_device("ACTIVE")],
        {
            "o1": [
                exceptions.ConnectionFailed("refused"),
                exceptions.ServerError("proxy", status=503),
                _operation("SUCCEEDED"),
            ]
        },
    )
    waiter = _waiter(script, Clock(), callback=seen.append)
    assert waiter.settled(PENDING).provisioning_status == "ACTIVE"
    assert [p.trouble for p in seen] == ["refused", "proxy"]


def test_gone_ends_when_the_resource_is_not_found() -> None:
    script = Script(
        [_device("PENDING_DELETE"), exceptions.NotFound()],
        {"o1": [_operation("RUNNING"), _operation("SUCCEEDED")]},
    )
    _waiter(script, Clock()).gone(Device, "d1", "lb-1")


def test_gone_raises_when_the_deletion_failed() -> None:
    script = Script([_device("ERROR")], {"o1": [_operation("FAILED")]})
    with pytest.raises(exceptions.ResourceFailed):
        _waiter(script, Clock()).gone(Device, "d1", "lb-1")


def test_looks_become_rarer() -> None:
    clock, seen = Clock(), list[Progress]()
    script = Script([PENDING], {"o1": [_operation("RUNNING")]})
    with pytest.raises(exceptions.WaitTimeout):
        _waiter(script, clock, timeout=600.0, callback=seen.append).settled(
            PENDING
        )
    assert 300 <= len(seen) <= 320
    assert issubclass(Device, Resource)
