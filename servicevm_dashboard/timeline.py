"""How far an operation is, for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import formats, timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from servicevm_dashboard import reasons, words

__all__ = [
    "PLANS",
    "Moment",
    "days_until",
    "duration",
    "moments",
    "name",
    "position",
    "progress",
]

_CONFIGURE = ("wait_device", "publish", "apply", "wait_applied", "activate")

#: The service's plans, so that a page can say what is still to come; a test
#: compares them. Steps of a newer service appear as it does them.
PLANS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("device", "create"): (
        "allocate",
        "boot",
        "wait_running",
        "wait_agent",
        "activate",
    ),
    ("device", "reboot"): (
        "reboot",
        "wait_running",
        "wait_agent",
        "resync",
        "activate",
    ),
    ("device", "rebuild"): (
        "rebuild",
        "wait_running",
        "wait_agent",
        "resync",
        "activate",
    ),
    ("device", "attach"): (
        "attach",
        "tell_interfaces",
        "resync",
        "activate",
    ),
    ("device", "detach"): (
        "tell_interfaces",
        "detach",
        "resync",
        "activate",
    ),
    ("device", "delete"): ("quiesce", "revoke", "destroy", "purge"),
    ("service", "create"): _CONFIGURE,
    ("service", "update"): _CONFIGURE,
    ("service", "delete"): ("withdraw", "purge"),
    ("service", "resync"): _CONFIGURE,
    ("service", "restart"): ("wait_device", "restart", "activate"),
}


@dataclass(frozen=True)
class Moment:
    """One step, done, under way or to come.

    :param state: as the service says it; empty while it is to come
    :param duration: a text; empty before the end
    """

    name: Any
    state: str
    attempts: int = 0
    message: str = ""
    started_at: str | None = None
    duration: str = ""


def name(operation: Any) -> Any:
    """``Create device lb1``."""
    key = operation.resource_type, operation.action
    what = words.OPERATION_NAME.get(key, words.of(words.ACTION, key[1]))
    if not operation.resource_name:
        return what
    return _("%(what)s %(name)s") % {
        "what": what,
        "name": operation.resource_name,
    }


def position(operation: Any) -> tuple[int, int] | None:
    """Step ``n`` of ``m`` that it is on; None if the plan is not known."""
    plan = PLANS.get((operation.resource_type, operation.action), ())
    if operation.step not in plan:
        return None
    return plan.index(operation.step) + 1, len(plan)


def progress(operation: Any) -> str:
    """``Step 2 of 5: Start the machine``; empty once it has ended."""
    if operation.terminal or not operation.step:
        return ""
    step = words.of(words.STEP, operation.step)
    place = position(operation)
    if place is None:
        return str(step)
    return _("Step %(number)s of %(count)s: %(step)s") % {
        "number": place[0],
        "count": place[1],
        "step": step,
    }


def moments(operation: Any) -> Sequence[Moment]:
    """The steps of an operation that was read alone."""
    begun = [
        Moment(
            words.of(words.STEP, step["name"]),
            step["state"],
            step["attempts"],
            _message(operation, step),
            step["started_at"],
            duration(step["started_at"], step["finished_at"]),
        )
        for step in operation.steps or []
    ]
    if operation.terminal:
        return begun
    plan = PLANS.get((operation.resource_type, operation.action), ())
    left = plan[plan.index(operation.step) :] if operation.step in plan else ()
    if operation.steps and operation.steps[-1]["name"] == operation.step:
        left = left[1:]
    return begun + [Moment(words.of(words.STEP, one), "") for one in left]


def _message(operation: Any, step: Mapping[str, Any]) -> str:
    message: str = step["message"] or ""
    # It ended with this step, and the code says why.
    last = message and message == operation.error_text
    return reasons.told(operation.error_code if last else None, message)


def duration(began: str | None, ended: str | None) -> str:
    """From one moment to another, or until now: ``3.2 seconds``."""
    start = _time(began)
    if start is None:
        return ""
    seconds = max(
        ((_time(ended) or timezone.now()) - start).total_seconds(), 0
    )
    if seconds < 10:
        tenths = formats.number_format(seconds, 1)
        return _("%(seconds)s seconds") % {"seconds": tenths}
    if seconds < 120:
        return ngettext(
            "%(count)d second", "%(count)d seconds", int(seconds)
        ) % {"count": int(seconds)}
    minutes = int(seconds / 60)
    return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {
        "count": minutes
    }


def days_until(text: str) -> float | None:
    """How far away a moment is; negative once it is over."""
    found = _time(text)
    if found is None:
        return None
    return (found - timezone.now()).total_seconds() / 86400


def _time(text: str | None) -> datetime | None:
    found = parse_datetime(text) if text else None
    if found is not None and timezone.is_naive(found):
        return timezone.make_aware(found, timezone.get_default_timezone())
    return found
