"""How far the healing of a device or service has come, as the API shows it."""

import json
from typing import Any

import sqlalchemy as sa

from servicevm import clock
from servicevm.db import models, packed
from servicevm.healing import Episode, Policy, Trouble, decide
from servicevm.states import OperationState

__all__ = ["part", "render"]

_OPERATION = models.Operation.__table__.c


def part(
    owner: Any, healing: Any, mine: Any, spec: Any
) -> sa.ScalarSelect[Any]:
    """What `render` needs, for a row of `owner`.

    :param healing: the table of episodes
    :param mine: which of them is the row's
    :param spec: of the device's template revision
    """
    return packed.part(
        packed.array(
            healing.c.began_at,
            healing.c.tries,
            healing.c.tried_at,
            healing.c.gave_up,
            healing.c.waits_for,
            sa.select(_OPERATION.finished_at)
            .where(_OPERATION.id == healing.c.operation_id)
            .scalar_subquery(),
            sa.select(_OPERATION.state)
            .where(_OPERATION.id == healing.c.operation_id)
            .scalar_subquery(),
            spec,
        ),
        owner,
        mine,
    )


def render(
    found: list[Any] | None, trouble: Trouble, *, lost: bool | None
) -> dict[str, Any] | None:
    """
    :param found: what `part` gave
    :param lost: it is lost, or sick, now; None while that cannot be told
    """
    if found is None:
        return None
    (
        began_at,
        tries,
        tried_at,
        gave_up,
        waits_for,
        finished_at,
        ending,
        spec,
    ) = found
    if ending == OperationState.CANCELLED:
        # Whoever did that mends it.
        lost = None
    episode = Episode(
        began_at, tries, finished_at or tried_at or 0, bool(gave_up)
    )
    policy = Policy.of(json.loads(spec), trouble)
    # As if nothing were due yet: what comes next, and when.
    following = decide(policy, episode, lost=lost, now=0)
    due = following.until if following.action else None
    return {
        "began_at": clock.isoformat(began_at),
        "attempts": tries,
        "gave_up": bool(gave_up),
        "waits_for": waits_for,
        "next_action": following.action and str(following.action),
        "next_at": clock.isoformat(due),
    }
