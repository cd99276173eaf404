"""When and how a lost device is healed: pure data, no clock, no database.

A device is *lost* while it is DEAD or UNRESPONSIVE, or in ERROR because an
attempt to heal it failed. From the first look at which it is lost to the
`cooldown` after its last attempt it has one *episode*; the ladder is climbed
once in an episode, so that what comes back for a moment only does not begin
it anew.
"""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from servicevm import clock
from servicevm.states import Action

__all__ = [
    "ARGUMENTS",
    "DEFAULTS",
    "RUNGS",
    "Decision",
    "Episode",
    "Policy",
    "Verdict",
    "Waits",
    "decide",
    "missing",
]

#: What a ladder may have.
RUNGS = (Action.REBOOT, Action.REBUILD)

#: What a template says that says nothing; seconds.
DEFAULTS: Mapping[str, Any] = {
    "ladder": [str(one) for one in RUNGS],
    "after": 60,
    "attempts": 2,
    "backoff": 30,
    "cooldown": 600,
}

#: With what each is asked for: a guest that is lost is not asked itself.
ARGUMENTS: Mapping[Action, Mapping[str, Any]] = {
    Action.REBOOT: {"hard": True},
    Action.REBUILD: {},
}

#: Longest pause between two attempts, in microseconds.
_LONGEST = 3600 * clock.SECOND


class Waits(StrEnum):
    """Why an attempt that is due is not made."""

    #: An operator put a hold on the device.
    HOLD = "hold"
    #: Too many devices were lost at once; see servicevm.conductor.breaker.
    BREAKER = "breaker"
    #: Our own side was away lately, so silence says nothing of the device.
    CHANNEL = "channel"
    #: The other source does not say that the device is lost, or does not
    #: answer.
    DOUBT = "doubt"
    #: As many devices are healed as may be at once.
    TURN = "turn"


class Policy(NamedTuple):
    """What a template says of healing; times in microseconds.

    :param ladder: what is tried, the gentlest first; empty: nothing is
    :param after: that a device is lost before anything is tried
    :param attempts: at each rung
    :param backoff: pause after the first attempt; doubled with each
    :param cooldown: after an attempt, until the next loss is a new one
    """

    ladder: Sequence[Action]
    after: int
    attempts: int
    backoff: int
    cooldown: int

    @classmethod
    def of(cls, spec: Mapping[str, Any]) -> "Policy":
        """The policy of a template's revision."""
        said = {**DEFAULTS, **(spec.get("healing") or {})}
        return cls(
            tuple(Action(one) for one in said["ladder"]),
            int(said["after"]) * clock.SECOND,
            int(said["attempts"]),
            int(said["backoff"]) * clock.SECOND,
            int(said["cooldown"]) * clock.SECOND,
        )

    def without(self, actions: Collection[Action]) -> "Policy":
        """The same for a device whose driver cannot do these."""
        left = tuple(one for one in self.ladder if one not in actions)
        return self._replace(ladder=left)

    def rung(self, tries: int) -> Action | None:
        """What to do after so many attempts; None at the ladder's end."""
        index = tries // self.attempts
        return self.ladder[index] if index < len(self.ladder) else None

    def pause(self, tries: int) -> int:
        """Microseconds after the attempt of this number, from 1."""
        return min(self.backoff << min(tries - 1, 32), _LONGEST)


class Able(Protocol):
    """What an infra driver can do; its Capabilities."""

    @property
    def reboot(self) -> bool: ...

    @property
    def rebuild(self) -> bool: ...


def missing(able: Able) -> frozenset[Action]:
    """Rungs that a driver cannot climb."""
    known = {Action.REBOOT: able.reboot, Action.REBUILD: able.rebuild}
    return frozenset(one for one in RUNGS if not known[one])


class Episode(NamedTuple):
    """How far it has come.

    :param began_at: when the device was first seen lost
    :param tries: attempts, with the one under way
    :param ended_at: when the last attempt ended; of no use before the first
    :param gave_up: the end of the ladder was told
    """

    began_at: int
    tries: int = 0
    ended_at: int = 0
    gave_up: bool = False


class Verdict(StrEnum):
    WAIT = "wait"
    TRY = "try"
    GIVE_UP = "give_up"
    CLOSE = "close"


class Decision(NamedTuple):
    """What to do now.

    :param action: with TRY, or what is to be tried after a WAIT
    :param until: with WAIT, when that changes by itself, in microseconds;
        None if it does not
    """

    verdict: Verdict
    action: Action | None = None
    until: int | None = None


def decide(
    policy: Policy, episode: Episode, *, lost: bool, now: int
) -> Decision:
    """What an episode calls for at this moment.

    The caller sees to it that no operation of the device is under way.
    """
    if not lost:
        end = episode.ended_at + policy.cooldown
        if episode.tries == 0 or now >= end:
            return Decision(Verdict.CLOSE)
        return Decision(Verdict.WAIT, until=end)
    if episode.gave_up:
        return Decision(Verdict.WAIT)
    action = policy.rung(episode.tries)
    if action is None:
        return Decision(Verdict.GIVE_UP)
    due = (
        episode.ended_at + policy.pause(episode.tries)
        if episode.tries
        else episode.began_at + policy.after
    )
    if now < due:
        return Decision(Verdict.WAIT, action, due)
    return Decision(Verdict.TRY, action)
