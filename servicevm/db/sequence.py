"""The order in which rows of a table were made."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm


def next_seq(session: orm.Session, model: Any) -> int:
    """The next number in the model's ``seq``.

    Two writers of a database that lets them run side by side may get the
    same one: the id then decides the order of the two.
    """
    last = session.scalar(sa.select(sa.func.max(model.seq)))
    return (last or 0) + 1
