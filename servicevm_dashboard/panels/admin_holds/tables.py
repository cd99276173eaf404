"""The table of operators' holds."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy
from horizon.utils import filters

from servicevm_dashboard import words
from servicevm_dashboard.api import projects, servicevm, users
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.tables import (
    AGO,
    BatchAction,
    Column,
    LinkAction,
    Table,
)

#: Scope to the panel that has what is held.
_PANELS = {"device": "devices", "template": "templates"}


class SetHold(LinkAction):
    """Keep everything automatic off something."""

    name = "set"
    verbose_name = gettext_lazy("Set Hold")
    url = "horizon:admin:servicevm_holds:set"
    icon = "hand"
    action_type = "primary"
    classes = ("ajax-modal",)
    rule = "hold:set"


class UnsetHold(BatchAction):
    """Let what is automatic have its way again."""

    name = "unset"
    icon = "hand"
    rule = "hold:unset"
    removes = True
    asks_first = True
    help_text = gettext_lazy(
        "What was left undone because of it is done within a minute."
    )

    @staticmethod
    def action_present(count: int) -> Any:
        return ngettext_lazy("Take Hold Away", "Take Holds Away", count)

    @staticmethod
    def action_past(count: int) -> Any:
        return ngettext_lazy("Took Hold Away", "Took Holds Away", count)

    def action(self, request: Any, datum_id: str) -> None:
        servicevm.call(request, Client.unset_hold, datum_id)


class TargetColumn(Column):
    """What it is called that is held; nothing where it is everything."""

    def get_raw_data(self, datum: Any) -> str:
        table: Any = self.table
        return target(table.request, datum)

    def get_link_url(self, datum: Any) -> str | None:
        panel = _PANELS.get(datum.scope)
        if panel is None:
            return None
        return self.table.link(panel, "detail", datum.target) or None


class UserColumn(Column):
    """Who set it."""

    def get_raw_data(self, datum: Any) -> str:
        table: Any = self.table
        return users.who(table.request, datum.user_id, everybody=True)


def target(request: Any, datum: Any) -> str:
    """Name of the device, template or project."""
    if datum.scope == "project":
        return projects.name(request, datum.target)
    return str(datum.target_name or datum.target or "")


def scope(datum: Any) -> Any:
    """What it is on."""
    return words.of(words.HOLD, datum.scope)


def until(datum: Any) -> Any:
    """When it ends."""
    if datum.expires_at is None:
        return _("It is taken away")
    return filters.parse_isotime(datum.expires_at)


class HoldsTable(Table):
    """One page of holds."""

    dashboard = "admin"
    empty = gettext_lazy("Nothing is held: all that is automatic is at work.")

    scope = Column(scope, verbose_name=gettext_lazy("What Is Held"))
    target = TargetColumn(
        "target", panel="devices", verbose_name=gettext_lazy("Name")
    )
    reason = Column("reason", verbose_name=gettext_lazy("Reason"))
    user = UserColumn("user_id", verbose_name=gettext_lazy("Set By"))
    created = Column(
        "created_at",
        sort="created_at",
        verbose_name=gettext_lazy("Since"),
        filters=AGO,
    )
    expires = Column(until, verbose_name=gettext_lazy("Until"))

    class Meta:
        name = "holds"
        verbose_name = gettext_lazy("Holds")
        table_actions = (SetHold, UnsetHold)
        row_actions = (UnsetHold,)

    def get_object_display(self, datum: Any) -> str:
        name = target(self.request, datum)
        if not name:
            return str(scope(datum))
        return _("%(kind)s %(name)s") % {"kind": scope(datum), "name": name}
