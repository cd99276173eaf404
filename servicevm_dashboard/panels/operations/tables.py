"""The tables of operations and of events."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from servicevm_dashboard import reasons, telling, timeline, words
from servicevm_dashboard.api import servicevm, users
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.tables import (
    AGO,
    BatchAction,
    Column,
    Table,
    status,
)

#: Panel of the details page of each type of resource.
PANELS = {
    "device": "devices",
    "service": "services",
    "device_template": "templates",
}


class CancelOperation(BatchAction):
    """Have it end before its next step."""

    name = "cancel"
    icon = "ban"
    rule = "operation:cancel"

    @staticmethod
    def action_present(count: int) -> Any:
        return ngettext("Cancel Operation", "Cancel Operations", count)

    @staticmethod
    def action_past(count: int) -> Any:
        return ngettext("Cancelling Operation", "Cancelling Operations", count)

    def allowed(self, request: Any, datum: Any = None) -> bool:
        # Most have ended: a row of refusals would tell nobody anything.
        return datum is None or not datum.terminal

    def reason(self, request: Any, datum: Any) -> Any:
        if datum.terminal:
            return _("It has ended already.")
        if datum.action == "delete":
            return _("A deletion can not be cancelled.")
        if datum.cancel_requested:
            return _("It is being cancelled already.")
        return ""

    def action(self, request: Any, datum_id: str) -> None:
        servicevm.call(request, Client.cancel_operation, datum_id)


class RetryOperation(BatchAction):
    """Begin it anew; what is there already is not made twice."""

    name = "retry"
    icon = "rotate-right"
    rule = "operation:retry"

    @staticmethod
    def action_present(count: int) -> Any:
        return ngettext("Retry Operation", "Retry Operations", count)

    @staticmethod
    def action_past(count: int) -> Any:
        return ngettext("Retrying Operation", "Retrying Operations", count)

    def allowed(self, request: Any, datum: Any = None) -> bool:
        return datum is None or datum.state in ("FAILED", "CANCELLED")

    def reason(self, request: Any, datum: Any) -> Any:
        if datum.state not in ("FAILED", "CANCELLED"):
            return _("Only what failed or was cancelled can be retried.")
        if datum.resource_gone:
            return _("What it was about is gone.")
        return ""

    def action(self, request: Any, datum_id: str) -> None:
        servicevm.call(request, Client.retry_operation, datum_id)


def state(datum: Any) -> Any:
    """Its state, with the reason."""
    return status(datum.state, words.OPERATION, why(datum))


def why(datum: Any) -> str:
    """Why it failed, or what it waits for."""
    return reasons.told(datum.error_code, datum.error_text)


def took(datum: Any) -> str:
    """How long it took, or has been under way."""
    return timeline.duration(datum.started_at, datum.finished_at)


def who(request: Any, datum: Any, dashboard: str) -> Any:
    """Who asked for it."""
    if datum.initiator == "system":
        return words.of(words.INITIATOR, "system")
    return users.who(request, datum.user_id, everybody=dashboard == "admin")


class WhoColumn(Column):
    """Who asked for it; other users' names are Keystone's to know."""

    def get_raw_data(self, datum: Any) -> Any:
        table: Any = self.table
        return who(table.request, datum, table.dashboard)


class OperationsTable(Table):
    """One page of operations."""

    empty = _(
        "No operations yet. Whatever is created, changed or deleted appears "
        "here with its steps: create a device to begin."
    )

    operation = Column(
        timeline.name, panel="operations", verbose_name=_("Operation")
    )
    who = WhoColumn("initiator", verbose_name=_("Asked For By"))
    state = Column(state, verbose_name=_("State"))
    step = Column(timeline.progress, verbose_name=_("Step"))
    began = Column(
        "created_at",
        sort="created_at",
        verbose_name=_("Asked For"),
        filters=AGO,
    )
    took = Column(took, verbose_name=_("Duration"))

    class Meta:
        name = "operations"
        verbose_name = _("Operations")
        table_actions = (RetryOperation, CancelOperation)
        row_actions = (RetryOperation, CancelOperation)

    def get_object_display(self, datum: Any) -> str:
        return str(timeline.name(datum))

    def say(self, datum: Any) -> str:
        state = words.of(words.OPERATION, datum.state)
        step = timeline.progress(datum)
        name = self.get_object_display(datum)
        if not step:
            return _("%(name)s: %(state)s") % {"name": name, "state": state}
        return _("%(name)s: %(state)s, %(step)s") % {
            "name": name,
            "state": state,
            "step": step,
        }


def severity(datum: Any) -> Any:
    """How bad it is."""
    return status(datum.severity, words.SEVERITY)


class ResourceColumn(Column):
    """The name of what it is about, with a link where there is a page."""

    def get_raw_data(self, datum: Any) -> Any:
        return telling.about(datum)

    def get_link_url(self, datum: Any) -> str | None:
        panel = PANELS.get(datum.resource_type)
        if not panel or datum.resource_gone:
            return None
        return self.table.link(panel, "detail", datum.resource_id)


def asker(request: Any, datum: Any, dashboard: str) -> Any:
    """Who asked for what happened; of what came by itself, nothing."""
    if not datum.user_id:
        return ""
    return users.who(request, datum.user_id, everybody=dashboard == "admin")


class AskerColumn(Column):
    """Who asked for what happened."""

    def get_raw_data(self, datum: Any) -> Any:
        table: Any = self.table
        return asker(table.request, datum, table.dashboard)


class EventsTable(Table):
    """One page of events."""

    empty = _(
        "No events yet. What happens to devices and services is told here: "
        "create a device to begin."
    )

    at = Column("at", sort="at", verbose_name=_("When"), filters=AGO)
    severity = Column(severity, verbose_name=_("Severity"))
    resource = ResourceColumn(
        "resource_name", link="#", verbose_name=_("What It Is About")
    )
    happened = Column(telling.happened, verbose_name=_("What Happened"))
    who = AskerColumn("user_id", verbose_name=_("Asked For By"))
    details = Column(telling.details, verbose_name=_("Details"))

    class Meta:
        name = "events"
        verbose_name = _("Events")
        multi_select = False

    def get_object_display(self, datum: Any) -> str:
        return telling.sentence(datum)

    def say(self, datum: Any) -> str:
        return telling.sentence(datum)
