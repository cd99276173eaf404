"""The transport of many processes: oslo.messaging, that is RabbitMQ.

::

    api ──OsloConductor──> servicevm.conductor ──> any conductor
    relay ──OsloAgentEvents──> servicevm.agents ──> any conductor
    conductor ──OsloRelay──> servicevm.relay.<name> ──> that relay

What relays tell has a topic and threads of its own in the conductor: the
calls of users, which wait for devices, do not hold it up.

No call lasts longer than its timeout and two seconds, whatever the broker
does; an unreachable broker is UNAVAILABLE, or AGENT_NOT_CONNECTED where a
relay is asked. This module alone imports oslo.messaging.
"""

import logging
import os
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from oslo_config import cfg

from servicevm import logs
from servicevm.errors import (
    AGENT_NOT_CONNECTED,
    INTERNAL,
    UNAVAILABLE,
    PermanentError,
    ServicevmError,
    TransientError,
)
from servicevm.rpc import messages
from servicevm.rpc.base import AgentEvents, ConductorApi, Json, RelayApi
from servicevm.rpc.daemons import Daemons, Full
from servicevm.rpc.defaults import recommend
from servicevm.rpc.messages import (
    AGENT_EVENTS,
    CONDUCTOR_API,
    RELAY_API,
    Methods,
)

with warnings.catch_warnings():
    # It imports oslo.service, which imports eventlet, which says on import
    # that it should not be used. We do not: nothing is ever patched.
    warnings.simplefilter("ignore")
    from oslo_service import backend as service_backend

    service_backend.init_backend(service_backend.BackendType.THREADING)
    import oslo_messaging
    from oslo_messaging import opts as messaging_opts
    from oslo_messaging.rpc.server import RPCServer

__all__ = [
    "OsloAgentEvents",
    "OsloConductor",
    "OsloRelay",
    "Server",
    "serve_conductor",
    "serve_relay",
]

LOG = logging.getLogger(__name__)

EXCHANGE = "servicevm"
CONDUCTORS = "servicevm.conductor"
AGENTS = "servicevm.agents"
RELAYS = "servicevm.relay"

#: Calls of one client that may be under way, and that may wait for that.
CALLS = 64
CALLS_WAITING = 256
#: Seconds beyond a call's own time until its caller gives up on the bus.
GRACE = 2.0
#: Reconnections that one message is worth.
RETRIES = 2
#: Seconds that a hint rests after one that the broker did not take.
REST = 1.0
#: Seconds until a start that found no broker is reported.
SILENCE = 3.0
#: Seconds between two attempts where the broker says no.
REFUSED = 10.0
#: Threads that serve users' calls, agents' messages, conductors' calls.
CONDUCTOR_THREADS = 32
AGENTS_THREADS = 16
RELAY_THREADS = 64


def transport(conf: cfg.ConfigOpts, url: str | None = None) -> Any:
    """A transport with our defaults; makes no connection yet.

    :param url: instead of ``transport_url``
    :raises PermanentError: UNAVAILABLE, with what is wrong in the
        configuration
    """
    for group, opts in messaging_opts.list_opts():
        if group in (None, "oslo_messaging_rabbit"):
            conf.register_opts(opts, group)
    recommend(conf)
    try:
        return oslo_messaging.get_rpc_transport(conf, url=url)
    except (
        oslo_messaging.InvalidTransportURL,
        oslo_messaging.DriverLoadFailure,
        ValueError,  # of a port that is no number
    ) as error:
        # Not the URL itself, which holds a password.
        raise PermanentError(
            UNAVAILABLE,
            f"transport_url can not be used ({type(error).__name__}). It "
            "looks like rabbit://USER:PASSWORD@HOST:5672/",
        ) from None


class _Client:
    """Asks the processes of one topic. Thread-safe, also after a fork."""

    def __init__(
        self, conf: cfg.ConfigOpts, topic: str, methods: Methods
    ) -> None:
        self._conf = conf
        self._topic = topic
        self._methods = methods
        self._lock = threading.Lock()
        self._pid = 0
        self._made: Any = None
        self._daemons = self._threads()

    def ask(
        self,
        name: str,
        arguments: Json,
        *,
        server: str | None = None,
        timeout: float | None = None,
    ) -> Any:
        """Call a method and wait for its result.

        :param server: which process of the topic; any, if not given
        :param timeout: seconds, instead of the method's own
        :raises TransientError: UNAVAILABLE: nobody answered; it may have
            been done nevertheless
        """
        method = self._methods[name]
        wait = method.timeout if timeout is None else timeout
        client = self._client().prepare(
            server=server, timeout=wait, retry=RETRIES
        )
        told = logs.carried()
        try:
            future = self._daemons.submit(
                lambda: client.call(told, name, arguments=dict(arguments))
            )
        except Full:
            raise TransientError(
                UNAVAILABLE, "Too many calls wait for an answer."
            ) from None
        try:
            answered = future.result(wait + GRACE)
        except (TimeoutError, oslo_messaging.MessagingTimeout):
            future.cancel()
            raise TransientError(
                UNAVAILABLE, f"{self._who(server)} did not answer in time."
            ) from None
        except oslo_messaging.RemoteError as error:
            raise PermanentError(
                INTERNAL,
                f"{self._who(server)} does not know {name}: {error.exc_type}",
            ) from None
        except Exception as error:
            # Of oslo.messaging, kombu, amqp and the socket: they let each
            # other's exceptions through.
            if isinstance(error, (oslo_messaging.MessagingException, OSError)):
                LOG.debug("%s was not sent", name, exc_info=error)
            else:
                LOG.warning("%s was not sent", name, exc_info=error)
            raise TransientError(
                UNAVAILABLE,
                f"{self._who(server)} can not be reached: the message bus "
                f"failed ({type(error).__name__}).",
            ) from None
        return messages.outcome(method, answered)

    def tell(self, name: str) -> None:
        """Hand over a message that nobody answers.

        :raises Exception: whatever the bus raises
        """
        self._client().prepare(retry=1).cast(logs.carried(), name)

    def close(self) -> None:
        """Let go of the connections; whoever waits gets UNAVAILABLE."""
        with self._lock:
            if self._made is not None and self._pid == os.getpid():
                # It may wait for a broker that is away.
                made, self._made, self._pid = self._made, None, 0
                self._daemons.submit(made.transport.cleanup)

    def _client(self) -> Any:
        with self._lock:
            if self._pid != os.getpid():
                # A web server may have forked us: connections and threads
                # are those of the parent.
                self._daemons = self._threads()
                self._made = oslo_messaging.get_rpc_client(
                    transport(self._conf),
                    oslo_messaging.Target(
                        exchange=EXCHANGE, topic=self._topic
                    ),
                )
                self._pid = os.getpid()
            return self._made

    def _threads(self) -> Daemons:
        return Daemons(self._topic, CALLS, CALLS_WAITING)

    def _who(self, server: str | None) -> str:
        return "The conductors" if server is None else f"The relay {server}"


class OsloConductor(ConductorApi):
    """What the api process asks of any conductor."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._client = _Client(conf, CONDUCTORS, CONDUCTOR_API)
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
        self, service_id: str, action: str, arguments: Json
    ) -> Json:
        result: Json = self._client.ask(
            "call_service",
            {
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
        self._client = _Client(conf, AGENTS, AGENT_EVENTS)

    def enrol(self, token: str, csr: str, peer: str) -> Json:
        return self._ask("enrol", token=token, csr=csr, peer=peer)

    def renew(self, device_id: str, serial: str, csr: str) -> Json:
        return self._ask("renew", device_id=device_id, serial=serial, csr=csr)

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
    """What a conductor asks of the relay that holds a device's session.

    :param relay_of: the relay's name, or None where the device has no
        session
    """

    def __init__(
        self, conf: cfg.ConfigOpts, relay_of: Callable[[str], str | None]
    ) -> None:
        self._client = _Client(conf, RELAYS, RELAY_API)
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
                # For a step the same as an agent that is away: it waits.
                raise TransientError(
                    AGENT_NOT_CONNECTED, error.detail
                ) from None
            raise


class Server:
    """Answers the messages of one topic, in threads of its own.

    :param name: of this process, for those who want it and no other
    :param threads: calls that are served at once; what comes beyond twice
        that stays in the queue of the broker
    :raises PermanentError: the bus is configured wrongly
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        topic: str,
        name: str,
        methods: Methods,
        handler: Any,
        threads: int,
    ) -> None:
        self._transport = transport(conf)
        self._target = oslo_messaging.Target(
            exchange=EXCHANGE, topic=topic, server=name
        )
        self._endpoint = _Endpoint(methods, handler)
        self._threads = threads
        self._server: Any = None
        self._listening = threading.Event()
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin to listen, at the latest when there is a broker."""
        for target in (self._listen, self._report):
            threading.Thread(
                target=target, name=f"{self._target.topic}-start", daemon=True
            ).start()

    def listening(self, timeout: float) -> bool:
        """Wait until messages arrive here.

        :returns: False after `timeout` seconds
        """
        return self._listening.wait(timeout)

    def stop(self, timeout: float) -> bool:
        """Take no more messages; let those in hand end.

        :returns: False if something was not over after `timeout` seconds
        """
        self._stopping.set()
        if not self._listening.is_set():
            return True  # there never was a broker
        ended = threading.Event()

        def end() -> None:
            self._server.stop()
            self._server.wait()
            ended.set()

        # The library waits as long as it likes.
        threading.Thread(
            target=end, name=f"{self._target.topic}-stop", daemon=True
        ).start()
        return ended.wait(timeout)

    def _listen(self) -> None:
        while not self._stopping.is_set():
            server = oslo_messaging.get_rpc_server(
                self._transport,
                self._target,
                [self._endpoint],
                server_cls=_bounded(2 * self._threads),
            )
            try:
                # Waits for the broker; it fails where that says no.
                server.start(override_pool_size=self._threads)
            except Exception as error:
                LOG.error(
                    "The message bus refuses %s: %s. Trying again.",
                    self._target.topic,
                    error,
                )
                self._stopping.wait(REFUSED)
                continue
            if self._stopping.is_set():
                server.stop()
                return
            self._server = server
            self._listening.set()
            LOG.info("Listening on %s.", self._target.topic)
            return

    def _report(self) -> None:
        if not self._listening.wait(SILENCE) and not self._stopping.is_set():
            LOG.warning(
                "The message bus can not be reached; going on without %s "
                "until it can. See transport_url, and RabbitMQ's log.",
                self._target.topic,
            )


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


class _Endpoint:
    """Checks what comes, has it done, and answers.

    oslo.messaging looks methods up as attributes.
    """

    def __init__(self, methods: Methods, handler: Any) -> None:
        self._methods = methods
        self._handler = handler

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        if name.startswith("_") or name not in self._methods:
            raise AttributeError(name)

        def serve(told: Mapping[str, Any], arguments: Any = None) -> Any:
            return self._serve(name, told, arguments or {})

        return serve

    def _serve(
        self, name: str, told: Mapping[str, Any], arguments: Any
    ) -> dict[str, Any]:
        logs.resume(told)
        try:
            known = self._methods[name].check(arguments)
            return {"result": getattr(self._handler, name)(**known)}
        except ServicevmError as error:
            return messages.answer(error)
        except Exception:
            # The database for a moment, or a defect: the caller learns that
            # it may try again, and none of our insides.
            LOG.exception("%s failed", name)
            return messages.answer(TransientError(INTERNAL))


def _bounded(most: int) -> Any:
    """oslo.messaging's server, which takes no more than it can hold."""

    class Bounded(RPCServer):  # type: ignore[misc]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self._room = threading.BoundedSemaphore(most)

        def _on_incoming(self, incoming: Any) -> None:
            # Not reading is what slows the broker down.
            self._room.acquire()
            super()._on_incoming(incoming)

        def _process_incoming(self, incoming: Any) -> None:
            try:
                super()._process_incoming(incoming)
            finally:
                self._room.release()

    return Bounded
