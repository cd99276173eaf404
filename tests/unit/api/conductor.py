"""A conductor that does nothing but note what it is asked."""

import threading

from servicevm.errors import ServicevmError
from servicevm.rpc.base import Json


class RecordingConductor:
    """Implements `servicevm.rpc.base.ConductorApi`.

    :ivar calls: name of the method and its arguments, in order
    :ivar answer: what `call_service` returns
    :ivar refusal: what `call_service` and `console_log` raise, if set
    :ivar silence: if set, `call_service` waits until this is
    """

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.answer: Json = {}
        self.log = ""
        self.refusal: ServicevmError | None = None
        self.silence: threading.Event | None = None

    def wake(self) -> None:
        self.calls.append(("wake",))

    def call_service(
        self, host: Json, service_id: str, action: str, arguments: Json
    ) -> Json:
        self.calls.append(
            ("call_service", host, service_id, action, arguments)
        )
        if self.silence:
            self.silence.wait(30)
        if self.refusal:
            raise self.refusal
        return self.answer

    def console_log(self, device_id: str, max_bytes: int) -> str:
        self.calls.append(("console_log", device_id, max_bytes))
        if self.refusal:
            raise self.refusal
        return self.log[-max_bytes:]
