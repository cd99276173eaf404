"""What a step of an operation comes to.

A step returns `Done` or `Wait`, or raises `servicevm.errors.TransientError`
(it is tried again, later and later) or `PermanentError` (the operation
fails). It never sleeps.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import orm

__all__ = ["Done", "Effect", "Outcome", "Wait", "nothing"]

Effect = Callable[[orm.Session], None]
"""What a step writes into the database: done in the very transaction that
records the step's end, so that either both are there or neither."""


def nothing(session: orm.Session) -> None:
    """The effect of a step that writes nothing."""


@dataclass(frozen=True)
class Done:
    """The step is done; the next one may begin.

    :param data: added to the operation's ``step_data``, for later steps
    :param message: for the timeline
    """

    data: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    effect: Effect = nothing


@dataclass(frozen=True)
class Wait:
    """The step is to be tried again after a while, or once woken.

    :param seconds: from now
    :param message: what it waits for, as a sentence
    :param data: as in `Done`
    """

    seconds: float
    message: str
    data: Mapping[str, Any] = field(default_factory=dict)
    effect: Effect = nothing


Outcome = Done | Wait
