"""Answering the messages of one topic."""

import logging
import threading
from typing import Any

from oslo_config import cfg

from servicevm.rpc import bus
from servicevm.rpc.endpoint import Endpoint
from servicevm.rpc.messages import Methods

__all__ = ["Server"]

LOG = logging.getLogger(__name__)

#: Seconds until a start that found no broker is reported.
SILENCE = 3.0
#: Seconds between two attempts where the broker says no.
REFUSED = 10.0


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
        self._transport = bus.transport(conf)
        self._target = bus.oslo_messaging.Target(
            exchange=bus.EXCHANGE, topic=topic, server=name
        )
        self._endpoint = Endpoint(methods, handler)
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
            server = bus.oslo_messaging.get_rpc_server(
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


def _bounded(most: int) -> Any:
    """oslo.messaging's server, which takes no more than it can hold."""

    class Bounded(bus.RPCServer):  # type: ignore[misc]
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
