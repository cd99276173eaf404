"""The fleet of all projects at a glance."""

from servicevm_dashboard.panels.overview import views as project


class IndexView(project.IndexView):
    """Of all projects."""

    dashboard = "admin"
    all_projects = True
