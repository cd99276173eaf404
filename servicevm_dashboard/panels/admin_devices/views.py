"""The devices of all projects."""

from servicevm_dashboard.admin import AllProjects, ProjectFilter
from servicevm_dashboard.panels.admin_devices.tables import DevicesTable
from servicevm_dashboard.panels.devices import views as project


class DeviceFilter(ProjectFilter, project.DeviceFilter):
    """Also by project."""


class IndexView(AllProjects, project.IndexView):
    """All devices."""

    table_class = DevicesTable
    filter_class = DeviceFilter


class DetailView(AllProjects, project.DetailView):
    """One device."""

    table_class = DevicesTable


class ConsoleView(project.ConsoleView):
    """Its console log."""

    dashboard = "admin"
