"""The tables of the operations and events of all projects."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from servicevm_dashboard.admin import ProjectColumn
from servicevm_dashboard.panels.operations import tables as project


class OperationsTable(project.OperationsTable):
    """With whose they are."""

    dashboard = "admin"
    empty = _("No project has had operations yet.")

    owner = ProjectColumn()

    class Meta:
        name = "operations"
        verbose_name = _("Operations")
        columns = (
            "operation",
            "owner",
            "who",
            "state",
            "step",
            "began",
            "took",
        )
        table_actions = (project.RetryOperation, project.CancelOperation)
        row_actions = (project.RetryOperation, project.CancelOperation)


class OwnerColumn(ProjectColumn):
    """Nobody's where it is about the service itself."""

    def get_raw_data(self, datum: Any) -> str:
        return super().get_raw_data(datum) if datum.project_id else ""


class EventsTable(project.EventsTable):
    """With whose they are."""

    dashboard = "admin"
    empty = _("Nothing has happened yet.")

    owner = OwnerColumn()

    class Meta:
        name = "events"
        verbose_name = _("Events")
        multi_select = False
        columns = (
            "at",
            "severity",
            "owner",
            "resource",
            "happened",
            "who",
            "details",
        )
