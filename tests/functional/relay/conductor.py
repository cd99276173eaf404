"""A conductor that keeps everything in memory."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from servicevm.errors import (
    CERTIFICATE_REFUSED,
    ENROLMENT_REFUSED,
    PermanentError,
)
from servicevm.rpc.base import Json

#: Seconds until a test gives up on something that should happen.
PATIENCE = 20.0


class MemoryConductor:
    """Implements AgentEvents; remembers what it was told, in order.

    :ivar told: tuples, the method's name first
    :ivar revoked: serials that are refused
    :ivar tokens: token -> device id
    :ivar fail: method -> what it raises next time, once
    :ivar stale: device ids of which every session is out of date, and why
        that is, if it is told
    :ivar draining: what relays are answered
    :ivar gate: while cleared, `result` waits
    :ivar door: while cleared, `session_opened` has decided and waits
    """

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.revoked: set[str] = set()
        self.tokens: dict[str, str] = {}
        self.fail: dict[str, Exception] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.door = threading.Event()
        self.door.set()
        self.stale: dict[str, str] = {}
        self.draining = False
        self._epoch = 0
        self._changed = threading.Condition()

    def wait_for(self, wanted: Callable[[tuple[Any, ...]], bool]) -> Any:
        """The first thing told that is wanted; waits for it."""

        def found() -> tuple[Any, ...] | None:
            return next((item for item in self.told if wanted(item)), None)

        with self._changed:
            assert self._changed.wait_for(found, PATIENCE), self.told
            return found()

    def wait_for_method(self, method: str, *start: Any) -> Any:
        wanted = (method, *start)
        return self.wait_for(lambda item: item[: len(wanted)] == wanted)

    def _note(self, *item: Any) -> None:
        with self._changed:
            error = self.fail.pop(item[0], None)
            if error is None:
                self.told.append(item)
            else:
                self.told.append(("failed", *item))
            self._changed.notify_all()
        if error is not None:
            raise error

    def enrol(
        self, token: str, csr: str, peer: str, relay: str | None = None
    ) -> Json:
        self._note("enrol", token, csr, peer, relay)
        if token not in self.tokens:
            raise PermanentError(ENROLMENT_REFUSED, "No such token.")
        return {
            "device_id": self.tokens[token],
            "certificate": "CERT",
            "ca_bundle": "CA",
        }

    def renew(
        self, device_id: str, serial: str, csr: str, relay: str | None = None
    ) -> Json:
        self._note("renew", device_id, serial, csr, relay)
        return {
            "device_id": device_id,
            "certificate": "NEXT",
            "ca_bundle": "CA",
        }

    def session_opened(
        self, device_id: str, serial: str, relay: str, hello: Json
    ) -> Json:
        if serial in self.revoked:
            raise PermanentError(CERTIFICATE_REFUSED)
        with self._changed:
            self._epoch += 1
            epoch = self._epoch
        self._note("session_opened", device_id, epoch, serial, relay, hello)
        assert self.door.wait(PATIENCE)
        return {"epoch": epoch, "ca_bundle": "CA"}

    def session_closed(self, device_id: str, epoch: int, reason: str) -> None:
        self._note("session_closed", device_id, epoch, reason)

    def heartbeats(self, relay: str, beats: Sequence[Json]) -> Sequence[Json]:
        self._note("heartbeats", relay, list(beats))
        return [
            {
                "device_id": beat["device_id"],
                "epoch": beat["epoch"],
                "reason": self.stale[beat["device_id"]],
            }
            for beat in beats
            if beat["device_id"] in self.stale
        ]

    def counters(self, relay: str, tallies: Sequence[Json]) -> None:
        self._note("counters", relay, list(tallies))

    def relay_report(self, report: Json) -> Json:
        self._note("relay_report", report)
        return {"draining": self.draining}

    def result(self, device_id: str, epoch: int, result: Json) -> None:
        assert self.gate.wait(PATIENCE)
        self._note("result", device_id, epoch, result)

    def event(self, device_id: str, epoch: int, event: Json) -> None:
        self._note("event", device_id, epoch, event)
