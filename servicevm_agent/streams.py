"""Ways to the relay: a TCP connection or the virtio-serial port."""

from __future__ import annotations

import abc
import os
import select
import socket
import time
from typing import Optional, Tuple

from servicevm_agent.wire import LinkReset, LinkUp, SerialLink

_CHUNK = 65536
#: Bytes that may wait: a few of the largest frames.
_MOST_UNSENT = 4 << 20
#: Milliseconds after which sent but unconfirmed bytes end a connection.
_USER_TIMEOUT = 30_000
#: Seconds between two looks for a host that is away: poll does not tell.
_AWAY = 0.25


class StreamLost(Exception):
    """The connection is over.

    :param again: try at once: waiting is part of the trying
    """

    def __init__(self, reason: str, *, again: bool = False) -> None:
        super().__init__(reason)
        self.again = again


class Stream(abc.ABC):
    """A connection of bytes, non-blocking."""

    def __init__(self) -> None:
        self._unsent = b""

    @property
    def unsent(self) -> bool:
        """Bytes wait for `flush`."""
        return bool(self._unsent)

    @abc.abstractmethod
    def fileno(self) -> int:
        """The descriptor to poll."""

    @abc.abstractmethod
    def receive(self) -> bytes:
        """Return what has come, perhaps nothing.

        :raises StreamLost: the connection is over
        """

    def send(self, data: bytes) -> None:
        """Send; what does not go at once waits for `flush`.

        :raises StreamLost: the connection is over, or the other side has
            not read for so long that too much waits
        """
        self._unsent += data
        self.flush()
        if len(self._unsent) > _MOST_UNSENT:
            raise StreamLost("the relay does not read")

    @abc.abstractmethod
    def flush(self) -> None:
        """Send what waits.

        :raises StreamLost: the connection is over
        """

    @abc.abstractmethod
    def close(self) -> None:
        """End the connection."""


class TcpStream(Stream):
    """A TCP connection to a relay."""

    def __init__(self, address: Tuple[str, int], timeout: float) -> None:
        super().__init__()
        try:
            self._socket = socket.create_connection(address, timeout)
        except OSError as error:
            raise StreamLost(f"{address[0]}:{address[1]}: {error}") from None
        self._socket.setblocking(False)
        for level, name, value in (
            (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
            (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
            (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 15),
            (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
            (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT),
        ):
            self._socket.setsockopt(level, name, value)

    def fileno(self) -> int:
        return self._socket.fileno()

    def receive(self) -> bytes:
        try:
            data = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise StreamLost(str(error)) from None
        if not data:
            raise StreamLost("the relay closed the connection")
        return data

    def flush(self) -> None:
        try:
            while self._unsent:
                sent = self._socket.send(self._unsent)
                self._unsent = self._unsent[sent:]
        except BlockingIOError:
            pass
        except OSError as error:
            raise StreamLost(str(error)) from None

    def close(self) -> None:
        self._socket.close()


class SerialStream(Stream):
    """A session's worth of the serial port.

    :param wake: descriptor that becomes readable when to give up waiting
    :param timeout: seconds to wait for the relay's echo
    """

    def __init__(self, path: str, wake: int, timeout: float) -> None:
        super().__init__()
        flags = os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        try:
            self._port = os.open(path, flags)
        except OSError as error:
            raise StreamLost(f"{path}: {error}") from None
        self._link = SerialLink(agent=True)
        self._early = b""  # came in one piece with the echo
        try:
            self._synchronise(wake, timeout)
        except StreamLost:
            self.close()
            raise

    def fileno(self) -> int:
        return self._port

    def receive(self) -> bytes:
        payload, self._early = self._early, b""
        for event in self._link.receive(self._read()):
            if isinstance(event, bytes):
                payload += event
            elif isinstance(event, LinkReset):
                raise StreamLost("the relay is new")
        return payload

    def flush(self) -> None:
        try:
            while self._unsent:
                sent = os.write(self._port, self._unsent)
                self._unsent = self._unsent[sent:]
        except BlockingIOError:
            pass
        except OSError as error:
            raise StreamLost(str(error)) from None

    def close(self) -> None:
        if self._port >= 0:
            os.close(self._port)
            self._port = -1

    def _synchronise(self, wake: int, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        self._link.start(os.urandom(16), time.monotonic())
        poll = select.poll()
        poll.register(self._port, select.POLLIN)
        poll.register(wake, select.POLLIN)
        while not self._link.up:
            now = time.monotonic()
            if now >= deadline:
                raise StreamLost(
                    "no relay answers on the serial port", again=True
                )
            until = min(deadline, self._link.next_tick() or deadline)
            # Rounded up, lest the last millisecond is spent spinning.
            ready = dict(poll.poll(max(0, (until - now)) * 1000 + 1))
            if wake in ready:
                raise StreamLost("asked to stop")
            if ready.get(self._port, 0) & select.POLLHUP:
                self._host_away(wake)
                continue
            self._link.tick(time.monotonic())
            self._exchange()

    def _exchange(self) -> None:
        for event in self._link.receive(self._read()):
            if isinstance(event, bytes):
                self._early += event
            elif isinstance(event, LinkUp):
                self._early = b""
        self.send(self._link.outgoing())

    def _host_away(self, wake: int) -> None:
        poll = select.poll()
        poll.register(wake, select.POLLIN)
        if poll.poll(_AWAY * 1000):
            raise StreamLost("asked to stop")

    def _read(self) -> bytes:
        try:
            # Nothing to read and nobody there look alike; poll tells.
            return os.read(self._port, _CHUNK)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise StreamLost(str(error)) from None


def find_port(sys: str, dev: str, name: str) -> Optional[str]:
    """Return the path of the virtio-serial port called `name`."""
    folder = os.path.join(sys, "class", "virtio-ports")
    try:
        ports = sorted(os.listdir(folder))
    except FileNotFoundError:
        return None
    for port in ports:
        with open(os.path.join(folder, port, "name")) as file:
            if file.read().strip() == name:
                return os.path.join(dev, port)
    return None
