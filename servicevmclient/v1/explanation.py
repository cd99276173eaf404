"""Why a device is as it is: what is told, and what it is told of."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from servicevmclient.v1.breaker import Breaker
from servicevmclient.v1.device import Device
from servicevmclient.v1.device_template import DeviceTemplate
from servicevmclient.v1.event import Event
from servicevmclient.v1.operation import Operation
from servicevmclient.v1.relay import Relay
from servicevmclient.v1.service import Service


class Facts(NamedTuple):
    """What is known of a device at a time.

    :param ref: what the commands call it: its name or id
    :param operation: the newest operation on it
    :param services: those on it
    :param events: the newest about it, the newest first
    :param relays: those of its relay group; None: not asked for, or the
        caller may not see them
    :param breakers: the same
    :param template: what it is made of; None: not asked for, or gone
    :param now: with its time zone
    :param ages: whether times are told with how far away they are, which
        is another thing in each look
    """

    device: Device
    ref: str
    operation: Operation | None
    services: Sequence[Service]
    events: Sequence[Event]
    relays: Sequence[Relay] | None
    breakers: Sequence[Breaker] | None
    template: DeviceTemplate | None
    now: datetime
    ages: bool = True

    @property
    def reference(self) -> datetime | None:
        """What times are told in relation to; None: they are told alone."""
        return self.now if self.ages else None


class Sentence(NamedTuple):
    """Something worth knowing.

    :param text: a sentence, or a few
    :param command: what to type next, from the noun on: ``operation show
        ID``; None where there is nothing to add
    """

    text: str
    command: str | None = None


class Explanation(NamedTuple):
    """Sentences about a device; a section without any has nothing to say.

    :param facts: what is explained, as it was then
    :param state: how it is, since when, and why
    :param waiting_for: what is under way or stands in the way
    :param failed: which checks failed
    :param next: what happens by itself, and when
    :param advice: what can be done
    """

    facts: Facts
    state: Sequence[Sentence]
    waiting_for: Sequence[Sentence]
    failed: Sequence[Sentence]
    next: Sequence[Sentence]
    advice: Sequence[Sentence]
