"""What the connections of one relay share."""

import asyncio
import ssl
from typing import TYPE_CHECKING

from servicevm.relay import limits as bounds
from servicevm.relay.admission import Admission
from servicevm.relay.beats import Beats
from servicevm.relay.crew import Crew
from servicevm.relay.ending_log import EndingLog
from servicevm.relay.limits import Limits
from servicevm.relay.registry import Registry
from servicevm.relay.tallies import Tallies
from servicevm.rpc.base import AgentEvents

if TYPE_CHECKING:
    from servicevm.relay.connection import Connection
    from servicevm.relay.session import AgentSession


class Switchboard:
    """Made on the loop, used on the loop only."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        limits: Limits,
        events: AgentEvents,
        context: ssl.SSLContext,
    ) -> None:
        self.loop = loop
        self.limits = limits
        self.events = events
        self.context = context
        self.crew = Crew(loop, limits.threads)
        self.registry: Registry[AgentSession] = Registry()
        #: Sessions that the conductor is being asked about.
        self.opening: set[AgentSession] = set()
        self.beats = Beats()
        self.tallies = Tallies()
        self.endings = EndingLog()
        self.admission = Admission(
            limits.max_unauthenticated, limits.max_unauthenticated_per_peer
        )
        #: Whether agents that can reach another relay are to go there.
        self.draining = False
        #: Bytes just read, of whichever connection.
        self.buffer = memoryview(bytearray(bounds.READ_BUFFER))
        #: Heartbeats since the last sweep.
        self.beats_heard = 0
        #: All of them, from accept to the closed socket.
        self.connections: set[Connection] = set()

    def crowded(self) -> bool:
        """Whether there are as many connections as there may ever be."""
        return len(self.connections) >= (
            self.limits.max_sessions + self.limits.max_unauthenticated
        )
