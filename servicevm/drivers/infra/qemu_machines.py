"""The machines that run: watched, and started again where that is due."""

import contextlib
import errno
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from oslo_config import cfg

from servicevm.drivers.infra import accelerator, qemu_process
from servicevm.drivers.infra.base import Death, DeviceState
from servicevm.drivers.infra.device_folder import DeviceFolder
from servicevm.drivers.infra.device_lock import DeviceLocks
from servicevm.drivers.infra.launcher import Launcher, fallen_back, unrecorded
from servicevm.drivers.infra.machine_end import End
from servicevm.drivers.infra.monitor import MonitorError
from servicevm.drivers.infra.watcher import Watcher
from servicevm.errors import (
    DISK_FULL,
    QEMU_FAILED,
    ServicevmError,
    TransientError,
)

__all__ = ["Machines"]

LOG = logging.getLogger(__name__)


class Machines:
    """The driver's hands: devices' locks, launcher and watcher. Thread-safe.

    :param conf: options of servicevm.conf, groups ``qemu`` and ``relay``
    """

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._conf = conf
        self._devices = Path(conf.qemu.devices_dir)
        self._guard = threading.Lock()
        self._locks = DeviceLocks(self._devices)
        self._watcher: Watcher | None = None
        #: Told of machines that end by themselves.
        self.died: Death | None = None

    def close(self) -> None:
        """Let go of the machines; they keep running."""
        with self._guard:
            watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.close()

    def folder(self, device_id: str) -> DeviceFolder:
        return DeviceFolder(self._devices / device_id)

    @contextlib.contextmanager
    def device(
        self, device_id: str, call: str = "", fence: int = 0
    ) -> Iterator[DeviceFolder]:
        """One change of a device at a time; a full disk gets its reason.

        :param call: what a conductor does that has a fence
        :raises TransientError: another keeps the device for too long, or
            the fence is lower than one before
        """
        try:
            with self._locks.held(device_id) as held:
                held.compare(call, fence)
                yield self.folder(device_id)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise TransientError(DISK_FULL, f"{error}.") from error
            raise TransientError(
                QEMU_FAILED, f"The device's folder: {error}."
            ) from error

    @property
    def watching(self) -> Watcher:
        """The watcher; its thread begins with the first device."""
        with self._guard:
            if self._watcher is None:
                self._watcher = Watcher(
                    self._conf.qemu.console_bytes,
                    self._ended,
                    self._kvm_broken,
                    self._restart,
                )
            return self._watcher

    @property
    def launcher(self) -> Launcher:
        return Launcher(self._conf, self.watching)

    def adopt(self, device_id: str, folder: DeviceFolder) -> None:
        """Watch a living QEMU that is not watched yet."""
        if self.watching.watches(device_id):
            return
        found = qemu_process.find(folder.pid)
        if found is None:
            return
        try:
            self.watching.watch(device_id, folder, found, greeting=2.0)
        except MonitorError as error:
            # It is watched for its end; the connection is tried again.
            LOG.warning("QEMU of %s: %s", device_id, error)

    def take_up(self, device_id: str) -> bool:
        """Watch a device that an earlier process has made.

        :returns: whether its machine ended while nobody watched
        """
        with self.device(device_id) as folder:
            if folder.read_record() is None:
                return False
            if qemu_process.alive(folder.pid):
                self.adopt(device_id, folder)
                return False
        return True

    def watch_over(self, device_id: str, folder: DeviceFolder) -> None:
        """As `adopt`, for who is not alone with the device."""
        if not self.watching.watches(device_id):
            with self.device(device_id):
                self.adopt(device_id, folder)

    def _ended(self, device_id: str, end: End) -> None:
        """A machine ended by itself; called by the watcher's threads."""
        with self.device(device_id) as folder:
            record = folder.read_record()
            if record is None or qemu_process.alive(folder.pid):
                return  # deleted, or started again, since
            if record.restarting:
                self._restart(device_id)
                return
            ended = {"state": str(end.state), "detail": end.detail}
            folder.write_record(replace(record, ended=ended))
        LOG.warning("Device %s: %s", device_id, end.detail)
        if self.died is not None:
            self.died(device_id)

    def _restart(self, device_id: str) -> None:
        """The second half of a soft reboot."""
        with self.device(device_id) as folder:
            record = folder.read_record()
            if record is None or not record.restarting:
                return
            try:
                self.launcher.start(device_id, folder, record, unrecorded)
                return
            except ServicevmError as error:
                detail = error.detail
                folder.write_record(replace(record, restarting=False))
        self._ended(device_id, End(DeviceState.FAILED, detail))

    def go_on_restarting(self, device_id: str) -> None:
        """Take up a soft reboot whose first half another process did."""
        with self.device(device_id) as folder:
            record = folder.read_record()
            if record is None or not record.restarting:
                return
            if not qemu_process.alive(folder.pid):
                self._restart(device_id)
                return
            self.adopt(device_id, folder)
            if not self.watching.powers_down(device_id):
                with contextlib.suppress(MonitorError):
                    self.watching.power_down(device_id)

    def _kvm_broken(self, device_id: str, why: str) -> None:
        """The accelerator cannot run a machine after all."""
        with self.device(device_id) as folder:
            record = folder.read_record()
            if record is None:
                return
            self.launcher.stop(device_id, folder)
            detail = f"The accelerator {record.accelerator} failed: {why}."
            if (record.accelerator, record.wanted) == (
                accelerator.KVM,
                accelerator.AUTO,
            ):
                LOG.warning("Device %s: %s", device_id, detail)
                try:
                    self.launcher.start(
                        device_id, folder, fallen_back(record, why), unrecorded
                    )
                    return
                except ServicevmError as error:
                    detail = error.detail
        self._ended(device_id, End(DeviceState.FAILED, detail))
