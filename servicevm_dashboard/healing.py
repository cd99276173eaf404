"""How far the healing of a device or service has come, in sentences. Pure.

The words for what a template says of it are here, too.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from servicevm_dashboard import moments, words

__all__ = [
    "LADDERS",
    "LOST",
    "SERVICE_LADDERS",
    "WAITS",
    "Ladders",
    "by_itself",
    "is_lost",
    "ladder",
    "part",
    "told",
]

#: Health of what is healed.
LOST = frozenset({"DEAD", "UNRESPONSIVE"})

Ladders = Mapping[tuple[str, ...], Any]

#: What is tried with a device that is lost, in this order, as it is chosen
#: in a form; the first is the default.
LADDERS: Ladders = {
    ("reboot", "rebuild"): gettext_lazy("Reboot; if that fails, rebuild"),
    ("reboot",): gettext_lazy("Reboot"),
    ("rebuild",): gettext_lazy("Rebuild"),
    ("rebuild", "reboot"): gettext_lazy("Rebuild; if that fails, reboot"),
    (): gettext_lazy("Nothing: devices are left to people"),
}

#: The same of a service that is dead, though its device is well.
SERVICE_LADDERS: Ladders = {
    ("resync", "restart"): gettext_lazy(
        "Send its configuration again; if that fails, restart its software"
    ),
    ("resync",): gettext_lazy("Send its configuration again"),
    ("restart",): gettext_lazy("Restart its software"),
    ("restart", "resync"): gettext_lazy(
        "Restart its software; if that fails, send its configuration again"
    ),
    (): gettext_lazy("Nothing: services are left to people"),
}

#: Why what is due is not done.
WAITS: Mapping[str, Any] = {
    "hold": gettext_lazy("It waits: operators hold the device."),
    "breaker": gettext_lazy(
        "It waits: too many devices were lost at once, and operators look "
        "into that."
    ),
    "channel": gettext_lazy(
        "It waits: the service itself was away lately, so the device may be "
        "well."
    ),
    "doubt": gettext_lazy(
        "It waits: not everything says that the device is lost."
    ),
    "turn": gettext_lazy("It waits for its turn: other devices are healed."),
}
#: Those that somebody else has to end.
_STOPPED = frozenset({"hold", "breaker"})


def part(ladder: Iterable[str], among: Ladders) -> tuple[str, ...]:
    """What of a ladder is for one kind of trouble."""
    known = {step for one in among for step in one}
    return tuple(step for step in ladder if step in known)


def ladder(said: Mapping[str, Any], among: Ladders) -> Any:
    """What is tried with devices, or services, of a template, in words.

    :param said: its ``healing``
    """
    default = next(iter(among))
    return among[part(said.get("ladder", default), among)]


def is_lost(resource: Any) -> bool:
    """Whether there is something to heal.

    :param resource: a device or a service
    """
    return (
        resource.operating_status in LOST
        or resource.provisioning_status == "ERROR"
    )


def by_itself(resource: Any) -> bool:
    """Whether it is about to be healed, and nobody keeps that off."""
    healing = resource.healing
    return bool(
        healing
        and healing["next_action"]
        and healing["waits_for"] not in _STOPPED
    )


def told(resource: Any, now: datetime) -> Sequence[str]:
    """What is next, what it waits for, what was tried; each a sentence.

    :returns: nothing where nothing is healed
    """
    healing = resource.healing
    # That it was given up stays said for a while after it came back.
    if not healing or (healing["gave_up"] and not is_lost(resource)):
        return []
    found = [_next(resource, healing, now)]
    if healing["waits_for"]:
        found.append(str(words.of(WAITS, healing["waits_for"])))
    if healing["attempts"]:
        found.append(
            ngettext(
                "%(count)d attempt so far.",
                "%(count)d attempts so far.",
                healing["attempts"],
            )
            % {"count": healing["attempts"]}
        )
    return found


def _next(resource: Any, healing: Mapping[str, Any], now: datetime) -> str:
    if healing["gave_up"]:
        return _("All that its template says was tried: it is left to people.")
    action = healing["next_action"]
    if not action:
        if is_lost(resource):
            return _("Nothing more is tried by itself.")
        return _(
            "It came back. If it is lost again soon, healing goes on where it "
            "was."
        )
    named = {"action": words.of(words.ACTION, action)}
    if resource.provisioning_status == "PENDING_UPDATE":
        return _("If what is under way does not help: %(action)s.") % named
    due = moments.parsed(healing["next_at"])
    if due is None or due <= now:
        return _("%(action)s, as soon as possible.") % named
    return _("%(action)s, %(when)s.") % {
        **named,
        "when": moments.until(due, now),
    }
