"""One connection to QEMU's control socket (QMP), inside an asyncio loop."""

import asyncio
import base64
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from qemu.qmp import ExecuteError, QMPClient, QMPError
from qemu.qmp.events import EventListener

from servicevm.drivers.infra import qemu_process
from servicevm.drivers.infra.qemu_command import CONSOLE, CONSOLE_BUFFER

EVENTS = ("SHUTDOWN", "STOP", "GUEST_PANICKED", "VSERPORT_CHANGE")
#: Seconds a command may take.
TIMEOUT = 5.0

# The library logs every QEMU that goes as an error; we see to it ourselves.
logging.getLogger("qemu.qmp").setLevel(logging.CRITICAL)

OnEvent = Callable[[str, Mapping[str, Any]], Awaitable[None]]


class MonitorError(Exception):
    """QEMU does not answer, or refused; the text says which."""


class Monitor:
    """An open connection. Made by `connect`."""

    def __init__(self, client: QMPClient, on_event: OnEvent) -> None:
        self._client = client
        self._listener = EventListener(EVENTS)
        self._on_event = on_event
        client.register_listener(self._listener)
        self._events: asyncio.Task[None] | None = None

    @classmethod
    async def connect(
        cls, path: Path, on_event: OnEvent, *, timeout: float = TIMEOUT
    ) -> "Monitor":
        """Connect and negotiate.

        :param on_event: awaited with the name and data of each of `EVENTS`
        :param timeout: seconds until QEMU must have greeted
        :raises MonitorError: it did not
        """
        client = QMPClient("servicevm")
        found = cls(client, on_event)
        sock = None
        try:
            sock = qemu_process.connect(path, 0.5)
            sock.setblocking(False)
            await asyncio.wait_for(client.connect(sock), timeout)
        except (OSError, QMPError, TimeoutError) as error:
            with contextlib.suppress(QMPError, EOFError, OSError):
                await client.disconnect()
            if sock is not None:
                sock.close()
            text = str(error) or "no greeting in time"
            raise MonitorError(f"QEMU's control socket: {text}") from error
        found._events = asyncio.create_task(found._read_events())
        return found

    async def _read_events(self) -> None:
        while True:
            event = await self._listener.get()
            data = event.get("data")
            await self._on_event(
                str(event["event"]), data if isinstance(data, dict) else {}
            )

    async def execute(
        self,
        command: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        timeout: float = TIMEOUT,
    ) -> Any:
        """Run a command and return its answer.

        :raises MonitorError: refused, or no answer in time
        """
        try:
            return await asyncio.wait_for(
                self._client.execute(command, dict(arguments or {})), timeout
            )
        except ExecuteError as error:
            raise MonitorError(f"{command}: {error}") from error
        except (QMPError, TimeoutError, EOFError, OSError) as error:
            raise MonitorError(
                f"{command}: {error or 'no answer in time'}"
            ) from error

    async def human(self, line: str) -> str:
        """Run a command of the human monitor and return its text."""
        answer = await self.execute(
            "human-monitor-command", {"command-line": line}
        )
        return str(answer)

    async def status(self) -> str:
        """``running``, ``paused``, ``shutdown``, ``internal-error`` ..."""
        answer = await self.execute("query-status")
        return str(answer["status"])

    async def read_console(self) -> bytes:
        """What the guest wrote since the last call, of a bounded buffer."""
        answer = await self.execute(
            "ringbuf-read",
            {"device": CONSOLE, "size": CONSOLE_BUFFER, "format": "base64"},
        )
        return base64.b64decode(str(answer))

    async def close(self) -> None:
        if self._events is not None:
            self._events.cancel()
            if self._events is not asyncio.current_task():
                with contextlib.suppress(asyncio.CancelledError):
                    await self._events
        with contextlib.suppress(QMPError, EOFError, OSError):
            await self._client.disconnect()
