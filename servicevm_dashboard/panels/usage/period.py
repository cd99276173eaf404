"""The period that usage is of, as a form. Days are those of UTC.

The last day belongs to it, as people mean it; to the service it ends where
the day after that begins.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.validators import MaxValueValidator
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from servicevm_dashboard import filters

__all__ = [
    "PeriodFilter",
    "asked",
    "last_day",
    "months",
    "offered",
    "today",
]


#: A period ends where the day after its last one begins: there has to be one.
_LAST = date.max - timedelta(days=1)


def today() -> date:
    """In UTC, by which the service counts."""
    return timezone.now().astimezone(UTC).date()


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        # As the browser's own choice of a day has it in every language.
        input_formats=["%Y-%m-%d"],
        validators=[MaxValueValidator(_LAST)],
        widget=forms.DateInput(
            format="%Y-%m-%d", attrs={"type": "date", "class": "form-control"}
        ),
    )


class PeriodFilter(filters.Filter):
    """From one day to another, both of them included."""

    name_prefix = None  # type: ignore[assignment]
    first = _day(gettext_lazy("From"))
    last = _day(gettext_lazy("To"))

    def query(self) -> dict[str, Any]:
        return {
            key: value.isoformat() if isinstance(value, date) else value
            for key, value in super().query().items()
        }


def asked(query: Any, now: date) -> dict[str, str]:
    """``start`` and ``end`` of the service's query.

    Without days it is the month of `now`; its end is told as well, or pages
    that are read one after another would be of different periods.

    :param query: `PeriodFilter.query`
    """
    last = date.fromisoformat(query["last"]) if "last" in query else None
    first = date.fromisoformat(query["first"]) if "first" in query else None
    if first is None:
        first = (last or now).replace(day=1)
    if last is None:
        last = max(first, now)
    return {
        "start": f"{first.isoformat()}T00:00:00Z",
        "end": f"{(last + timedelta(days=1)).isoformat()}T00:00:00Z",
    }


def last_day(asked: Mapping[str, str]) -> date:
    """Of what `asked` gives."""
    return date.fromisoformat(asked["end"][:10]) - timedelta(days=1)


def months(now: date) -> tuple[tuple[date, date], tuple[date, date]]:
    """First and last day of this month until now, and of the one before."""
    first = now.replace(day=1)
    before = first - timedelta(days=1)
    return (first, now), (before.replace(day=1), before)


def offered(
    now: date, query: Any, **others: str
) -> Sequence[tuple[str, str, bool]]:
    """Periods that are one click away: word, query string, whether shown.

    :param query: `PeriodFilter.query`
    :param others: parameters that stay
    """
    this, before = months(now)
    shown = asked(query, now)
    return [
        (word, urlencode({**days, **others}), asked(days, now) == shown)
        for word, (first, last) in (
            (_("This month"), this),
            (_("Last month"), before),
        )
        for days in [{"first": first.isoformat(), "last": last.isoformat()}]
    ]
