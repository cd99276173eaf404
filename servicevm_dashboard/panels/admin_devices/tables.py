"""The table of the devices of all projects."""

from django.utils.translation import gettext_lazy as _

from servicevm_dashboard.admin import ProjectColumn
from servicevm_dashboard.panels.devices import actions_create
from servicevm_dashboard.panels.devices import tables as project


class EditDevice(actions_create.EditDevice):
    """On the administrators' page."""

    url = "horizon:admin:servicevm_devices:edit"


class DevicesTable(project.DevicesTable):
    """With whose they are."""

    dashboard = "admin"
    empty = _(
        "No project has devices yet. Projects create theirs themselves, under "
        "Project."
    )

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
            EditDevice,
            project.HealDevice,
            project.RebootDevice,
            project.RebuildDevice,
            project.DeleteDevice,
        )
