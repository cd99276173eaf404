"""What the relay counts, for /metrics."""

from prometheus_client import Counter, Gauge

SESSIONS = Gauge("servicevm_relay_sessions", "Agents' open sessions.")
ENDINGS = Counter(
    "servicevm_relay_endings",
    "Connections and sessions that ended, by reason.",
    ["reason"],
)
BEATS = Counter("servicevm_relay_heartbeats", "Heartbeats received.")
CALLS = Counter(
    "servicevm_relay_calls", "Calls to agents, by outcome.", ["outcome"]
)
DROPPED = Counter(
    "servicevm_relay_dropped_events",
    "Events of agents that were dropped because too many waited.",
)
