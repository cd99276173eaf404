"""Answers for every method that crosses the bus."""

import threading
from collections.abc import Sequence
from typing import Any

from servicevm import logs
from servicevm.errors import (
    ADDRESS_TAKEN,
    PermanentError,
    TransientError,
)

DEVICE = "00000000-0000-4000-8000-000000000001"
SERVICE = "00000000-0000-4000-8000-000000000002"
HELLO = {
    "proto": 1,
    "agent_version": "1.0",
    "boot_id": "boot-1",
    "ready": True,
    "services": {
        SERVICE: {
            "generation": 3,
            "digest": "",
            "operating_status": "ONLINE",
            "failed_generation": None,
            "members": [{"pool": "p", "name": "m"}],
        }
    },
}
CERTIFICATE = {"device_id": DEVICE, "certificate": "C", "ca_bundle": "B"}


class Recorder:
    """A conductor and a relay; notes what it is asked.

    :ivar told: the method's name and its arguments
    :ivar requests: ids of the requests in whose name it was asked
    :ivar failure: raised by `console_log` and `call`
    :ivar gate: while cleared, `console_log` waits
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.told: list[tuple[Any, ...]] = []
        self.requests: list[str | None] = []
        self.failure: Exception | None = None
        self.answer: Any = None
        self.woken = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def _note(self, *item: Any) -> None:
        self.told.append(item)
        self.requests.append(logs.request_id())

    def wake(self) -> None:
        self.woken.set()

    def call_service(
        self, host: Any, service_id: str, action: str, arguments: Any
    ) -> Any:
        self._note("call_service", host, service_id, action, arguments)
        return {"by": self.name}

    def console_log(self, device_id: str, max_bytes: int) -> Any:
        self._note("console_log", device_id, max_bytes)
        self.gate.wait(20)
        if self.failure is not None:
            raise self.failure
        return self.name if self.answer is None else self.answer

    def enrol(
        self, token: str, csr: str, peer: str, relay: str | None = None
    ) -> Any:
        self._note("enrol", token, csr, peer, relay)
        return CERTIFICATE

    def renew(
        self, device_id: str, serial: str, csr: str, relay: str | None = None
    ) -> Any:
        self._note("renew", device_id, serial, csr, relay)
        return CERTIFICATE

    def session_opened(
        self, device_id: str, serial: str, relay: str, hello: Any
    ) -> Any:
        self._note("session_opened", device_id, serial, relay, hello)
        return {"epoch": 7, "ca_bundle": "B"}

    def session_closed(self, device_id: str, epoch: int, reason: str) -> None:
        self._note("session_closed", device_id, epoch, reason)

    def heartbeats(self, relay: str, beats: Sequence[Any]) -> Any:
        self._note("heartbeats", relay, list(beats))
        return [{"device_id": DEVICE, "epoch": 6, "reason": "moved"}]

    def counters(self, relay: str, tallies: Sequence[Any]) -> None:
        self._note("counters", relay, list(tallies))

    def result(self, device_id: str, epoch: int, result: Any) -> None:
        self._note("result", device_id, epoch, result)

    def event(self, device_id: str, epoch: int, event: Any) -> None:
        self._note("event", device_id, epoch, event)

    def relay_report(self, report: Any) -> Any:
        self._note("relay_report", report)
        return {"draining": True}

    def call(
        self, device_id: str, method: str, params: Any, timeout: float
    ) -> Any:
        self._note("call", device_id, method, params, timeout)
        if self.failure is not None:
            raise self.failure
        return {"relay": self.name}

    def close_session(self, device_id: str, reason: str) -> bool:
        self._note("close_session", device_id, reason)
        return True


ERRORS = [
    TransientError(ADDRESS_TAKEN, "Somebody has it."),
    PermanentError(
        ADDRESS_TAKEN, "Somebody has it.", fields={"a/b": "is taken"}
    ),
]
