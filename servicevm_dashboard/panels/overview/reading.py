"""What the overview asks the service: one call, whatever there is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import (
    Client,
    Device,
    Operation,
    Quota,
    Service,
)

__all__ = ["Fleet", "read"]

#: What comes along with the counts.
_INCLUDED = ("failing", "running")

#: What can fail.
_KINDS: tuple[Any, ...] = (Device, Service)


@dataclass(frozen=True)
class Fleet:
    """What there is.

    :param summary: as `Client.get_summary` gives it
    :param quota: of the project; None where there is none
    :param failing: devices and services, those that changed last first
    :param operations: that have not ended
    """

    summary: Mapping[str, Any]
    quota: Quota | None = None
    failing: list[Any] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)

    @property
    def failing_count(self) -> int:
        """How many fail, perhaps more than are told."""
        return sum(self.summary[kind.plural]["failing"] for kind in _KINDS)


def read(request: Any, *, all_projects: bool = False) -> Fleet:
    """Ask for all of it.

    :param all_projects: of all projects; there is no quota then
    :raises ServicevmError: it could not be read
    """
    if all_projects:
        found = servicevm.call(
            request,
            Client.get_summary,
            include=_INCLUDED,
            all_projects=True,
        )
    else:
        found = servicevm.summary(request, *_INCLUDED)
    failing = found["failing"] or {}
    return Fleet(
        found,
        None if found["quota"] is None else Quota(found["quota"]),
        [kind(row) for kind in _KINDS for row in failing.get(kind.plural, ())],
        [Operation(row) for row in found["running"] or ()],
    )
