"""Which steps an operation has, in order: pure data.

The api writes the first step into a new operation, the conductor does the
steps. A step is stored by its name, so that an operation that was begun by
an older release goes on in a newer one; raise `PLAN_VERSION` with every
change of a plan.
"""

from collections.abc import Mapping

from servicevm.states import Action, ResourceType

__all__ = [
    "CLEARS",
    "LOOKS",
    "PLANS",
    "PLAN_VERSION",
    "first_step",
    "next_step",
    "steps_of",
]

PLAN_VERSION = 3

#: Steps that change nothing but rows, and those at their end: they may be
#: done before it is written that the step before has ended.
LOOKS = frozenset({"wait_running", "wait_agent", "activate", "purge"})

#: The step that clears what an earlier attempt has left. Where the ledger is
#: empty it has nothing to do, and is over as soon as it is begun.
CLEARS = "allocate"

_CONFIGURE = ("wait_device", "publish", "apply", "wait_applied", "activate")

PLANS: Mapping[tuple[ResourceType, Action], tuple[str, ...]] = {
    (ResourceType.DEVICE, Action.CREATE): (
        CLEARS,
        "boot",
        "wait_running",
        "wait_agent",
        "activate",
    ),
    (ResourceType.DEVICE, Action.REBOOT): (
        "reboot",
        "wait_running",
        "wait_agent",
        "resync",
        "activate",
    ),
    (ResourceType.DEVICE, Action.REBUILD): (
        "rebuild",
        "wait_running",
        "wait_agent",
        "resync",
        "activate",
    ),
    (ResourceType.DEVICE, Action.ATTACH): (
        "attach",
        "tell_interfaces",
        "resync",
        "activate",
    ),
    (ResourceType.DEVICE, Action.DETACH): (
        "tell_interfaces",
        "detach",
        "resync",
        "activate",
    ),
    (ResourceType.DEVICE, Action.DELETE): (
        "quiesce",
        "revoke",
        "destroy",
        "purge",
    ),
    (ResourceType.SERVICE, Action.CREATE): _CONFIGURE,
    (ResourceType.SERVICE, Action.UPDATE): _CONFIGURE,
    (ResourceType.SERVICE, Action.RESYNC): _CONFIGURE,
    (ResourceType.SERVICE, Action.RESTART): (
        "wait_device",
        "restart",
        "activate",
    ),
    (ResourceType.SERVICE, Action.DELETE): ("withdraw", "purge"),
}


def steps_of(resource_type: str, action: str) -> tuple[str, ...]:
    """Names of the steps, in order.

    :raises KeyError: if resources of this type have no such action
    """
    return PLANS[ResourceType(resource_type), Action(action)]


def first_step(resource_type: str, action: str) -> str:
    """Name of the step that a new operation begins with."""
    return steps_of(resource_type, action)[0]


def next_step(resource_type: str, action: str, step: str) -> str | None:
    """Name of the step after `step`, or None after the last.

    :raises ValueError: if the plan has no such step
    """
    steps = steps_of(resource_type, action)
    after = steps.index(step) + 1
    return steps[after] if after < len(steps) else None
