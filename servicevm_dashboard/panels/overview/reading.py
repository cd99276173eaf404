"""What the overview asks the service, in two rounds of parallel calls.

First how many there are of everything, and the quota; then, of what there is
any, which devices and which services fail and what runs. Where all is well
that is two calls, and never more than five.
"""

import contextvars
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import (
    Client,
    Device,
    Operation,
    Page,
    Quota,
    Service,
)
from servicevm_dashboard.exceptions import NotAuthenticated, ServicevmError

#: Most rows of each list.
ROWS = 10

_LIVE = ("RUNNING", "WAITING", "PENDING")

#: What can fail.
_KINDS: tuple[Any, ...] = (Device, Service)


@dataclass
class Fleet:
    """What is known of it by now.

    :ivar summary: as `Client.get_summary` gives it; None if it gave none
    :ivar failing: devices and services, those that changed last first
    :ivar failing_count: how many fail, more than those perhaps
    :ivar errors: sentences about what could not be read
    """

    summary: Mapping[str, Any] | None = None
    quota: Quota | None = None
    failing: list[Any] = field(default_factory=list)
    failing_count: int = 0
    operations: list[Operation] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def read(request: Any, *, all_projects: bool = False) -> Fleet:
    """Ask for all of it.

    :param all_projects: of all projects; there is no quota then
    :raises NotAuthenticated: what else is wrong is in `Fleet.errors`
    """
    fleet = Fleet()
    everything = {"all_projects": True} if all_projects else {}
    # One for all threads, made before there are any.
    try:
        servicevm.client(request)
    except ServicevmError as error:
        fleet.errors.append(str(error))
        return fleet

    def call(method: Callable[..., Any], *args: Any, **query: Any) -> Any:
        try:
            return servicevm.call(request, method, *args, **query)
        except ServicevmError as error:
            return error

    def page(kind: Any, **query: Any) -> Callable[[], Any]:
        return lambda: call(
            Client.page, kind, limit=ROWS, **everything, **query
        )

    first = [lambda: call(Client.get_summary, **everything)]
    if not all_projects:
        first.append(lambda: call(Client.get_quota))
    fleet.summary, *quota = _together(first, fleet)
    fleet.quota = quota[0] if quota else None
    if fleet.summary is None:
        return fleet

    counts = fleet.summary
    second = [
        page(kind, failing=True, sort="updated_at:desc")
        for kind in _KINDS
        if counts[kind.plural]["failing"]
    ]
    lists = len(second)
    if any(counts["operations"][state] for state in _LIVE):
        second.append(page(Operation, state=_LIVE, sort="created_at:desc"))
    found = _together(second, fleet)
    fleet.failing_count = sum(
        counts[kind.plural]["failing"] for kind in _KINDS
    )
    _fill(fleet, found[:lists], found[lists:])
    return fleet


def _fill(
    fleet: Fleet, failing: list[Page[Any] | None], operations: list[Any]
) -> None:
    for page in filter(None, failing):
        fleet.failing += page.items
    for page in filter(None, operations):
        fleet.operations = page.items


def _together(calls: list[Callable[[], Any]], fleet: Fleet) -> list[Any]:
    """What each gives; None where that is an error."""
    return list(_settled(calls, fleet))


def _settled(calls: list[Callable[[], Any]], fleet: Fleet) -> Iterator[Any]:
    if not calls:
        return
    with ThreadPoolExecutor(len(calls)) as pool:
        # The language of the errors is the context's.
        begun = [
            pool.submit(contextvars.copy_context().run, each) for each in calls
        ]
        for each in begun:
            found = each.result()
            if isinstance(found, NotAuthenticated):
                raise found
            if isinstance(found, ServicevmError):
                if str(found) not in fleet.errors:
                    fleet.errors.append(str(found))
                found = None
            yield found
