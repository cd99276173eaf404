"""Why a connection or session ended: every code, declared once.

The codes label the metric and the log line, and reach the conductor as the
reason of `AgentEvents.session_closed`.
"""

from enum import StrEnum


class Ending(StrEnum):
    # -- in the ordinary course of things
    PEER_CLOSED = "peer_closed"
    ENROLLED = "enrolled"
    AGENT_RESTARTED = "agent_restarted"
    NEWER_SESSION = "newer_session"
    CLOSED_BY_CONTROL = "closed_by_control"
    RELAY_STOPPING = "relay_stopping"
    RELAY_DRAINING = "relay_draining"

    # -- before there was a session
    CROWDED = "crowded"
    HANDSHAKE_TIMEOUT = "handshake_timeout"
    TLS_FAILED = "tls_failed"
    NO_PROTOCOL = "no_protocol"
    NO_CERTIFICATE = "no_certificate"
    IDENTITY_REFUSED = "identity_refused"
    HELLO_MISSING = "hello_missing"
    SESSION_REFUSED = "session_refused"
    RESTARTS_TOO_OFTEN = "restarts_too_often"
    NO_MARKER = "no_marker"

    # -- a session that went wrong
    CONNECTION_LOST = "connection_lost"
    PROTOCOL_ERROR = "protocol_error"
    SILENT = "silent"
    NOT_DRAINING = "not_draining"
    CERTIFICATE_EXPIRED = "certificate_expired"
    INTERNAL_ERROR = "internal_error"


#: Endings that nobody needs to look into.
ORDINARY = frozenset(
    {
        Ending.PEER_CLOSED,
        Ending.ENROLLED,
        Ending.AGENT_RESTARTED,
        Ending.NEWER_SESSION,
        Ending.CLOSED_BY_CONTROL,
        Ending.RELAY_STOPPING,
        Ending.RELAY_DRAINING,
    }
)
