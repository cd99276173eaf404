"""How long ago something was, for people."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

__all__ = ["age", "ago"]


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
    return _("%(time)s ago") % {"time": timesince(moment)}


def _is_now(moment: datetime) -> bool:
    return (timezone.now() - moment).total_seconds() < 60
