"""The way from a service's members to a form for one more."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from servicevm_dashboard.schema_form import paths


class Way(NamedTuple):
    """Where members are added.

    :param pool: its name, or which it is
    :param url: of the form
    :param why: it is not possible now; empty if it is
    """

    pool: str
    url: str
    why: Any


def ways(table: Any, url: str, service: Any) -> Sequence[Way]:
    """One for each pool; none where one may not change the service.

    :param table: knows who may edit what, and when
    :param url: of the form; empty where there is none
    """
    edit = next(
        (
            action
            for action in table.get_row_actions(service)
            if action.name == "edit"
        ),
        None,
    )
    pools = service.config.get("pools")
    if not url or edit is None or not isinstance(pools, list):
        return []
    return [
        Way(
            # Pools of another type of service may have no names.
            str(pool.get("name") or index + 1),
            f"{url}?{urlencode({'add': _list(index)})}",
            edit.why,
        )
        for index, pool in enumerate(pools)
        if isinstance(pool, dict) and isinstance(pool.get("members"), list)
    ]


def _list(index: int) -> str:
    return paths.name("config", ("pools", index, "members"))
