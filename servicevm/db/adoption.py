"""Rows that are known without being read, because nobody else writes them."""

from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import orm

__all__ = ["adopt", "copied"]

T = TypeVar("T")

_STATE = "_sa_instance_state"


def copied(row: T, **changed: Any) -> T:
    """A row like this one, of no session."""
    # Not by its constructor, which notes of every value that it is new.
    made: T = sa.inspect(type(row)).class_manager.new_instance()
    state = vars(made)[_STATE]
    vars(made).update({**vars(row), **changed, _STATE: state})
    return made


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
