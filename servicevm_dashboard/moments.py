"""How long ago something was, and how long until it is, for people."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import npgettext, npgettext_lazy
from horizon.utils import filters

__all__ = ["age", "ago", "parsed", "until"]

#: Seconds that are told as such.
_COUNTED = 120

#: Some languages decline what is ago, or will be: "3 Tage", but "vor 3
#: Tagen". Django's own (of naturaltime) are wrong in German.
_PAST: Mapping[str, Any] = {
    "year": npgettext_lazy("ago", "%(num)d year", "%(num)d years", "num"),
    "month": npgettext_lazy("ago", "%(num)d month", "%(num)d months", "num"),
    "week": npgettext_lazy("ago", "%(num)d week", "%(num)d weeks", "num"),
    "day": npgettext_lazy("ago", "%(num)d day", "%(num)d days", "num"),
    "hour": npgettext_lazy("ago", "%(num)d hour", "%(num)d hours", "num"),
    "minute": npgettext_lazy(
        "ago", "%(num)d minute", "%(num)d minutes", "num"
    ),
}


def age(moment: Any) -> str:
    """``3 minutes``; of what never was, ``Never``.

    :param moment: a time of which the zone is known, or nothing
    """
    if not isinstance(moment, datetime):
        return _("Never")
    return _("less than a minute") if _is_now(moment) else timesince(moment)


def ago(moment: Any) -> str:
    """``3 minutes ago``, or ``just now``."""
    if not isinstance(moment, datetime):
        return _("Never")
    if _is_now(moment):
        return _("just now")
    time = timesince(moment, time_strings=dict(_PAST))
    return _("%(time)s ago") % {"time": time}


def until(moment: datetime, now: datetime) -> str:
    """``in 42 seconds``, ``in 5 minutes``.

    :param moment: not before `now`; of both, the zone is known
    """
    seconds = int((moment - now).total_seconds())
    if seconds < _COUNTED:
        time = npgettext(
            "ago", "%(num)d second", "%(num)d seconds", seconds
        ) % {"num": seconds}
    else:
        time = timesince(now, moment, time_strings=dict(_PAST))
    return _("in %(time)s") % {"time": time}


def parsed(text: str | None) -> datetime | None:
    """A time of the service's, which are all UTC; None where there is none."""
    found: datetime | None = filters.parse_isotime(text) if text else None
    return found


def _is_now(moment: datetime) -> bool:
    return (timezone.now() - moment).total_seconds() < 60
