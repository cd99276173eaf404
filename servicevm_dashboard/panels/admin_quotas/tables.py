"""The table of projects' quotas: limits and use beside each other."""

from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from servicevm_dashboard import words
from servicevm_dashboard.api import projects, servicevm
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.panels.admin_quotas import reading
from servicevm_dashboard.tables import (
    BatchAction,
    Column,
    LinkAction,
    Table,
)


class EditQuota(LinkAction):
    """Give the project limits of its own."""

    name = "edit"
    verbose_name = _("Edit Limits")
    url = "horizon:admin:servicevm_quotas:edit"
    icon = "pencil"
    classes = ("ajax-modal",)
    rule = "quota:update"


class ResetQuota(BatchAction):
    """Take the project's own limits away."""

    name = "reset"
    icon = "rotate-left"
    rule = "quota:delete"
    help_text = _("The limits that all projects have hold for it again.")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # Its limits are deleted: Horizon asks before it does that.
        self.action_type = "danger"

    @staticmethod
    def action_present(count: int) -> Any:
        return ngettext_lazy("Reset to Defaults", "Reset to Defaults", count)

    @staticmethod
    def action_past(count: int) -> Any:
        return ngettext_lazy("Reset to Defaults", "Reset to Defaults", count)

    def reason(self, request: Any, datum: Any) -> Any:
        if reading.own(request, datum):
            return ""
        return _("It has the defaults already.")

    def action(self, request: Any, datum_id: str) -> None:
        servicevm.call(request, Client.delete_quota, datum_id)


class NameColumn(Column):
    """What the project is called."""

    def get_raw_data(self, datum: Any) -> str:
        table: Any = self.table
        return projects.name(table.request, datum.project_id)


class OwnColumn(Column):
    """Whether it has limits of its own."""

    def get_raw_data(self, datum: Any) -> Any:
        table: Any = self.table
        if reading.own(table.request, datum):
            return _("Its own")
        return _("Defaults")


class UseColumn(Column):
    """``3 of 10``, and a sign where there is no more."""

    def get_raw_data(self, datum: Any) -> Any:
        entry = datum.to_dict_view()[self.name]
        values = {"used": entry["in_use"], "limit": entry["limit"]}
        if entry["limit"] < 0:
            return _("%(used)s, no limit") % values
        text = _("%(used)s of %(limit)s") % values
        if entry["in_use"] < entry["limit"] or not entry["in_use"]:
            return text
        return format_html(
            '<span class="fa fa-triangle-exclamation text-warning"'
            ' aria-hidden="true"></span> {} <span class="sr-only">{}</span>',
            text,
            _("(all in use)"),
        )


class QuotasTable(Table):
    """One page of projects."""

    dashboard = "admin"
    empty = _("No project has limits of its own or uses anything yet.")

    project_id = NameColumn("project_id", verbose_name=_("Project"))
    limits = OwnColumn("limits", verbose_name=_("Limits"))
    devices = UseColumn("devices", verbose_name=words.QUOTA["devices"])
    services = UseColumn("services", verbose_name=words.QUOTA["services"])
    vcpus = UseColumn("vcpus", verbose_name=words.QUOTA["vcpus"])
    ram = UseColumn("ram", verbose_name=words.QUOTA["ram"])
    slots = UseColumn("slots", verbose_name=words.QUOTA["slots"])

    class Meta:
        name = "quotas"
        verbose_name = _("Quotas")
        table_actions = (ResetQuota,)
        row_actions = (EditQuota, ResetQuota)

    def get_object_display(self, datum: Any) -> str:
        return projects.name(self.request, datum.project_id)
