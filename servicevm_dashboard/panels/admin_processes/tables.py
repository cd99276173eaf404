"""The tables of the service's own processes."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from servicevm_dashboard import words
from servicevm_dashboard.admin import ProjectColumn
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.tables import (
    AGE,
    AGO,
    BatchAction,
    Column,
    Table,
    status,
)


def state(datum: Any) -> str:
    """``ALIVE``, ``DRAINING`` or ``SILENT``."""
    if not datum.alive:
        return "SILENT"
    return "DRAINING" if getattr(datum, "draining", False) else "ALIVE"


def shown(datum: Any) -> Any:
    """The same, as a cell shows it."""
    return status(state(datum), words.PROCESS)


class Processes(Table):
    """What all of them have in common."""

    dashboard = "admin"

    name = Column("name", sort="name", verbose_name=_("Name"))
    host = Column("host", sort="host", verbose_name=_("Host"))
    state = Column(shown, verbose_name=_("State"))
    version = Column("version", verbose_name=_("Version"))
    started = Column(
        "started_at",
        sort="started_at",
        verbose_name=_("Running For"),
        filters=AGE,
    )
    seen = Column("last_seen", verbose_name=_("Last Seen"), filters=AGO)

    def get_object_id(self, datum: Any) -> str:
        # Its id is another one after each start.
        return str(datum.name)

    def say(self, datum: Any) -> str:
        return _("%(name)s: %(state)s") % {
            "name": datum.name,
            "state": words.of(words.PROCESS, state(datum)),
        }


class Drain(BatchAction):
    """Have it let its sessions go and take no new ones.

    Agents move on to the other relays of its group; once it has no more, it
    can be stopped and nobody notices.
    """

    name = "drain"
    icon = "eject"
    rule = "relay:update"

    @staticmethod
    def action_present(count: int) -> Any:
        return ngettext_lazy("Drain Relay", "Drain Relays", count)

    @staticmethod
    def action_past(count: int) -> Any:
        return ngettext_lazy("Draining Relay", "Draining Relays", count)

    def allowed(self, request: Any, datum: Any = None) -> bool:
        return datum is None or not datum.draining

    def reason(self, request: Any, datum: Any) -> Any:
        if datum.draining:
            return _("It is draining already.")
        return "" if datum.alive else _("It was not heard of lately.")

    def action(self, request: Any, datum_id: str) -> None:
        _set(self, request, datum_id, draining=True)


class StopDraining(BatchAction):
    """Have it take sessions again."""

    name = "undrain"
    icon = "rotate-left"
    rule = "relay:update"

    @staticmethod
    def action_present(count: int) -> Any:
        return ngettext_lazy("Stop Draining", "Stop Draining", count)

    @staticmethod
    def action_past(count: int) -> Any:
        return ngettext_lazy("Taking Sessions", "Taking Sessions", count)

    def allowed(self, request: Any, datum: Any = None) -> bool:
        return datum is None or bool(datum.draining)

    def reason(self, request: Any, datum: Any) -> Any:
        return "" if datum.draining else _("It is not draining.")

    def action(self, request: Any, datum_id: str) -> None:
        _set(self, request, datum_id, draining=False)


def _set(action: Any, request: Any, name: str, *, draining: bool) -> None:
    relay = action.table.find(name)
    servicevm.call(request, Client.update_relay, relay.id, draining=draining)


class RelaysTable(Processes):
    """They hold the agents' sessions."""

    empty = _("No relay was heard of: no agent can be reached.")

    group = Column("group", verbose_name=_("Group"))
    serves = ProjectColumn("group_project_id", _("Serves Project"))
    address = Column("address", verbose_name=_("Address"))
    sessions = Column("sessions", verbose_name=_("Sessions"))

    class Meta:
        name = "relays"
        verbose_name = _("Relays")
        columns = (
            "name",
            "host",
            "group",
            "serves",
            "state",
            "sessions",
            "address",
            "version",
            "started",
            "seen",
        )
        table_actions = (Drain, StopDraining)
        row_actions = (Drain, StopDraining)


class ConductorsTable(Processes):
    """They drive operations."""

    empty = _("No conductor was heard of: nothing that is asked for is done.")

    class Meta:
        name = "conductors"
        verbose_name = _("Conductors")
        multi_select = False


class ApisTable(Processes):
    """They answer requests."""

    empty = _("No API process was heard of.")

    class Meta:
        name = "apis"
        verbose_name = _("API Processes")
        multi_select = False
