"""A single page of a list."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from servicevmclient.v1._resource import Resource

R = TypeVar("R", bound=Resource)


@dataclass(frozen=True)
class Page(Generic[R]):
    """One page of a list.

    :param items: in the order of the list
    :param next_marker: ``marker=`` of the page after it; None at the end
    :param previous_marker: ``marker=`` of the page before it; ``""`` where
        that is the first page, which has no marker; None where there is none
    """

    items: list[R]
    next_marker: str | None
    previous_marker: str | None
