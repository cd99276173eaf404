"""The templates, and what an administrator can do to them."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, ngettext_lazy

from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.panels.templates import reading
from servicevm_dashboard.panels.templates import tables as project
from servicevm_dashboard.tables import DeleteAction, LinkAction


class CreateTemplate(LinkAction):
    """Begin the wizard."""

    name = "create"
    verbose_name = _("Create Template")
    url = "horizon:admin:servicevm_templates:create"
    icon = "plus"
    action_type = "primary"
    rule = "device_template:create"


class EditTemplate(LinkAction):
    """Make a new revision; devices keep the one that they run."""

    name = "edit"
    verbose_name = _("Edit Template")
    url = "horizon:admin:servicevm_templates:edit"
    icon = "pencil"
    rule = "device_template:update"


class DeleteTemplate(DeleteAction):
    """Only of what no device uses."""

    rule = "device_template:delete"

    @staticmethod
    def action_present(count: int) -> Any:
        return ngettext_lazy("Delete Template", "Delete Templates", count)

    @staticmethod
    def action_past(count: int) -> Any:
        return ngettext_lazy("Deleted Template", "Deleted Templates", count)

    def reason(self, request: Any, datum: Any) -> Any:
        counts = reading.devices(request, all_projects=True) or {}
        count = counts.get(datum.ref, 0)
        if not count:
            return ""
        return (
            ngettext(
                "%d device is made of it: delete that first.",
                "%d devices are made of it: delete those first.",
                count,
            )
            % count
        )

    def action(self, request: Any, datum_id: str) -> None:
        servicevm.call(request, Client.delete_device_template, datum_id)


class TemplatesTable(project.TemplatesTable):
    """One page of templates, with the devices of all projects."""

    dashboard = "admin"
    empty = _(
        "No templates yet. A template says what devices are like, and "
        "projects need one to create devices: create the first one."
    )

    devices = project.DevicesColumn("devices", verbose_name=_("Devices"))

    class Meta:
        name = "templates"
        verbose_name = _("Templates")
        table_actions = (CreateTemplate, DeleteTemplate)
        row_actions = (EditTemplate, DeleteTemplate)
