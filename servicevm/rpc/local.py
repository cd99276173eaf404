"""The transport of one process: calls are calls.

Conductor and relay need each other; the conductor is made first, with a
`LateRelay` that is bound once the relay exists.
"""

import threading
from typing import Any

from servicevm.errors import AGENT_NOT_CONNECTED, TransientError
from servicevm.rpc.base import Json, RelayApi

__all__ = ["LateRelay"]


class LateRelay(RelayApi):
    """A relay that is known later. Thread-safe.

    Until `bind`, no device is connected.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._relay: RelayApi | None = None

    def bind(self, relay: RelayApi | None) -> None:
        """Direct calls to `relay` from now on; None for nowhere."""
        with self._lock:
            self._relay = relay

    def call(
        self, device_id: str, method: str, params: Json, timeout: float
    ) -> Any:
        with self._lock:
            relay = self._relay
        if relay is None:
            raise TransientError(
                AGENT_NOT_CONNECTED, "The relay has not started yet."
            )
        return relay.call(device_id, method, params, timeout)

    def close_session(self, device_id: str, reason: str) -> bool:
        with self._lock:
            relay = self._relay
        return relay is None or relay.close_session(device_id, reason)
