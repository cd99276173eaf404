"""What processes ask of each other, whatever carries it.

The database is the only truth: `wake` is a hint, and losing it loses
nothing. Methods raise `servicevm.errors.ServicevmError`; arguments and
results are plain JSON data, so that every transport carries them.

Over a bus any call may be carried out twice, late, in another order, or
carried out although its caller was told that it failed. Each method bears
that; see servicevm.rpc.messages for what crosses.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

Json = Mapping[str, Any]


class ConductorApi(Protocol):
    """What the api process asks of any conductor."""

    def wake(self) -> None:
        """There are operations to claim."""

    def call_service(
        self, host: Json, service_id: str, action: str, arguments: Json
    ) -> Json:
        """Do an action or query on the service's device, at most 10 s.

        An api process asks for it only where it can not do so itself.

        :param host: what the caller has read of the device:
            ``{"device_id", "mgmt_driver", "relay"}``; the relay's name is
            None where the device has no session, and may be out of date
        """

    def console_log(self, device_id: str, max_bytes: int) -> str:
        """End of the device's console output."""


class AgentEvents(Protocol):
    """What a relay asks of any conductor, on behalf of an agent.

    `device_id` and `serial` always come from the verified certificate,
    `relay` is the name of the relay that asks. What it asks for a device that
    its relay group does not serve is refused; see
    servicevm.conductor.serving.
    """

    def enrol(
        self, token: str, csr: str, peer: str, relay: str | None = None
    ) -> Json:
        """Trade a one-time token for a certificate.

        :param csr: PEM
        :param peer: where the agent came from, for the event
        :param relay: None for one of the release before
        :returns: ``{"device_id", "certificate", "ca_bundle"}``, PEMs
        """

    def renew(
        self, device_id: str, serial: str, csr: str, relay: str | None = None
    ) -> Json:
        """A fresh certificate over a live session; shape as `enrol`."""

    def session_opened(
        self, device_id: str, serial: str, relay: str, hello: Json
    ) -> Json:
        """Accept or refuse (CERTIFICATE_REFUSED) a session.

        :returns: ``{"epoch": int, "ca_bundle": str}``; a higher epoch wins
        """

    def session_closed(self, device_id: str, epoch: int, reason: str) -> None:
        """The session ended; ignored unless `epoch` is the newest."""

    def heartbeats(self, relay: str, beats: Sequence[Json]) -> Sequence[Json]:
        """Coalesced: ``[{"device_id", "epoch", "age_us", "services"?}]``.

        ``age_us``: how long ago the device was heard, in microseconds. A
        relay's idea of the time means nothing to others.

        ``services`` only where a service's report changed since the last
        call: ``{service_id: report}``, as in the ``result`` message.

        :returns: ``[{"device_id", "epoch", "reason"?}]``, sessions that are
            not their devices' newest: the relay closes them. So ends one
            whose opening was overtaken by another's, one of a device that
            was revoked while its relay could not be told, and, with the
            reason, one that the relay's group does not serve (any more).
        """

    def counters(self, relay: str, tallies: Sequence[Json]) -> None:
        """What services have had since a boot of their device:
        ``[{"device_id", "boot_id", "services": {service_id:
        {"connections", "bytes_in", "bytes_out"}}}]``.

        Totals, not increments: only what exceeds the highest ones that were
        told of a service and boot counts. Also of sessions that have ended.
        """

    def result(self, device_id: str, epoch: int, result: Json) -> None:
        """Outcome of an apply: ``{"service_id", "generation", "digest",
        "ok": bool, "detail", "operating_status"}``."""

    def event(self, device_id: str, epoch: int, event: Json) -> None:
        """Something the agent wants known: ``{"type", "severity",
        "message"}``."""

    def relay_report(self, report: Json) -> Json:
        """A relay is alive: ``{"name", "host", "group", "version",
        "address", "sessions", "started_at"}``, every few seconds.

        :returns: ``{"draining": bool}``: whether it is to take no new
            session, and to let those go that it has
        """


class RelayApi(Protocol):
    """What is asked of the relay that holds a device's session.

    By conductors; `call` also by api processes, for users who wait for a
    device; see `servicevm.drivers.mgmt.base.MgmtDriver.relayed`.
    """

    def call(
        self, device_id: str, method: str, params: Json, timeout: float
    ) -> Any:
        """Call the agent.

        :param timeout: seconds
        :raises TransientError: AGENT_NOT_CONNECTED, AGENT_TIMEOUT,
            RELAY_UNREACHABLE
        :raises PermanentError: AGENT_ERROR, with the agent's reason
        """

    def close_session(self, device_id: str, reason: str) -> bool:
        """End the device's session, if there is one.

        :returns: False if its relay could not be told
        """
