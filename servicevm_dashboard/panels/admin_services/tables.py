"""The table of the services of all projects."""

from django.utils.translation import gettext_lazy as _

from servicevm_dashboard.admin import ProjectColumn
from servicevm_dashboard.panels.services import tables as project


class ServicesTable(project.ServicesTable):
    """With whose they are."""

    dashboard = "admin"
    empty = _("No project has services yet.")

    owner = ProjectColumn()

    class Meta:
        name = "services"
        verbose_name = _("Services")
        columns = (
            "name",
            "owner",
            "kind",
            "device",
            "operating",
            "provisioning",
            "endpoints",
            "members",
            "created",
        )
        table_actions = (project.DeleteService,)
        row_actions = (project.DeleteService,)
