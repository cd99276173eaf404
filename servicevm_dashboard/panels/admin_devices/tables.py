"""The table of the devices of all projects."""

from django.utils.translation import gettext_lazy as _

from servicevm_dashboard.admin import ProjectColumn
from servicevm_dashboard.panels.devices import tables as project


class DevicesTable(project.DevicesTable):
    """With whose they are."""

    dashboard = "admin"
    empty = _("No project has devices yet.")

    owner = ProjectColumn()

    class Meta:
        name = "devices"
        verbose_name = _("Devices")
        columns = (
            "name",
            "owner",
            "template",
            "operating",
            "provisioning",
            "address",
            "created",
        )
        table_actions = (project.RebootDevice, project.DeleteDevice)
        row_actions = (
            project.HealDevice,
            project.RebootDevice,
            project.RebuildDevice,
            project.DeleteDevice,
        )
