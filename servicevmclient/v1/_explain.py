"""Why a device is as it is, in sentences. Pure: facts in, sentences out."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Final

from servicevmclient.v1 import _explain_commands as commands
from servicevmclient.v1 import _explain_healing as healing
from servicevmclient.v1 import _moments
from servicevmclient.v1._explain_checks import checks
from servicevmclient.v1.device import Device
from servicevmclient.v1.explanation import Explanation, Facts, Sentence
from servicevmclient.v1.operation import Operation

_DOING: Final[Mapping[str, str]] = {
    "PENDING_CREATE": "it is being built",
    "PENDING_UPDATE": "it is being changed",
    "PENDING_DELETE": "it is being deleted",
    "ERROR": "what was last asked of it failed",
}
_HEALTH: Final[Mapping[str, str]] = {
    "ONLINE": "it is in service",
    "DEGRADED": "it is in service, but not all of it works",
    "UNRESPONSIVE": "its agent is silent",
    "DEAD": "its machine does not run",
    "OFFLINE": "it is not in service",
    "UNKNOWN": "it has not been heard of yet",
}
#: What a step of an operation waits for; of the others its name says enough.
_STEPS: Final[Mapping[str, str]] = {
    "allocate": "what an earlier attempt left to be cleared away",
    "wait_running": "the infra driver to say that the machine runs",
    "wait_agent": "the agent in the device to call home",
    "wait_device": "the device to be ready",
    "wait_applied": "the agent to say that the configuration is in force",
    "quiesce": "what runs on the device to end",
}


def explain(facts: Facts) -> Explanation:
    """Say what is known."""
    return Explanation(
        facts,
        [*_state(facts)],
        [*_waiting_for(facts)],
        [*_failed(facts)],
        [*_next(facts)],
        [*_advice(facts)],
    )


def _state(facts: Facts) -> Iterator[Sentence]:
    device = facts.device
    provisioning = device.provisioning_status
    meaning = _DOING.get(provisioning) or _HEALTH.get(
        device.operating_status, ""
    )
    yield Sentence(
        f"Device {device.name} is {provisioning} and "
        f"{device.operating_status}: {meaning}."
    )
    if device.status_reason:
        code = f" ({device.status_code})" if device.status_code else ""
        yield Sentence(f"{device.status_reason}{code}")
    changes = (
        event
        for event in facts.events
        if event.type == "device.operating_status"
    )
    last = next(changes, None)
    # An older one than what is so now would say the contrary of it.
    if last and (last.facts or {}).get("status") == device.operating_status:
        when = _moments.told(last.at, facts.reference)
        yield Sentence(
            f"Its health last changed at {when}: {last.message}",
            commands.listed("event", facts),
        )


def _waiting_for(facts: Facts) -> Iterator[Sentence]:
    operation = facts.operation
    if operation is not None and not operation.terminal:
        yield _running(operation, facts)
    for service in facts.services:
        if service.provisioning_status.startswith("PENDING"):
            yield Sentence(
                f"Service {service.name} is {service.provisioning_status}.",
                f"operation show {service.operation_id}",
            )
    hold = facts.device.hold
    if hold is not None:
        ends = hold["expires_at"]
        until = (
            f"until {_moments.told(ends, facts.reference)}"
            if ends
            else "until it is unset"
        )
        yield Sentence(
            "An operator keeps everything automatic off it (hold on "
            f"{hold['scope']}, {until}): {hold['reason']}",
            "hold list",
        )
    yield from healing.obstacles(facts)


def _running(operation: Operation, facts: Facts) -> Sentence:
    """What the operation on the device is at."""
    step = operation.step or ""
    awaited = f" It waits for {_STEPS[step]}." if step in _STEPS else ""
    current = operation.failing_step
    said = (current["message"] or "") if current is not None else ""
    tries = f", attempt {operation.attempts}" if operation.attempts > 1 else ""
    stop = (
        " It was asked to end before its next step."
        if operation.cancel_requested
        else ""
    )
    text = (
        f"Operation {operation.action}, asked for "
        f"{_moments.away(operation.created_at, facts.reference)} by the "
        f"{operation.initiator}, is {operation.state} in step {step}{tries}."
        f"{awaited}{' ' + said if said else ''}{stop}"
    )
    return Sentence(text, f"operation show {operation.id}")


def _failed(facts: Facts) -> Iterator[Sentence]:
    operation = facts.operation
    if operation is not None and operation.state == "FAILED":
        step = operation.failing_step
        where = f" in step {step['name']}" if step else ""
        when = (
            f" {_moments.away(operation.finished_at, facts.reference)}"
            if operation.finished_at
            else ""
        )
        yield Sentence(
            f"Operation {operation.action} failed{where}{when} with "
            f"{operation.error_code}: {operation.error_text}",
            f"operation show {operation.id}",
        )
    yield from checks(facts)


def _next(facts: Facts) -> Iterator[Sentence]:
    operation = facts.operation
    if operation is not None and not operation.terminal:
        if operation.deadline:
            by = _moments.told(operation.deadline, facts.reference)
            yield Sentence(
                "The operation goes on by itself. It fails if it has not "
                f"ended by {by}."
            )
        else:
            yield Sentence("The operation goes on by itself.")
    yield from healing.prospects(facts)
    if facts.device.provisioning_status == "ERROR" and not healing.acts(facts):
        yield Sentence("Nothing happens by itself: it is left to people.")


def _advice(facts: Facts) -> Iterator[Sentence]:
    device, operation = facts.device, facts.operation
    ref = shlex.quote(facts.ref)
    if device.provisioning_status.startswith("PENDING"):
        if operation is not None and _can_be_cancelled(operation):
            yield Sentence("To end it:", f"operation cancel {operation.id}")
        return
    failing = device.provisioning_status == "ERROR"
    if not failing and not healing.lost(device):
        yield from _quiet(device, facts)
        return
    yield Sentence(
        "See what its machine wrote last:", f"device console log show {ref}"
    )
    if healing.lost(device):
        yield Sentence("Heal it now:", f"device heal --wait {ref}")
    if failing and operation is not None and operation.state == "FAILED":
        yield Sentence(
            "Once the cause is away, try again:",
            f"operation retry {operation.id}",
        )
    yield Sentence("Make its machine anew:", f"device rebuild --wait {ref}")
    yield Sentence("Or give it up:", f"device delete --wait {ref}")


def _can_be_cancelled(operation: Operation) -> bool:
    """Whether it is under way, and not to delete: that is not given up."""
    return not operation.terminal and operation.action != "delete"


def _quiet(device: Device, facts: Facts) -> Iterator[Sentence]:
    """Advice about a device that is not lost."""
    sick = [one for one in facts.services if healing.ill(one)]
    if sick:
        for service in sick:
            yield Sentence(
                f"See service {service.name}:",
                commands.shown(service, facts),
            )
    elif device.operating_status == "ONLINE" and not any(_failed(facts)):
        yield Sentence("There is nothing to do.")
    else:
        yield Sentence("See what happened:", commands.listed("event", facts))
