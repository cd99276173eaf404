"""What an explanation is made of, with a handful of requests."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from servicevmclient import exceptions
from servicevmclient.v1._resource import Resource
from servicevmclient.v1._verbs import Verbs
from servicevmclient.v1.breaker import Breaker
from servicevmclient.v1.device import Device
from servicevmclient.v1.device_template import DeviceTemplate
from servicevmclient.v1.event import Event
from servicevmclient.v1.explanation import Facts
from servicevmclient.v1.operation import Operation
from servicevmclient.v1.relay import Relay
from servicevmclient.v1.service import Service

T = TypeVar("T")
R = TypeVar("R", bound=Resource)

#: newest events that are looked at
_EVENTS = 20
#: most services of a device, and relays of a group, that are looked at
_MOST = 100


def of_device(
    client: Verbs, device: Device, ref: str, *, ages: bool = True
) -> Facts:
    """Ask what belongs to a device that was just read.

    Its operation, services and events: three requests. What only some
    trouble calls for takes one more each: relays, breakers, the template.

    :param ref: what the commands are to call it
    :param ages: as in `Facts`
    """
    agent, healing = device.agent, device.healing
    newest = device.operation_id or ""
    silent = device.relay_group is not None and not (
        agent and agent["connected"]
    )
    stopped = healing is not None and healing["waits_for"] == "breaker"
    lost = healing is None and device.operating_status in (
        "DEAD",
        "UNRESPONSIVE",
    )

    # Else lists are of the caller's own project, which may be another.
    within = {"device_id": device.id, "project_id": device.project_id}

    def some(kind: type[R], most: int, **query: object) -> list[R]:
        return [*client.each(kind, max_items=most, limit=most, **query)]

    return Facts(
        device=device,
        ref=ref,
        operation=perhaps(lambda: client.get(Operation, newest))
        if newest
        else None,
        services=some(Service, _MOST, **within),
        events=some(Event, _EVENTS, sort="at:desc", **within),
        relays=perhaps(lambda: some(Relay, _MOST, group=device.relay_group))
        if silent
        else None,
        breakers=perhaps(lambda: some(Breaker, _MOST)) if stopped else None,
        template=perhaps(
            lambda: client.get(DeviceTemplate, device.template_id)
        )
        if lost and device.template_id
        else None,
        now=datetime.now(UTC),
        ages=ages,
    )


def perhaps(ask: Callable[[], T]) -> T | None:
    """What is asked for; None if it is gone or the caller may not see it."""
    try:
        return ask()
    except (exceptions.NotFound, exceptions.Forbidden):
        return None
