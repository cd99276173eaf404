"""Rows that are known without being read, because nobody else writes them."""

from typing import Any, TypeVar

from sqlalchemy import orm

__all__ = ["adopt", "copied"]

T = TypeVar("T")

_STATE = "_sa_instance_state"


def copied(row: T, **changed: Any) -> T:
    """A row like this one, of no session."""
    values = {key: value for key, value in vars(row).items() if key != _STATE}
    return type(row)(**{**values, **changed})


def adopt(session: orm.Session, row: T, **changed: Any) -> T:
    """A copy of the row, in the session as if it had just been read there.

    A copy, so that what a transaction that fails has done to it is forgotten
    with it.

    :param changed: what was read of it
    """
    made = copied(row, **changed)
    orm.make_transient_to_detached(made)
    session.add(made)
    return made
