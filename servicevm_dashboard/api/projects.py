"""Names of projects, for who may see all of them."""

from collections.abc import Iterable
from typing import Any

from openstack_dashboard.api import keystone

from servicevm_dashboard.api.names import MOST, Names, by_name

__all__ = ["MOST", "choices", "name"]


def _read(request: Any) -> Iterable[Any]:
    found, _more = keystone.tenant_list(request)
    return found  # type: ignore[no-any-return]


_NAMES = Names("projects", _read)


def name(request: Any, project_id: str) -> str:
    """What the project is called; its id where that is not known."""
    return _NAMES.of(request, project_id)[project_id] or project_id


def choices(request: Any, *wanted: str) -> list[tuple[str, str]]:
    """Id and name, by name; of a field that asks for a project.

    :param wanted: as for `Names.of`
    """
    return by_name(_NAMES.of(request, *wanted, whole=True))[:MOST]
