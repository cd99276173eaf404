"""What healing does with a device and its services, in sentences. Pure."""

import shlex
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final

from servicevmclient.v1 import _explain_commands as commands
from servicevmclient.v1 import _moments
from servicevmclient.v1.device import Device, Healing
from servicevmclient.v1.explanation import Facts, Sentence
from servicevmclient.v1.service import Service

_LOST: Final = frozenset({"DEAD", "UNRESPONSIVE"})
#: Rungs of the ladder of a device, and not of a service on it.
_RUNGS: Final = frozenset({"reboot", "rebuild"})
#: Seconds that a template that says nothing has healing wait.
_AFTER: Final = 60
#: Why what is due is not done, and where to look.
_WAITS: Final[Mapping[str, tuple[str, str]]] = {
    "hold": ("an operator holds it", "hold list"),
    "breaker": (
        "too many devices were lost at once, and a breaker stopped healing",
        "breaker list",
    ),
    "channel": (
        "our own side was away lately, so that nobody is blamed for being "
        "silent yet",
        "relay list",
    ),
    "doubt": (
        "two sources do not agree on whether it is lost",
        "{events}",
    ),
    "turn": (
        "as many devices are being healed as may be at once",
        "operation list --long",
    ),
}


def lost(device: Device) -> bool:
    """Whether it ought to serve and does not."""
    return device.operating_status in _LOST


def ill(resource: Device | Service) -> bool:
    """Whether somebody should look at it."""
    return (
        resource.provisioning_status == "ERROR"
        or resource.operating_status in _LOST
    )


def acts(facts: Facts) -> bool:
    """Whether healing does something to the device by itself."""
    healing = facts.device.healing
    if healing is not None:
        return not healing["gave_up"] and healing["next_action"] is not None
    return lost(facts.device) and _has_ladder(facts)


def obstacles(facts: Facts) -> Iterator[Sentence]:
    """Why healing does not do what is due."""
    for what, healing, _ in _patients(facts):
        known = _WAITS.get(healing["waits_for"] or "")
        if known is not None:
            why, command = known
            yield Sentence(
                f"The healing of {what} waits: {why}.",
                command.format(events=commands.listed("event", facts)),
            )
    for breaker in facts.breakers or ():
        if not breaker.released:
            yield Sentence(
                f"Breaker {breaker.name} stopped healing "
                f"{_moments.away(breaker.tripped_at, facts.reference)}, when "
                f"{breaker.lost} of {breaker.devices} devices were lost. "
                "To let it go on:",
                f"breaker release {shlex.quote(breaker.name)}",
            )


def prospects(facts: Facts) -> Iterator[Sentence]:
    """What healing does next, and when."""
    for what, healing, is_ill in _patients(facts):
        # That it was given up stays said for a while after it came back.
        if is_ill or not healing["gave_up"]:
            yield _prospect(what, healing, facts)
    if facts.device.healing is not None or not lost(facts.device):
        return
    if _has_ladder(facts):
        after = _said(facts).get("after", _AFTER)
        yield Sentence(f"It is healed once it was lost for {after} s.")
    else:
        yield Sentence(
            "Its template has nothing done to lost devices: it is left to "
            "people.",
            f"device template show {facts.device.template_id}",
        )


def _prospect(what: str, healing: Healing, facts: Facts) -> Sentence:
    tried = _tried(healing["attempts"])
    if healing["gave_up"]:
        return Sentence(
            f"Healing gave {what} up, {tried}: it is left to people."
        )
    if healing["next_action"] is None:
        return Sentence(
            f"Healing does nothing with {what} now, {tried}. If it is lost "
            "again soon, healing goes on from there."
        )
    action = f"Healing does a {healing['next_action']} of {what}"
    at = healing["next_at"]
    when = f"at {_moments.told(at, facts.reference)}" if at else "soon"
    if healing["waits_for"]:
        when = "as soon as what it waits for is over"
    return Sentence(f"{action} {when}, if it is not back by then; {tried}.")


def _patients(facts: Facts) -> Iterator[tuple[str, Healing, bool]]:
    """What is being healed, the device and services on it; whether it is
    still `ill`."""
    resources: Iterator[Device | Service] = chain(
        [facts.device], facts.services
    )
    for one in resources:
        if one.healing is not None:
            yield f"{one.noun} {one.name}", one.healing, ill(one)


def _has_ladder(facts: Facts) -> bool:
    """Whether the template has lost devices healed; it is, by default."""
    ladder = _said(facts).get("ladder", _RUNGS)
    return bool(_RUNGS.intersection(ladder))


def _said(facts: Facts) -> Mapping[str, Any]:
    """What the template says of healing, if it is known."""
    return (facts.template.healing or {}) if facts.template else {}


def _tried(attempts: int) -> str:
    """What was done so far, to end a sentence with."""
    if not attempts:
        return "nothing was tried yet"
    times = "once" if attempts == 1 else f"{attempts} times"
    return f"after it tried {times}"
