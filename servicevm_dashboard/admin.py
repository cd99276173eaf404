"""What the administrator's panels add to the project's: whose it is.

::

    class IndexView(AllProjects, project.IndexView):
        table_class = DevicesTable
        filter_class = DeviceFilter
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from servicevm_dashboard.api import projects
from servicevm_dashboard.tables import Column


class ProjectColumn(Column):
    """Name of the project that it belongs to.

    :param field: has the project's id; nothing is shown where there is none
    """

    def __init__(self, field: str = "project_id", title: Any = None) -> None:
        super().__init__(field, verbose_name=title or _("Project"))
        self._field = field

    def get_raw_data(self, datum: Any) -> str:
        table: Any = self.table
        project = getattr(datum, self._field)
        return projects.name(table.request, project) if project else ""


class ProjectFilter(forms.Form):
    """By project; comes before the project panel's filter in the bases."""

    project_id = forms.ChoiceField(
        label=_("Project"),
        required=False,
        widget=forms.Select(attrs={"class": "form-control"}),
    )

    def of(self, request: Any) -> "ProjectFilter":
        """With the projects that there are to choose from."""
        field: Any = self.fields["project_id"]
        # One that was made a moment ago may be asked for by a link.
        asked = [one for one in (request.GET.get("project_id"),) if one]
        field.choices = [
            ("", _("Any project")),
            *projects.choices(request, *asked),
        ]
        return self


class AllProjects:
    """A view of what belongs to any project; comes first in the bases."""

    dashboard: ClassVar[str] = "admin"
    always: ClassVar[Mapping[str, Any]] = {"all_projects": True}

    @property
    def filter(self) -> Any:
        found: Any = super().filter  # type: ignore[misc]
        return found.of(self.request)  # type: ignore[attr-defined]
