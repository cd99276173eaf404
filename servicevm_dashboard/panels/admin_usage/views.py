"""What projects have used in a period."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from servicevm_dashboard import links
from servicevm_dashboard.admin import AllProjects, ProjectFilter
from servicevm_dashboard.api import projects
from servicevm_dashboard.api.servicevm import Usage
from servicevm_dashboard.panels.admin_usage import tables
from servicevm_dashboard.panels.usage import period, views


class UsageFilter(ProjectFilter, period.PeriodFilter):
    """Also by project."""


class IndexView(AllProjects, views.OfPeriod):
    """A line for each project that used something."""

    page_title = gettext_lazy("Usage")
    kind = Usage
    table_class = tables.ProjectsTable
    filter_class = UsageFilter
    failure = gettext_lazy("The usage could not be read.")


class ProjectView(views.IndexView):
    """What one project has used, in all and of each device and service."""

    table_class = tables.ResourcesTable

    def project(self) -> str:
        return str(self.kwargs["project"])

    def whose(self) -> Mapping[str, Any]:
        return {"project_id": self.project()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        name = projects.name(self.request, self.project())
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return context | {
            "page_title": _("Usage of %(project)s") % {"project": name},
            "list_url": links.link("admin", "usage"),
        }
