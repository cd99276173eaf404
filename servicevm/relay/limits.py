"""The relay's bounds, read from the configuration once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Most bytes that one read takes. They pass memory BIOs at once, which never
#: shrink again.
READ_BUFFER = 32 * 1024
#: Bytes in a connection's write buffer above which the peer counts as slow.
WRITE_HIGH_WATER = 64 * 1024
#: Calls to one agent that may be under way at once.
CALLS_IN_FLIGHT = 16
#: The same with those that wait for their turn: half of the threads that
#: serve conductors' calls, lest a slow agent hold all of them.
CALLS_HELD = 32
#: Seconds that one waits at the most. At 45 a second, the pace for old
#: agents, the last of them waits for less than one.
CALL_WAITS = 2.0
#: Results, events and renewals of one agent that wait for the conductor.
LANE_LENGTH = 32
#: Threads that carry agents' messages to the conductor: in this process, or
#: over a bus, where each waits for an answer.
THREADS = 4
BUS_THREADS = 16
#: Seconds between two reports that this relay lives.
REPORT_EVERY = 5.0
REPORT_AGAIN = 1.0
#: Seconds between two looks whether there is another certificate.
CERTIFICATE_EVERY = 10.0
#: Agents that are told to move in a second, lest all of them knock at the
#: other relays at once.
MOVES_PER_SECOND = 100
#: Heartbeats handed to the conductor in one call.
BEATS_PER_CALL = 1000
#: Of these, with news of services: each is a transaction of its own there.
NEWS_PER_CALL = 100
#: Boots of devices whose counters are handed to the conductor in one call.
TALLIES_PER_CALL = 500
#: Services whose counters are; those of one boot always go together.
TOTALS_PER_CALL = 1000
#: Seconds that a peer which got its last word has to close by itself: closed
#: in the same breath, the word could be overlooked.
LAST_WORD = 1.0
#: An enrolment request is a token and a CSR.
ENROL_FRAME = 16 * 1024
#: New TLS handshakes on one serial line, per second and at once.
RESTARTS_PER_SECOND = 1.0
RESTARTS_AT_ONCE = 8
#: Bytes that a serial line may bring without the beginning of a session. What
#: an earlier one has left under way is far less.
SKIPPED_AT_MOST = 4 << 20


@dataclass(frozen=True)
class Limits:
    """Times in seconds, sizes in bytes."""

    name: str
    deployment_id: str
    serial_socket: Path | None
    bind_host: str
    bind_port: int | None
    max_frame: int
    handshake_timeout: float
    heartbeat_interval: float
    dead_after: float
    drain_timeout: float
    flush_interval: float
    counters_interval: float
    max_sessions: int
    max_unauthenticated: int
    max_unauthenticated_per_peer: int
    group: str
    advertise: str | None
    host: str
    threads: int

    @classmethod
    def from_conf(cls, conf: Any) -> "Limits":
        relay = conf.relay
        return cls(
            name=relay.name,
            deployment_id=conf.deployment_id,
            serial_socket=(
                Path(relay.serial_socket) if relay.serial_socket else None
            ),
            bind_host=relay.bind_host,
            bind_port=relay.bind_port,
            max_frame=relay.max_frame,
            handshake_timeout=relay.handshake_timeout,
            heartbeat_interval=relay.heartbeat_interval,
            dead_after=relay.dead_after,
            drain_timeout=relay.drain_timeout,
            flush_interval=relay.flush_interval,
            counters_interval=relay.counters_interval,
            max_sessions=relay.max_sessions,
            max_unauthenticated=relay.max_unauthenticated,
            max_unauthenticated_per_peer=(relay.max_unauthenticated_per_peer),
            group=relay.group,
            advertise=relay.advertise,
            host=conf.host,
            threads=BUS_THREADS if conf.rpc == "oslo" else THREADS,
        )

    @property
    def sweep_interval(self) -> float:
        """Seconds between looks for deadlines that passed."""
        shortest = min(
            self.handshake_timeout, self.dead_after, self.drain_timeout
        )
        return min(1.0, shortest / 4)
