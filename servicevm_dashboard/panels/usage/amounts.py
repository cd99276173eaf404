"""Amounts of what was used, as people read them. Pure.

The columns of tables and the totals of a page are made of one list.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils import formats
from django.utils.translation import gettext_lazy as _

__all__ = ["AMOUNTS", "hours", "shown"]


def hours(value: float) -> str:
    """``1,234.50``"""
    return formats.number_format(value, 2, force_grouping=True)


def _gib(value: float) -> str:
    return hours(value / 1024)


def _count(value: int) -> str:
    return formats.number_format(value, force_grouping=True)


#: Field of the service to what it is called and how it is shown.
AMOUNTS: Mapping[str, tuple[Any, Callable[[Any], str]]] = {
    "vcpu_hours": (_("vCPU Hours"), hours),
    "ram_mib_hours": (_("GiB RAM Hours"), _gib),
    "slot_hours": (_("Slot Hours"), hours),
    "connections": (_("Connections"), _count),
    "bytes_in": (_("From Clients"), filesizeformat),
    "bytes_out": (_("To Clients"), filesizeformat),
}
_OF_A_PROJECT: Mapping[str, tuple[Any, Callable[[Any], str]]] = {
    "device_hours": (_("Device Hours"), hours),
    "service_hours": (_("Service Hours"), hours),
    **AMOUNTS,
}


def shown(usage: Any) -> Sequence[tuple[Any, str]]:
    """What a project has used: each amount with its word."""
    return [
        (word, show(getattr(usage, field)))
        for field, (word, show) in _OF_A_PROJECT.items()
    ]
