"""TCP connections that can be cut, stalled and slowed down.

A link stands between one process and one server. It never invents or
reorders bytes: what a network may do, and no more.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from typing import Any

__all__ = ["Link", "Links"]

_CHUNK = 65_536
#: Seconds that a change of a link may take.
_PATIENCE = 10.0


class Link:
    """One listening port and what goes through it; lives in the loop.

    :param port: of the server, on loopback
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._cut = False
        self._delay = 0.0

    async def listen(self) -> int:
        """Begin; returns the port to dial."""
        self._server = await asyncio.start_server(
            self._accepted, "127.0.0.1", 0
        )
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def cut(self) -> None:
        """Reset every connection, and each that is tried."""
        self._cut = True
        self._reset()

    async def stall(self) -> None:
        """Let nothing through; connections stay."""
        self._flows.clear()

    async def slow(self, seconds: float) -> None:
        """Delay every chunk."""
        self._delay = seconds

    async def mend(self) -> None:
        """As new."""
        self._cut = False
        self._delay = 0.0
        self._flows.set()

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._reset()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _reset(self) -> None:
        for writer in self._open:
            # Closed with a reset, as by a host that knows nothing of it.
            writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            writer.transport.abort()

    async def _accepted(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with self._kept(writer):
            if self._cut:
                return
            try:
                there = await asyncio.open_connection(
                    "127.0.0.1", self._target
                )
            except OSError:
                return
            with self._kept(there[1]):
                ways = [
                    asyncio.ensure_future(self._pump(reader, there[1])),
                    asyncio.ensure_future(self._pump(there[0], writer)),
                ]
                try:
                    # The end of one way is the end of both.
                    await asyncio.wait(
                        ways, return_when=asyncio.FIRST_COMPLETED
                    )
                finally:
                    for way in ways:
                        way.cancel()
                    await asyncio.gather(*ways, return_exceptions=True)

    @contextlib.contextmanager
    def _kept(self, writer: asyncio.StreamWriter) -> Any:
        self._open.add(writer)
        try:
            yield
        finally:
            self._open.discard(writer)
            writer.transport.abort() if self._cut else writer.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                if self._delay:
                    await asyncio.sleep(self._delay)
                await self._flows.wait()
                writer.write(data)
                await writer.drain()


class Links:
    """Every link of a run, in a thread of their own; any thread may call."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._links: dict[tuple[str, str], tuple[Link, int]] = {}
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="links", daemon=True
        )
        self._thread.start()

    def through(self, member: str, target: str, port: int) -> int:
        """As `tools.cluster.cluster.Through`."""
        if member == "manage":
            return port  # a person's own command
        key = (member, target)
        if key not in self._links:
            link = Link(port)
            self._links[key] = (link, self._do(link.listen()))
        return self._links[key][1]

    @property
    def names(self) -> list[tuple[str, str]]:
        """``(member, target)`` of each."""
        return sorted(self._links)

    def cut(self, name: tuple[str, str]) -> None:
        self._do(self._links[name][0].cut())

    def stall(self, name: tuple[str, str]) -> None:
        self._do(self._links[name][0].stall())

    def slow(self, name: tuple[str, str], seconds: float) -> None:
        self._do(self._links[name][0].slow(seconds))

    def mend(self, name: tuple[str, str]) -> None:
        self._do(self._links[name][0].mend())

    def close(self) -> None:
        for link, _ in self._links.values():
            self._do(link.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE)
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(
            _PATIENCE
        )
