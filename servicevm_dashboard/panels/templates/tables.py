"""The table of templates and what can be done with one."""

from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _

from servicevm_dashboard import links, takes, words
from servicevm_dashboard.panels.templates import reading
from servicevm_dashboard.tables import Column, LinkAction, Table


class CreateDevice(LinkAction):
    """Begin a device that is made of this template."""

    name = "create_device"
    verbose_name = _("Create Device")
    url = ""
    icon = "plus"
    rule = "device:create"

    def get_policy_target(self, request: Any, datum: Any) -> dict[str, Any]:
        # The device is the user's, whosever the template is.
        return super().get_policy_target(request, None)

    def reason(self, request: Any, datum: Any) -> Any:
        found = takes.takes(reading.quota(request), takes.footprint(datum))
        return takes.reason(found)

    def get_link_url(self, datum: Any = None) -> str:
        chosen = urlencode({"template_id": datum.ref})
        return f"{links.link('project', 'devices', 'create')}?{chosen}"


def service_types(datum: Any) -> str:
    """What its devices host."""
    return ", ".join(
        str(words.of(words.SERVICE_TYPE, one)) for one in datum.service_types
    )


def infra_driver(datum: Any) -> Any:
    """What makes its devices."""
    return words.of(words.INFRA_DRIVER, datum.infra_driver)


class DevicesColumn(Column):
    """How many devices are made of it."""

    def get_raw_data(self, datum: Any) -> Any:
        table: Any = self.table
        found = reading.devices(
            table.request, all_projects=table.dashboard == "admin"
        )
        return None if found is None else found.get(datum.ref, 0)


class TemplatesTable(Table):
    """One page of templates."""

    empty = _(
        "No templates yet. A template says what devices are like; ask your "
        "administrator to create one."
    )

    name = Column(
        "name",
        sort="name",
        verbose_name=_("Name"),
        panel="templates",
    )
    description = Column("description", verbose_name=_("Description"))
    driver = Column(infra_driver, verbose_name=_("Made As"))
    service_types = Column(service_types, verbose_name=_("Service Types"))
    slots = Column("slots", verbose_name=_("Slots of a Device"))
    devices = DevicesColumn("devices", verbose_name=_("Your Devices"))

    class Meta:
        name = "templates"
        verbose_name = _("Templates")
        row_actions = (CreateDevice,)
        multi_select = False
