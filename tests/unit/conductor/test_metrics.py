"""What a conductor counts of its work."""

from collections.abc import Mapping

from prometheus_client import REGISTRY

from servicevm import errors
from servicevm.db import models
from servicevm.errors import PermanentError

from .lab import Lab

OPERATIONS = "servicevm_conductor_operation_seconds"
STEPS = "servicevm_conductor_step_seconds_count"


def count(name: str, labels: Mapping[str, str] | None = None) -> float:
    return REGISTRY.get_sample_value(name, dict(labels or {})) or 0.0


def step(name: str, outcome: str) -> dict[str, str]:
    return {
        "resource": "device",
        "action": "create",
        "step": name,
        "outcome": outcome,
    }


def test_an_operation_is_counted_once_with_the_time_since_its_request(
    lab: Lab,
) -> None:
    labels = {"resource": "device", "action": "create", "state": "SUCCEEDED"}
    before = count(f"{OPERATIONS}_count", labels)
    took = count(f"{OPERATIONS}_sum", labels)
    lab.device()
    lab.advance(7)
    lab.settle(lab.conductor())
    assert count(f"{OPERATIONS}_count", labels) == before + 1
    assert count(f"{OPERATIONS}_sum", labels) == took + 7


def test_each_try_of_a_step_is_counted_by_what_came_of_it(lab: Lab) -> None:
    waited = count(STEPS, step("wait_running", "Wait"))
    done = count(STEPS, step("wait_running", "Done"))
    lab.cloud.looks = 3
    lab.device()
    lab.settle(lab.conductor())
    assert count(STEPS, step("wait_running", "Wait")) == waited + 2
    assert count(STEPS, step("wait_running", "Done")) == done + 1


def test_a_failure_is_counted_as_one(lab: Lab) -> None:
    before = count(STEPS, step("boot", "PermanentError"))
    lab.cloud.failing["create"] = PermanentError(errors.UNAVAILABLE, "Full.")
    lab.device()
    lab.settle(lab.conductor())
    assert count(STEPS, step("boot", "PermanentError")) == before + 1


def test_an_operation_that_another_took_over_is_counted(lab: Lab) -> None:
    before = count("servicevm_conductor_leases_lost_total")
    _, operation_id = lab.device()

    def take_over(point: str) -> None:
        if point == "boot: end":
            with lab.change(models.Operation, operation_id) as row:
                row.fence += 1

    lab.conductor(take_over).drain()
    assert count("servicevm_conductor_leases_lost_total") == before + 1
