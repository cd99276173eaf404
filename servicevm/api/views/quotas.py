"""Quotas as the API shows them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import orm

from servicevm.db import quotas


def render(
    session: orm.Session, defaults: Mapping[str, int], *project_ids: str
) -> list[dict[str, Any]]:
    """Limits and use of each; three queries, however many there are.

    :param defaults: limits of who has none of its own
    """
    allowed = quotas.limits(session, project_ids, defaults)
    used = quotas.usage(session, project_ids)
    return [
        {
            "project_id": one,
            **{
                name: {"limit": allowed[one][name], "in_use": used[one][name]}
                for name in quotas.QUOTAS
            },
        }
        for one in project_ids
    ]
