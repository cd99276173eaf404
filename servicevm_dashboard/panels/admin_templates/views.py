"""The templates' pages for who makes them."""

from servicevm_dashboard.panels.admin_templates.tables import TemplatesTable
from servicevm_dashboard.panels.templates import views as project


class IndexView(project.IndexView):
    """All templates."""

    table_class = TemplatesTable


class DetailView(project.DetailView):
    """One template."""

    dashboard = "admin"
    table_class = TemplatesTable
