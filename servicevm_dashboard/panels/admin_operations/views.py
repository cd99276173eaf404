"""The operations and events of all projects."""

from servicevm_dashboard.admin import AllProjects, ProjectFilter
from servicevm_dashboard.panels.admin_operations import tables
from servicevm_dashboard.panels.operations import views as project


class OperationFilter(ProjectFilter, project.OperationFilter):
    """Also by project."""


class EventFilter(ProjectFilter, project.EventFilter):
    """Also by project."""


class IndexView(AllProjects, project.IndexView):
    """All operations."""

    table_class = tables.OperationsTable
    filter_class = OperationFilter


class EventsView(AllProjects, project.EventsView):
    """All events."""

    table_class = tables.EventsTable
    filter_class = EventFilter


class DetailView(AllProjects, project.DetailView):
    """One operation."""

    table_class = tables.OperationsTable
