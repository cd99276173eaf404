"""The table of services and what can be done to them."""

from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from servicevm_dashboard import words
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.exceptions import ServicevmError
from servicevm_dashboard.members import up
from servicevm_dashboard.panels.services import reading
from servicevm_dashboard.panels.services.actions_create import (
    CreateService,
    EditService,
)
from servicevm_dashboard.tables import (
    AGE,
    Column,
    DeleteAction,
    LinkAction,
    Table,
    both,
    lines,
    operating,
    provisioning,
)


class DeleteService(DeleteAction):
    """Take it off its device."""

    rule = "service:delete"

    @staticmethod
    def action_present(count: int) -> Any:
        return ngettext("Delete Service", "Delete Services", count)

    @staticmethod
    def action_past(count: int) -> Any:
        return ngettext("Deleting Service", "Deleting Services", count)

    def reason(self, request: Any, datum: Any) -> Any:
        if datum.provisioning_status == "PENDING_DELETE":
            return _("It is being deleted already.")
        return ""

    def action(self, request: Any, datum_id: str) -> None:
        servicevm.call(request, Client.delete_service, datum_id)


class DoAction(LinkAction):
    """Something else that its type can do."""

    name = "action"
    verbose_name = _("Other Actions")
    icon = "wrench"
    rule = "service:action"

    def allowed(self, request: Any, datum: Any = None) -> bool:
        """Whether its type has any."""
        try:
            return bool(reading.actions(request, datum.service_type))
        except ServicevmError:
            return False

    def reason(self, request: Any, datum: Any) -> Any:
        if datum.provisioning_status == "PENDING_DELETE":
            return _("It is being deleted.")
        if not datum.observed_generation:
            return _("It is not on its device yet.")
        return ""

    def get_link_url(self, datum: Any = None) -> str:
        table: Any = self.table
        return str(table.link("services", "action", datum.ref))


def kind(datum: Any) -> Any:
    """What it is."""
    return words.of(words.SERVICE_TYPE, datum.service_type)


def endpoints(datum: Any) -> Any:
    """Where it is reached; those that a browser understands as links."""
    found = []
    for one in datum.endpoints:
        text, href = reading.url(one)
        found.append(
            format_html('<a href="{}" rel="noreferrer">{}</a>', href, text)
            if href
            else text
        )
    return lines(found)


def members(datum: Any) -> Any:
    """How many members work."""
    found = up(datum)
    if found is None:
        return "-"
    return _("%(working)d of %(all)d up") % {
        "working": found[0],
        "all": found[1],
    }


class ServicesTable(Table):
    """One page of services."""

    empty = _(
        "No services yet. A service, such as a load balancer, runs on one of "
        "your devices: create one to begin."
    )

    name = Column(
        "name", sort="name", panel="services", verbose_name=_("Name")
    )
    kind = Column(kind, sort="service_type", verbose_name=_("Type"))
    device = Column(
        "device_name",
        panel="devices",
        ref="device_id",
        verbose_name=_("Device"),
    )
    operating = Column(
        operating, sort="operating_status", verbose_name=_("Health")
    )
    provisioning = Column(
        provisioning, sort="provisioning_status", verbose_name=_("Status")
    )
    endpoints = Column(endpoints, verbose_name=_("Reached At"))
    members = Column(members, verbose_name=_("Members"))
    created = Column(
        "created_at", sort="created_at", verbose_name=_("Age"), filters=AGE
    )

    class Meta:
        name = "services"
        verbose_name = _("Services")
        table_actions = (CreateService, DeleteService)
        row_actions = (EditService, DeleteService)

    def say(self, datum: Any) -> str:
        counted = up(datum)
        if counted is None:
            return both(datum)
        return _("%(service)s, %(members)s") % {
            "service": both(datum),
            "members": members(datum),
        }


class HeadTable(ServicesTable):
    """For the head of a details page, which has room for more actions."""

    class Meta(ServicesTable.Meta):
        row_actions = (*ServicesTable.Meta.row_actions, DoAction)
