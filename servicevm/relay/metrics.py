"""What the relay counts, for /metrics."""

from prometheus_client import Counter, Gauge

SESSIONS = Gauge("servicevm_relay_sessions", "Agents' open sessions.")
OPENED = Counter(
    "servicevm_relay_opened_sessions", "Agents' sessions that were opened."
)
CERTIFICATE = Gauge(
    "servicevm_relay_certificate_expiry_timestamp_seconds",
    "When the certificate runs out that new sessions get.",
)
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
