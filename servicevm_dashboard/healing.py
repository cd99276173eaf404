"""How far the healing of a device has come, in sentences. Pure.

The words for what a template says of it are here, too.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from servicevm_dashboard import moments, words

__all__ = [
    "LADDERS",
    "LOST",
    "WAITS",
    "by_itself",
    "is_lost",
    "ladder",
    "told",
]

#: Health of what is healed.
LOST = frozenset({"DEAD", "UNRESPONSIVE"})

#: What is tried, in this order, as it is chosen in a form.
LADDERS: Mapping[tuple[str, ...], Any] = {
    ("reboot", "rebuild"): gettext_lazy("Reboot; if that fails, rebuild"),
    ("reboot",): gettext_lazy("Reboot"),
    ("rebuild",): gettext_lazy("Rebuild"),
    ("rebuild", "reboot"): gettext_lazy("Rebuild; if that fails, reboot"),
    (): gettext_lazy("Nothing: devices are left to people"),
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


def ladder(said: Mapping[str, Any]) -> Any:
    """What is tried with devices of a template, in words.

    :param said: its ``healing``; the first of `LADDERS` is the default
    """
    steps = tuple(said.get("ladder", next(iter(LADDERS))))
    return LADDERS.get(steps) or ", ".join(
        str(words.of(words.ACTION, one)) for one in steps
    )


def is_lost(device: Any) -> bool:
    """Whether there is something to heal."""
    return (
        device.operating_status in LOST
        or device.provisioning_status == "ERROR"
    )


def by_itself(device: Any) -> bool:
    """Whether it is about to be healed, and nobody keeps that off."""
    healing = device.healing
    return bool(
        healing
        and healing["next_action"]
        and healing["waits_for"] not in _STOPPED
    )


def told(device: Any, now: datetime) -> Sequence[str]:
    """What is next, what it waits for, what was tried; each a sentence.

    :returns: nothing where nothing is healed
    """
    healing = device.healing
    if not healing:
        return []
    found = [_next(device, healing, now)]
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


def _next(device: Any, healing: Mapping[str, Any], now: datetime) -> str:
    if healing["gave_up"]:
        return _("All that its template says was tried: it is left to people.")
    action = healing["next_action"]
    if not action:
        if is_lost(device):
            return _("Nothing more is tried by itself.")
        return _(
            "It came back. If it is lost again soon, healing goes on where it "
            "was."
        )
    named = {"action": words.of(words.ACTION, action)}
    if device.provisioning_status == "PENDING_UPDATE":
        return _("If what is under way does not help: %(action)s.") % named
    due = moments.parsed(healing["next_at"])
    if due is None or due <= now:
        return _("%(action)s, as soon as possible.") % named
    return _("%(action)s, %(when)s.") % {
        **named,
        "when": moments.until(due, now),
    }
