"""One thread that watches every QEMU: its process, its control connection,
its console."""

import asyncio
import concurrent.futures
import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from servicevm.drivers.infra import machine_end, qemu_process
from servicevm.drivers.infra.console import BoundedLog
from servicevm.drivers.infra.device_folder import DeviceFolder
from servicevm.drivers.infra.machine_end import End
from servicevm.drivers.infra.monitor import Monitor, MonitorError
from servicevm.drivers.infra.watched import Watched

LOG = logging.getLogger(__name__)

#: Seconds between two drains of every console.
TICK = 2.0
#: Seconds a guest may take to stop in order before it is killed.
POWERDOWN = 15.0
#: Seconds until QEMU must have greeted after its start.
GREETING = 20.0
_CALL = 30.0
_QUIT = 3.0

T = TypeVar("T")


OnEnd = Callable[[str, End], None]
OnBroken = Callable[[str, str], None]
OnStopped = Callable[[str], None]


class Watcher:
    """Watches processes, from a thread of its own. Thread-safe.

    :param console_bytes: bound of a console log
    :param on_end: told, in another thread, that a machine ended by itself
    :param on_broken: told so that KVM cannot run a machine after all
    :param on_stopped: told so that a machine has powered down as asked
    """

    def __init__(
        self,
        console_bytes: int,
        on_end: OnEnd,
        on_broken: OnBroken,
        on_stopped: OnStopped,
    ) -> None:
        self._console_bytes = console_bytes
        self._on_end = on_end
        self._on_broken = on_broken
        self._on_stopped = on_stopped
        self._watched: dict[str, Watched] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._callbacks = concurrent.futures.ThreadPoolExecutor(
            2, "qemu-callback"
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._run, name="qemu-watcher", daemon=True
        )
        self._thread.start()

    # -- from any thread ----------------------------------------------------

    def watch(
        self,
        device_id: str,
        folder: DeviceFolder,
        process: tuple[int, int],
        *,
        starting: bool = False,
        contact_within: float | None = None,
        greeting: float = GREETING,
    ) -> None:
        """Watch a process; its pidfd is ours from now on.

        :param starting: its end before the greeting is told by the
            exception alone
        :param contact_within: seconds until the guest's agent must have
            opened its port, or the machine counts as broken
        :param greeting: seconds until QEMU must have greeted
        :raises MonitorError: QEMU does not greet; it is watched for its end
            nevertheless
        """
        self._call(
            self._watch(
                Watched(device_id, folder, *process, expected=starting),
                contact_within,
                greeting,
            ),
            greeting + _CALL,
        )

    def watches(self, device_id: str) -> bool:
        return device_id in self._watched

    def forget(self, device_id: str) -> None:
        """Watch a device no more: its end is wanted."""
        self._call(self._forget(device_id), _CALL)

    def status(self, device_id: str) -> tuple[str | None, End | None]:
        """QEMU's status, None where it does not answer; and the end that
        it has come to but not yet gone by."""
        return self._call(self._status(device_id), _CALL)

    def human(self, device_id: str, line: str) -> str:
        """Run a command of the human monitor.

        :raises MonitorError: refused, or no answer in time
        """
        return self._call(self._human(device_id, line), _CALL)

    def drain(self, device_id: str) -> None:
        """Bring the console's output into the log, where that is possible."""
        self._call(self._drain_one(device_id), _CALL)

    def power_down(self, device_id: str) -> None:
        """Press the power button; once the guest has stopped, or after
        `POWERDOWN` seconds, QEMU ends and `on_stopped` is told.

        :raises MonitorError: refused, or no answer in time
        """
        self._call(self._power_down(device_id), _CALL)

    def powers_down(self, device_id: str) -> bool:
        """Whether `power_down` was called and QEMU has not ended yet."""
        watched = self._watched.get(device_id)
        return watched is not None and watched.restart

    def close(self) -> None:
        """Let go of every process; they keep running."""
        if not self._thread.is_alive():
            return
        self._call(self._close(), _CALL)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CALL)
        self._callbacks.shutdown(wait=True, cancel_futures=True)
        self._loop.close()

    # -- the loop -----------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._spawn(self._tick())
        self._loop.run_forever()

    def _call(self, work: Coroutine[Any, Any, T], timeout: float) -> T:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result(timeout)
        except concurrent.futures.TimeoutError as error:
            future.cancel()
            raise MonitorError("QEMU does not answer") from error

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            LOG.error("The watcher of QEMU failed", exc_info=error)

    async def _watch(
        self,
        watched: Watched,
        contact_within: float | None,
        greeting: float,
    ) -> None:
        await self._forget(watched.device_id)
        self._watched[watched.device_id] = watched
        self._loop.add_reader(watched.pidfd, self._exited, watched)
        if contact_within is not None:
            watched.contact_timer = self._loop.call_later(
                contact_within,
                self._broken,
                watched,
                f"the guest did not come up in {contact_within:g} s",
            )
        await self._connect(watched, greeting)
        watched.expected = False

    async def _connect(self, watched: Watched, timeout: float) -> None:
        async def on_event(name: str, data: Mapping[str, Any]) -> None:
            # Not in the connection's own task: it must go on reading.
            self._spawn(self._event(watched, name, data))

        monitor = await Monitor.connect(
            watched.folder.qmp, on_event, timeout=timeout
        )
        watched.monitor = monitor
        # What happened while nobody was connected.
        await self._judge(watched, await monitor.status(), None)

    async def _forget(self, device_id: str) -> None:
        watched = self._watched.pop(device_id, None)
        if watched is not None:
            watched.expected = True
            await self._release(watched)

    async def _release(self, watched: Watched) -> None:
        watched.cancel_timers()
        watched.gone.set()  # nobody may use the pidfd from here on
        self._loop.remove_reader(watched.pidfd)
        monitor, watched.monitor = watched.monitor, None
        if monitor is not None:
            await monitor.close()
        os.close(watched.pidfd)

    def _exited(self, watched: Watched) -> None:
        """The process is gone."""
        self._loop.remove_reader(watched.pidfd)
        qemu_process.reap(watched.pid)
        watched.gone.set()
        if self._watched.get(watched.device_id) is not watched:
            return
        del self._watched[watched.device_id]
        self._spawn(self._release(watched))
        if watched.restart:
            self._callbacks.submit(self._tell_stopped, watched.device_id)
        elif not watched.expected:
            words = watched.folder.tail(watched.folder.qemu_log, 500)
            end = watched.end or machine_end.gone(words)
            self._callbacks.submit(self._tell_end, watched.device_id, end)

    def _tell_end(self, device_id: str, end: End) -> None:
        try:
            self._on_end(device_id, end)
        except Exception:
            LOG.exception("The end of %s could not be handled", device_id)

    def _tell_stopped(self, device_id: str) -> None:
        try:
            self._on_stopped(device_id)
        except Exception:
            LOG.exception("%s could not be started again", device_id)

    def _broken(self, watched: Watched, why: str) -> None:
        def tell() -> None:
            try:
                self._on_broken(watched.device_id, why)
            except Exception:
                LOG.exception("%s could not be moved", watched.device_id)

        watched.cancel_timers()
        if not watched.broken:
            watched.broken = True
            self._callbacks.submit(tell)

    async def _event(
        self, watched: Watched, name: str, data: Mapping[str, Any]
    ) -> None:
        if watched.monitor is None:
            return
        if name == "VSERPORT_CHANGE":
            if data.get("open") and watched.contact_timer is not None:
                watched.contact_timer.cancel()
                watched.contact_timer = None
            return
        try:
            status = await watched.monitor.status()
        except MonitorError:
            return  # it is going: the process's end will tell
        reason = str(data.get("reason", "")) if name == "SHUTDOWN" else None
        await self._judge(watched, status, reason)

    async def _judge(
        self, watched: Watched, status: str, reason: str | None
    ) -> None:
        """Act on what QEMU says of the machine."""
        if status == "internal-error":
            watched.end = machine_end.NOT_RUN
            self._broken(watched, "QEMU reports an internal error")
        elif status in ("shutdown", "guest-panicked"):
            if watched.end is not None:
                return
            if reason is None:
                reason = (
                    "guest-panic"
                    if status == "guest-panicked"
                    else "guest-shutdown"
                )
            watched.end = machine_end.stopped(reason)
            self._spawn(self._quit(watched))

    async def _quit(self, watched: Watched) -> None:
        """Read a stopped machine's last words, then let QEMU go."""
        try:
            await self._drain(watched)
            if watched.monitor is not None:
                await watched.monitor.execute("quit")
            await asyncio.wait_for(watched.gone.wait(), _QUIT)
        except (MonitorError, TimeoutError):
            if not watched.gone.is_set():
                with contextlib.suppress(ProcessLookupError, OSError):
                    signal.pidfd_send_signal(watched.pidfd, signal.SIGKILL)

    # -- what is asked of one machine ---------------------------------------

    def _monitor(self, device_id: str) -> Monitor:
        watched = self._watched.get(device_id)
        if watched is None or watched.monitor is None:
            raise MonitorError("QEMU's control socket is not connected")
        return watched.monitor

    async def _status(self, device_id: str) -> tuple[str | None, End | None]:
        watched = self._watched.get(device_id)
        if watched is None:
            return None, None
        try:
            return await self._monitor(device_id).status(), watched.end
        except MonitorError:
            return None, watched.end

    async def _human(self, device_id: str, line: str) -> str:
        return await self._monitor(device_id).human(line)

    async def _power_down(self, device_id: str) -> None:
        monitor = self._monitor(device_id)
        watched = self._watched[device_id]
        watched.restart = True
        if watched.stop_timer is None:
            watched.stop_timer = self._loop.call_later(
                POWERDOWN, lambda: self._spawn(self._quit(watched))
            )
            await monitor.execute("system_powerdown")

    async def _drain_one(self, device_id: str) -> None:
        watched = self._watched.get(device_id)
        if watched is not None:
            await self._drain(watched)

    async def _drain(self, watched: Watched) -> None:
        if watched.monitor is None:
            return
        try:
            data = await watched.monitor.read_console()
            BoundedLog(watched.folder.console, self._console_bytes).append(
                data
            )
        except (MonitorError, OSError) as error:
            LOG.debug("Console of %s: %s", watched.device_id, error)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK)
            for watched in list(self._watched.values()):
                try:
                    if watched.monitor is None and watched.end is None:
                        await self._connect(watched, TICK)
                    await self._drain(watched)
                    if (
                        watched.folder.qemu_log.stat().st_size
                        > self._console_bytes
                    ):
                        os.truncate(watched.folder.qemu_log, 0)
                except (MonitorError, OSError) as error:
                    LOG.debug("QEMU of %s: %s", watched.device_id, error)

    async def _close(self) -> None:
        for watched in list(self._watched.values()):
            await self._drain(watched)
            await self._forget(watched.device_id)
        tasks = [
            task for task in self._tasks if task is not asyncio.current_task()
        ]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
