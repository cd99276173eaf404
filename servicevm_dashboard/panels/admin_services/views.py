"""The services of all projects."""

from servicevm_dashboard.admin import AllProjects, ProjectFilter
from servicevm_dashboard.panels.admin_services.tables import ServicesTable
from servicevm_dashboard.panels.services import views as project


class ServiceFilter(ProjectFilter, project.ServiceFilter):
    """Also by project."""


class IndexView(AllProjects, project.IndexView):
    """All services."""

    table_class = ServicesTable
    filter_class = ServiceFilter


class DetailView(AllProjects, project.DetailView):
    """One service."""

    table_class = ServicesTable
