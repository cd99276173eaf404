"""The table of breakers, and what an operator does about them."""

from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from horizon.utils import filters

from servicevm_dashboard import domains, words
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.tables import (
    AGO,
    BatchAction,
    Column,
    Table,
    status,
)


class Release(BatchAction):
    """Let healing go on, though many are lost."""

    name = "release"
    icon = "play"
    rule = "breaker:update"
    asks_first = True
    help_text = gettext_lazy(
        "All devices that are lost there are restarted or built anew, a few "
        "at a time. What they have in common should work again by now."
    )

    @staticmethod
    def action_present(count: int) -> Any:
        return ngettext("Let Healing Go On", "Let Healing Go On", count)

    @staticmethod
    def action_past(count: int) -> Any:
        return ngettext("Healing Goes On", "Healing Goes On", count)

    def allowed(self, request: Any, datum: Any = None) -> bool:
        return datum is None or not datum.released

    def reason(self, request: Any, datum: Any) -> Any:
        return _("It goes on already.") if datum.released else ""

    def action(self, request: Any, datum_id: str) -> None:
        servicevm.call(request, Client.update_breaker, datum_id, released=True)


class Stop(BatchAction):
    """Have it stop again."""

    name = "stop"
    icon = "pause"
    rule = "breaker:update"

    @staticmethod
    def action_present(count: int) -> Any:
        return ngettext("Stop Healing Again", "Stop Healing Again", count)

    @staticmethod
    def action_past(count: int) -> Any:
        return ngettext("Healing Is Stopped", "Healing Is Stopped", count)

    def allowed(self, request: Any, datum: Any = None) -> bool:
        return datum is None or bool(datum.released)

    def reason(self, request: Any, datum: Any) -> Any:
        return "" if datum.released else _("It is stopped.")

    def action(self, request: Any, datum_id: str) -> None:
        servicevm.call(
            request, Client.update_breaker, datum_id, released=False
        )


def where(datum: Any) -> Any:
    """What stopped devices have in common."""
    return domains.told(datum.name)


def lost(datum: Any) -> str:
    """How many were."""
    return _("%(lost)s of %(devices)s") % {
        "lost": datum.lost,
        "devices": datum.devices,
    }


def state(datum: Any) -> str:
    """``STOPPED`` or ``RELEASED``."""
    return "RELEASED" if datum.released else "STOPPED"


def shown(datum: Any) -> Any:
    """The same as a cell; and until when it surely goes on."""
    why = ""
    if datum.released_until:
        until = filters.parse_isotime(datum.released_until)
        why = _("It does not stop again before %(time)s.") % {
            "time": formats.date_format(
                timezone.localtime(until), "DATETIME_FORMAT"
            )
        }
    return status(state(datum), words.BREAKER, why)


class BreakersTable(Table):
    """Where healing stopped."""

    dashboard = "admin"
    empty = gettext_lazy(
        "Healing is stopped nowhere: not too many devices were lost at once."
    )

    where = Column(where, sort="name", verbose_name=gettext_lazy("Where"))
    state = Column(shown, verbose_name=gettext_lazy("State"))
    lost = Column(lost, verbose_name=gettext_lazy("Devices That Were Lost"))
    tripped = Column(
        "tripped_at", verbose_name=gettext_lazy("Since"), filters=AGO
    )

    class Meta:
        name = "breakers"
        verbose_name = gettext_lazy("Breakers")
        table_actions = (Release, Stop)
        row_actions = (Release, Stop)

    def get_object_display(self, datum: Any) -> str:
        return str(where(datum))

    def say(self, datum: Any) -> str:
        return _("%(name)s: %(state)s") % {
            "name": where(datum),
            "state": words.of(words.BREAKER, state(datum)),
        }
