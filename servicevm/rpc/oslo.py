"""The transport of many processes: oslo.messaging, that is RabbitMQ.

::

    api ──OsloConductor──> servicevm.conductor ──> any conductor
    relay ──OsloAgentEvents──> servicevm.agents ──> any conductor
    api, conductor ──OsloRelay──> servicevm.relay.<name> ──> that relay

What relays tell has a topic and threads of its own in the conductor: the
calls of users, which wait for devices, do not hold it up.

No call lasts longer than its timeout and two seconds, whatever the broker
does; an unreachable broker is UNAVAILABLE, or RELAY_UNREACHABLE where a
relay is asked.
"""

import logging
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

from oslo_config import cfg

from servicevm.errors import (
    AGENT_NOT_CONNECTED,
    RELAY_UNREACHABLE,
    UNAVAILABLE,
    TransientError,
)
from servicevm.rpc.base import AgentEvents, ConductorApi, Json, RelayApi
from servicevm.rpc.bus import AGENTS, CONDUCTORS, GRACE, RELAYS
from servicevm.rpc.client import Client
from servicevm.rpc.messages import AGENT_EVENTS, CONDUCTOR_API, RELAY_API
from servicevm.rpc.server import Server

__all__ = [
    "OsloAgentEvents",
    "OsloConductor",
    "OsloRelay",
    "serve_conductor",
    "serve_relay",
]

LOG = logging.getLogger(__name__)

#: Seconds that a hint rests after one that the broker did not take.
REST = 1.0
#: Threads that serve users' calls, agents' messages, conductors' calls.
CONDUCTOR_THREADS = 32
AGENTS_THREADS = 16
RELAY_THREADS = 64


class OsloConductor(ConductorApi):
    """What the api process asks of any conductor."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._client = Client(conf, CONDUCTORS, CONDUCTOR_API)
        self._hint = threading.Event()
        self._lock = threading.Lock()
        self._hinting = 0

    def wake(self) -> None:
        """Never waits and never fails; hints that come in a crowd are one."""
        if self._hinting != os.getpid():
            with self._lock:
                if self._hinting != os.getpid():
                    threading.Thread(
                        target=self._pass_on, name="wake", daemon=True
                    ).start()
                    self._hinting = os.getpid()
        self._hint.set()

    def call_service(
        self, host: Json, service_id: str, action: str, arguments: Json
    ) -> Json:
        result: Json = self._client.ask(
            "call_service",
            {
                "host": dict(host),
                "service_id": service_id,
                "action": action,
                "arguments": dict(arguments),
            },
        )
        return result

    def console_log(self, device_id: str, max_bytes: int) -> str:
        return str(
            self._client.ask(
                "console_log",
                {"device_id": device_id, "max_bytes": max_bytes},
            )
        )

    def close(self) -> None:
        """Let go of the connections to the broker."""
        self._client.close()

    def _pass_on(self) -> None:
        lost = False
        while True:
            self._hint.wait()
            self._hint.clear()
            try:
                self._client.tell("wake")
                lost = False
            except Exception as error:
                # Conductors look by themselves every poll_interval.
                if not lost:
                    LOG.warning(
                        "Hints do not reach the conductors (%s); they find "
                        "operations by looking.",
                        type(error).__name__,
                    )
                lost = True
                threading.Event().wait(REST)


class OsloAgentEvents(AgentEvents):
    """What a relay asks of any conductor."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._client = Client(conf, AGENTS, AGENT_EVENTS)

    def enrol(
        self, token: str, csr: str, peer: str, relay: str | None = None
    ) -> Json:
        return self._ask("enrol", token=token, csr=csr, peer=peer, relay=relay)

    def renew(
        self, device_id: str, serial: str, csr: str, relay: str | None = None
    ) -> Json:
        return self._ask(
            "renew", device_id=device_id, serial=serial, csr=csr, relay=relay
        )

    def session_opened(
        self, device_id: str, serial: str, relay: str, hello: Json
    ) -> Json:
        return self._ask(
            "session_opened",
            device_id=device_id,
            serial=serial,
            relay=relay,
            hello=dict(hello),
        )

    def session_closed(self, device_id: str, epoch: int, reason: str) -> None:
        self._client.ask(
            "session_closed",
            {"device_id": device_id, "epoch": epoch, "reason": reason},
        )

    def heartbeats(self, relay: str, beats: Sequence[Json]) -> Sequence[Json]:
        result: Sequence[Json] = self._client.ask(
            "heartbeats", {"relay": relay, "beats": list(beats)}
        )
        return result

    def counters(self, relay: str, tallies: Sequence[Json]) -> None:
        self._client.ask(
            "counters", {"relay": relay, "tallies": list(tallies)}
        )

    def result(self, device_id: str, epoch: int, result: Json) -> None:
        self._client.ask(
            "result",
            {"device_id": device_id, "epoch": epoch, "result": dict(result)},
        )

    def event(self, device_id: str, epoch: int, event: Json) -> None:
        self._client.ask(
            "event",
            {"device_id": device_id, "epoch": epoch, "event": dict(event)},
        )

    def relay_report(self, report: Json) -> Json:
        return self._ask("relay_report", report=dict(report))

    def close(self) -> None:
        """Let go of the connections to the broker."""
        self._client.close()

    def _ask(self, method: str, **arguments: Any) -> Json:
        result: Json = self._client.ask(method, arguments)
        return result


class OsloRelay(RelayApi):
    """What is asked of the relay that holds a device's session.

    :param relay_of: the relay's name, or None where the device has no
        session
    """

    def __init__(
        self, conf: cfg.ConfigOpts, relay_of: Callable[[str], str | None]
    ) -> None:
        self._client = Client(conf, RELAYS, RELAY_API)
        self._relay_of = relay_of

    def call(
        self, device_id: str, method: str, params: Json, timeout: float
    ) -> Any:
        relay = self._relay_of(device_id)
        if relay is None:
            raise TransientError(AGENT_NOT_CONNECTED)
        return self._ask(
            relay,
            "call",
            {
                "device_id": device_id,
                "method": method,
                "params": dict(params),
                "timeout": timeout,
            },
            timeout + GRACE,
        )

    def close_session(self, device_id: str, reason: str) -> bool:
        relay = self._relay_of(device_id)
        if relay is None:
            # None that is known to live: it may wake up.
            return False
        try:
            self._ask(
                relay,
                "close_session",
                {"device_id": device_id, "reason": reason},
                None,
            )
        except TransientError as error:
            LOG.warning("device %s: %s", device_id, error.detail)
            return False
        return True

    def close(self) -> None:
        """Let go of the connections to the broker."""
        self._client.close()

    def _ask(
        self, relay: str, method: str, asked: Json, timeout: float | None
    ) -> Any:
        try:
            return self._client.ask(
                method, asked, server=relay, timeout=timeout
            )
        except TransientError as error:
            if error.reason is UNAVAILABLE:
                # Of the device it says nothing. A step waits all the same.
                raise TransientError(RELAY_UNREACHABLE, error.detail) from None
            raise


def serve_conductor(conf: cfg.ConfigOpts, handler: Any) -> list[Server]:
    """The servers of a conductor, not started yet.

    :param handler: a `ConductorApi` and `AgentEvents`
    """
    name = str(conf.conductor.name)
    return [
        Server(
            conf, CONDUCTORS, name, CONDUCTOR_API, handler, CONDUCTOR_THREADS
        ),
        Server(conf, AGENTS, name, AGENT_EVENTS, handler, AGENTS_THREADS),
    ]


def serve_relay(conf: cfg.ConfigOpts, relay: RelayApi) -> list[Server]:
    """The server of a relay, not started yet."""
    return [
        Server(
            conf,
            RELAYS,
            str(conf.relay.name),
            RELAY_API,
            relay,
            RELAY_THREADS,
        )
    ]
