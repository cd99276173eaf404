"""The tables of what projects have used."""

from typing import Any

from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from servicevm_dashboard.admin import ProjectColumn
from servicevm_dashboard.api import projects
from servicevm_dashboard.panels.usage import tables as project
from servicevm_dashboard.panels.usage.tables import AmountColumn
from servicevm_dashboard.tables import Table


class NameColumn(ProjectColumn):
    """Leads to what it has used, in the same period."""

    def __init__(self) -> None:
        super().__init__()
        self.link = "usage"

    def get_link_url(self, datum: Any) -> str | None:
        table: Any = self.table
        url = table.link("usage", "detail", datum.project_id)
        days = {
            key: value
            for key, value in table.pager.query.items()
            if key in ("first", "last")
        }
        return f"{url}?{urlencode(days)}" if days else url


class ProjectsTable(Table):
    """A page of projects."""

    dashboard = "admin"
    empty = _("No project used anything in this period.")
    empty_filtered = empty

    name = NameColumn()
    devices = AmountColumn("device_hours", _("Device Hours"))
    vcpus = AmountColumn("vcpu_hours")
    ram = AmountColumn("ram_mib_hours")
    services = AmountColumn("service_hours", _("Service Hours"))
    slots = AmountColumn("slot_hours")
    connections = AmountColumn("connections")
    bytes_in = AmountColumn("bytes_in")
    bytes_out = AmountColumn("bytes_out")

    class Meta:
        name = "usage"
        verbose_name = _("Usage of Projects")
        multi_select = False

    def get_object_display(self, datum: Any) -> str:
        return projects.name(self.request, datum.project_id)


class ResourcesTable(project.ResourcesTable):
    """Of one project."""

    dashboard = "admin"

    class Meta:
        name = "usage"
        verbose_name = _("Usage of Devices and Services")
        multi_select = False
