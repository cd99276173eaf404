"""A whole installation at a glance: what is told, and what it is told of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypedDict

from servicevmclient.v1.breaker import Breaker
from servicevmclient.v1.conductor import Conductor
from servicevmclient.v1.device import Device
from servicevmclient.v1.explanation import Sentence
from servicevmclient.v1.hold import Hold
from servicevmclient.v1.relay import Relay
from servicevmclient.v1.summary import Summary


class Glance(NamedTuple):
    """What was asked of an installation; None: the caller may not see it.

    :param summary: with ``failing``
    :param everywhere: whether it is of all projects
    :param devices: some of them, for their certificates
    :param now: with its time zone
    :param ages: as in `Facts`
    """

    summary: Summary
    everywhere: bool
    relays: Sequence[Relay] | None
    conductors: Sequence[Conductor] | None
    breakers: Sequence[Breaker] | None
    holds: Sequence[Hold] | None
    devices: Sequence[Device]
    now: datetime
    ages: bool = True

    @property
    def reference(self) -> datetime | None:
        """What times are told in relation to; None: they are told alone."""
        return self.now if self.ages else None


class Processes(TypedDict):
    """How many processes of a kind there are."""

    alive: int
    #: names of those that were not heard of lately
    silent: list[str]


class Relays(Processes):
    """How many relays there are, and what they hold."""

    draining: int
    #: open ones of agents, on relays that live
    sessions: int


class Certificate(TypedDict):
    """A certificate of an agent that ends within a day, or has ended."""

    device_id: str
    device_name: str
    #: ISO 8601, UTC
    not_after: str
    #: whether the agent can renew it
    connected: bool


class Overview(NamedTuple):
    """An installation, or a project, at a glance.

    What the caller may not see is None.

    :param attention: what somebody should look at; empty while all is well
    :param all_projects: False: it is of the caller's project alone
    :param devices: as in `Summary`, without the templates
    :param services: as in `Summary`
    :param operations: as in `Summary`
    :param breakers: names of those that stop healing
    :param holds: what is held, and why
    :param certificates: those of agents that end soon
    :param certificates_of: of so many devices; the service lists no more in
        an answer
    """

    attention: Sequence[Sentence]
    all_projects: bool
    devices: Mapping[str, Any]
    services: Mapping[str, Any]
    operations: Mapping[str, int]
    relays: Relays | None
    conductors: Processes | None
    breakers: Sequence[str] | None
    holds: Sequence[Mapping[str, Any]] | None
    certificates: Sequence[Certificate]
    certificates_of: int
