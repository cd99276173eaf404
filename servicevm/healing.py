"""When and how devices and services are healed: no clock, no database.

A device is *lost* while it is DEAD or UNRESPONSIVE, or in ERROR because an
attempt to heal it failed. A service is *sick* while it is DEAD on a device
that is well. Each kind of trouble takes rungs of its own: a lost device is
not asked itself, and a device that answers has other services, perhaps, that
a reboot would disturb.

From the first look at which it is lost, or sick, to the `cooldown` after its
last attempt a device or service has one *episode*; the ladder is climbed
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
    "RUNGS_OF",
    "Decision",
    "Episode",
    "Policy",
    "Trouble",
    "Verdict",
    "Waits",
    "decide",
    "missing",
]


class Trouble(StrEnum):
    """What is to be healed."""

    #: A device does not serve and is not heard of.
    LOST = "lost"
    #: A service does not serve, though its device is well.
    SICK = "sick"


#: Which trouble takes which rungs, the gentlest first.
RUNGS_OF: Mapping[Trouble, tuple[Action, ...]] = {
    Trouble.SICK: (Action.RESYNC, Action.RESTART),
    Trouble.LOST: (Action.REBOOT, Action.REBUILD),
}
#: What a ladder may have.
RUNGS = (*RUNGS_OF[Trouble.SICK], *RUNGS_OF[Trouble.LOST])

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
    Action.RESYNC: {},
    Action.RESTART: {},
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
    :param after: that it is lost, or sick, before anything is tried
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
    def of(cls, spec: Mapping[str, Any], trouble: Trouble) -> "Policy":
        """What a template's revision says of this trouble."""
        said = {**DEFAULTS, **(spec.get("healing") or {})}
        return cls(
            tuple(
                Action(one)
                for one in said["ladder"]
                if one in RUNGS_OF[trouble]
            ),
            int(said["after"]) * clock.SECOND,
            int(said["attempts"]),
            int(said["backoff"]) * clock.SECOND,
            int(said["cooldown"]) * clock.SECOND,
        )

    def without(self, actions: Collection[Action]) -> "Policy":
        """The same where the drivers cannot do these."""
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


def missing(able: Able, *, restarts: bool) -> frozenset[Action]:
    """Rungs that a device's drivers cannot climb.

    :param restarts: whether the mgmt driver can restart services
    """
    known = {
        Action.RESYNC: True,
        Action.RESTART: restarts,
        Action.REBOOT: able.reboot,
        Action.REBUILD: able.rebuild,
    }
    return frozenset(one for one in RUNGS if not known[one])


class Episode(NamedTuple):
    """How far it has come.

    :param began_at: when it was first seen lost, or sick
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
    policy: Policy, episode: Episode, *, lost: bool | None, now: int
) -> Decision:
    """What an episode calls for at this moment.

    The caller sees to it that no operation of the device or service is under
    way.

    :param lost: it is lost, or sick; None while that cannot be told, or it
        is somebody else's to mend
    """
    if lost is None:
        return Decision(Verdict.WAIT)
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
