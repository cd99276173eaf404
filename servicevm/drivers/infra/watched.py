"""What the watcher knows of one QEMU."""

import asyncio

from servicevm.drivers.infra.device_folder import DeviceFolder
from servicevm.drivers.infra.machine_end import End
from servicevm.drivers.infra.monitor import Monitor

__all__ = ["Watched"]


class Watched:
    """One QEMU that is being watched; used inside the loop only."""

    def __init__(
        self,
        device_id: str,
        folder: DeviceFolder,
        pid: int,
        pidfd: int,
        *,
        expected: bool,
    ) -> None:
        self.device_id = device_id
        self.folder = folder
        self.pid = pid
        self.pidfd = pidfd
        self.monitor: Monitor | None = None
        self.gone = asyncio.Event()
        self.expected = expected
        self.broken = False
        self.restart = False
        self.end: End | None = None
        self.stop_timer: asyncio.TimerHandle | None = None
        self.contact_timer: asyncio.TimerHandle | None = None

    def cancel_timers(self) -> None:
        for timer in (self.stop_timer, self.contact_timer):
            if timer is not None:
                timer.cancel()
        self.stop_timer = self.contact_timer = None
