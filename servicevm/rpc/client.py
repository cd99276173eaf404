"""Asking the processes of one topic."""

import logging
import os
import threading
from typing import Any

from oslo_config import cfg

from servicevm import logs
from servicevm.errors import (
    INTERNAL,
    UNAVAILABLE,
    PermanentError,
    TransientError,
)
from servicevm.rpc import bus, messages
from servicevm.rpc.base import Json
from servicevm.rpc.bus import oslo_messaging
from servicevm.rpc.daemons import Daemons, Full
from servicevm.rpc.messages import Methods

__all__ = ["Client"]

LOG = logging.getLogger(__name__)

#: Calls of one client that may be under way, and that may wait for that.
CALLS = 64
CALLS_WAITING = 256
#: Reconnections that one message is worth.
RETRIES = 2


class Client:
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
            answered = future.result(wait + bus.GRACE)
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
                    bus.transport(self._conf),
                    oslo_messaging.Target(
                        exchange=bus.EXCHANGE, topic=self._topic
                    ),
                )
                self._pid = os.getpid()
            return self._made

    def _threads(self) -> Daemons:
        return Daemons(self._topic, CALLS, CALLS_WAITING)

    def _who(self, server: str | None) -> str:
        return "The conductors" if server is None else f"The relay {server}"
