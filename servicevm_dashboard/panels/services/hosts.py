"""Which devices a new service could be on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from servicevm_dashboard import words
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client, Device, ServiceType

#: Most devices that are shown at once; more are found by their names.
ROWS = 50


@dataclass(frozen=True)
class Host:
    """A device, as a card shows it.

    :param refused: why it can not take the service; may be empty
    """

    device: Device
    refused: str

    @property
    def ref(self) -> str:
        return self.device.id

    @property
    def input_id(self) -> str:
        return f"device-{self.ref}"

    @property
    def free(self) -> int:
        slots = self.device.slots
        return slots["total"] - slots["used"]

    @property
    def state(self) -> Any:
        return words.of(words.PROVISIONING, self.device.provisioning_status)

    @property
    def addresses(self) -> str:
        """Where clients reach it."""
        return ", ".join(
            one["address"]
            for one in self.device.interfaces
            if one["address"] and one["role"] != "mgmt"
        )


@dataclass(frozen=True)
class Hosts:
    """A page of them.

    :param more: whether there are others with such a name
    """

    hosts: Sequence[Host]
    more: bool


def find(request: Any, kind: ServiceType, prefix: str, chosen: str) -> Hosts:
    """Devices by name, those that can take it first.

    :param prefix: of their names; may be empty
    :param chosen: id of the one that is to be among them; may be empty
    :raises ServicevmError: they could not be read
    """
    query = {"name_prefix": prefix} if prefix else {}
    page = servicevm.call(
        request, Client.page, Device, limit=ROWS, sort="name:asc", **query
    )
    devices = {one.id: one for one in page.items}
    if chosen and chosen not in devices:
        extra = servicevm.call(
            request, Client.page, Device, limit=1, id=chosen
        )
        devices = {one.id: one for one in extra.items} | devices
    hosting = _hosting(request)
    hosts = [
        Host(one, _refused(one, kind, hosting.get(one.template_id)))
        for one in devices.values()
    ]
    hosts.sort(key=lambda host: bool(host.refused))
    return Hosts(hosts, page.next_marker is not None)


def _hosting(request: Any) -> dict[str, Sequence[str]]:
    """Id of a template to the service types that it is for."""
    templates = servicevm.call(request, Client.device_templates)
    return {one.id: one.service_types for one in templates}


def _refused(
    device: Device, kind: ServiceType, types: Sequence[str] | None
) -> str:
    free = device.slots["total"] - device.slots["used"]
    if device.provisioning_status == "PENDING_DELETE":
        return _("It is being deleted.")
    if device.provisioning_status == "ERROR":
        return _("It failed: repair or delete it first.")
    if types is not None and kind.name not in types:
        return _("Its template does not offer this.")
    if free < kind.slots:
        return ngettext(
            "It has %(free)s free slot; this takes %(takes)s.",
            "It has %(free)s free slots; this takes %(takes)s.",
            free,
        ) % {"free": free, "takes": kind.slots}
    return ""
