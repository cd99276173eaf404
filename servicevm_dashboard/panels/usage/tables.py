"""The tables of what was used."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from horizon.utils import filters

from servicevm_dashboard import words
from servicevm_dashboard.panels.usage import amounts
from servicevm_dashboard.tables import Column, Table

#: Kind of what was used to the panel that has it.
_PANELS = {"device": "devices", "service": "services"}


class AmountColumn(Column):
    """One of `amounts.AMOUNTS`, or another field with hours."""

    def __init__(self, field: str, title: Any = None) -> None:
        word, show = amounts.AMOUNTS.get(field, (title, amounts.hours))
        super().__init__(
            lambda datum: show(getattr(datum, field)),
            verbose_name=word,
            classes=("servicevm-amount",),
        )


class ResourceColumn(Column):
    """What it is called; a link while it is there."""

    def get_link_url(self, datum: Any) -> str | None:
        if datum.ended_at is not None:
            return None
        panel = _PANELS.get(datum.resource_type, "")
        return self.table.link(panel, "detail", datum.resource_id) or None


def kind(datum: Any) -> Any:
    """Device or service."""
    return words.of(words.RESOURCE, datum.resource_type)


def name(datum: Any) -> str:
    """Or its id, where it never had one."""
    return datum.resource_name or datum.resource_id


def until(datum: Any) -> Any:
    """When it went."""
    if datum.ended_at is None:
        return _("It is there")
    return filters.parse_isotime(datum.ended_at)


class ResourcesTable(Table):
    """A page of devices and services, also of those that are gone."""

    empty = gettext_lazy("Nothing was used in this period.")
    empty_filtered = empty

    name = ResourceColumn(
        name, panel="devices", verbose_name=gettext_lazy("Name")
    )
    kind = Column(kind, verbose_name=gettext_lazy("Kind"))
    hours = AmountColumn("hours", gettext_lazy("Hours"))
    vcpus = AmountColumn("vcpu_hours")
    ram = AmountColumn("ram_mib_hours")
    slots = AmountColumn("slot_hours")
    connections = AmountColumn("connections")
    bytes_in = AmountColumn("bytes_in")
    bytes_out = AmountColumn("bytes_out")
    ended = Column(
        until,
        verbose_name=gettext_lazy("Until"),
        classes=("servicevm-moment",),
    )

    class Meta:
        name = "usage"
        verbose_name = gettext_lazy("Usage of Devices and Services")
        multi_select = False

    def get_object_display(self, datum: Any) -> str:
        return name(datum)
