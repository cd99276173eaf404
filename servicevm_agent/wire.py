"""The wire between agent and relay, as both sides use it.

Sans-IO: bytes in, events out; no sockets, no threads, no clock. Standard
library only. From the bottom up:

* `SerialLink` finds the beginning of a session in a stream without end;
* `SecureChannel` is TLS 1.3 over memory buffers;
* `Decoder` and `encode` are frames: u32 length + one JSON object;
* `Pace` is how fast a peer may be talked to;
* `Session` is JSON-RPC 2.0 in both directions, with limits and deadlines.
"""

from servicevm_agent._frames import (
    MAX_DEPTH,
    MAX_FRAME,
    Decoder,
    Message,
    WireError,
    encode,
)
from servicevm_agent._pace import (
    AGENT,
    OLD_AGENT,
    OLD_RELAY,
    RELAY,
    Allowance,
    Pace,
    allowance,
)
from servicevm_agent._secure_channel import SecureChannel
from servicevm_agent._serial_link import (
    MARKER_SIZE,
    LinkEvent,
    LinkReset,
    LinkUp,
    SerialLink,
)
from servicevm_agent._session import (
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    Check,
    Event,
    Expired,
    Failure,
    Notification,
    Request,
    Response,
    Session,
)

#: ALPN names. On the first only `enrol` exists, without a certificate.
ALPN_ENROL = "svm-enrol/1"
ALPN_SESSION = "svm/1"

__all__ = [
    "AGENT",
    "ALPN_ENROL",
    "ALPN_SESSION",
    "INVALID_PARAMS",
    "MARKER_SIZE",
    "MAX_DEPTH",
    "MAX_FRAME",
    "METHOD_NOT_FOUND",
    "OLD_AGENT",
    "OLD_RELAY",
    "RELAY",
    "Allowance",
    "Check",
    "Decoder",
    "Event",
    "Expired",
    "Failure",
    "LinkEvent",
    "LinkReset",
    "LinkUp",
    "Message",
    "Notification",
    "Pace",
    "Request",
    "Response",
    "SecureChannel",
    "SerialLink",
    "Session",
    "WireError",
    "allowance",
    "encode",
]
