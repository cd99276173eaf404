"""The table of devices and what can be done to them."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from servicevm_dashboard import healing
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.panels.devices.actions_create import (
    CreateDevice,
    CreateServiceOn,
    EditDevice,
)
from servicevm_dashboard.tables import (
    AGE,
    BatchAction,
    Column,
    DeleteAction,
    Table,
    both,
    lines,
    operating,
    provisioning,
)


class _Hosts:
    """What is done to a device is done to its services; they are named."""

    @property
    def consequences(self) -> str:
        action: Any = self
        index = action.table.link("devices")
        return f"{index}?fragment=hosted&action={action.name}" if index else ""


def _unsettled(datum: Any) -> Any:
    """Why it can not be started anew; empty if it can."""
    if datum.provisioning_status == "PENDING_CREATE":
        return _("It is still being built.")
    if datum.provisioning_status == "PENDING_DELETE":
        return _("It is being deleted.")
    return ""


class RebootDevice(_Hosts, BatchAction):
    """Ask the guest to restart; its services are away meanwhile."""

    name = "reboot"
    icon = "rotate-right"
    rule = "device:reboot"
    asks_first = True
    help_text = _("It is restarted at once.")

    @staticmethod
    def action_present(count: int) -> Any:
        return ngettext("Reboot Device", "Reboot Devices", count)

    @staticmethod
    def action_past(count: int) -> Any:
        return ngettext("Rebooting Device", "Rebooting Devices", count)

    def reason(self, request: Any, datum: Any) -> Any:
        return _unsettled(datum)

    def action(self, request: Any, datum_id: str) -> None:
        servicevm.call(request, Client.reboot_device, datum_id)


class RebuildDevice(_Hosts, BatchAction):
    """Have its machine made anew; its services come back on it."""

    name = "rebuild"
    icon = "hammer"
    rule = "device:rebuild"
    asks_first = True
    help_text = _(
        "Its machine is thrown away and built anew, with the same addresses; "
        "its services come back by themselves."
    )

    @staticmethod
    def action_present(count: int) -> Any:
        return ngettext("Rebuild Device", "Rebuild Devices", count)

    @staticmethod
    def action_past(count: int) -> Any:
        return ngettext("Rebuilding Device", "Rebuilding Devices", count)

    def reason(self, request: Any, datum: Any) -> Any:
        return _unsettled(datum)

    def action(self, request: Any, datum_id: str) -> None:
        servicevm.call(request, Client.rebuild_device, datum_id)


class HealDevice(_Hosts, BatchAction):
    """Climb its template's ladder of healing now, from the first rung."""

    name = "heal"
    icon = "heart-pulse"
    rule = "device:heal"
    asks_first = True
    help_text = _(
        "It is restarted or built anew at once, as its template says. A hold "
        "of operators does not keep you from it."
    )

    @staticmethod
    def action_present(count: int) -> Any:
        return ngettext("Heal Device", "Heal Devices", count)

    @staticmethod
    def action_past(count: int) -> Any:
        return ngettext("Healing Device", "Healing Devices", count)

    def reason(self, request: Any, datum: Any) -> Any:
        if datum.provisioning_status == "PENDING_UPDATE":
            return _("It is being changed: wait until that is done.")
        if not _unsettled(datum) and not healing.is_lost(datum):
            return _("It is not lost: there is nothing to heal.")
        return _unsettled(datum)

    def action(self, request: Any, datum_id: str) -> None:
        servicevm.call(request, Client.heal_device, datum_id)


class DeleteDevice(_Hosts, DeleteAction):
    """Delete it with its services, whatever it is doing."""

    rule = "device:delete"
    help_text = _("This action cannot be undone.")

    @staticmethod
    def action_present(count: int) -> Any:
        return ngettext("Delete Device", "Delete Devices", count)

    @staticmethod
    def action_past(count: int) -> Any:
        return ngettext("Deleting Device", "Deleting Devices", count)

    def reason(self, request: Any, datum: Any) -> Any:
        if datum.provisioning_status == "PENDING_DELETE":
            return _("It is being deleted already.")
        return ""

    def action(self, request: Any, datum_id: str) -> None:
        servicevm.call(request, Client.delete_device, datum_id)


def address(datum: Any) -> Any:
    """Where a tenant reaches it; the management address is not of use."""
    return lines(
        one["address"]
        for one in datum.interfaces
        if one["address"] and one["role"] != "mgmt"
    )


class DevicesTable(Table):
    """One page of devices."""

    empty = _(
        "No devices yet. A device is a virtual machine that runs your network "
        "services: create one to begin."
    )

    name = Column("name", sort="name", panel="devices", verbose_name=_("Name"))
    template = Column(
        "template_name",
        panel="templates",
        ref="template_id",
        verbose_name=_("Template"),
    )
    operating = Column(
        operating, sort="operating_status", verbose_name=_("Health")
    )
    provisioning = Column(
        provisioning, sort="provisioning_status", verbose_name=_("Status")
    )
    address = Column(address, verbose_name=_("Address"))
    created = Column(
        "created_at", sort="created_at", verbose_name=_("Age"), filters=AGE
    )

    class Meta:
        name = "devices"
        verbose_name = _("Devices")
        table_actions = (CreateDevice, RebootDevice, DeleteDevice)
        row_actions = (
            CreateServiceOn,
            EditDevice,
            HealDevice,
            RebootDevice,
            RebuildDevice,
            DeleteDevice,
        )

    def say(self, datum: Any) -> str:
        return both(datum)
