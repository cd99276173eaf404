"""Devices as QEMU processes on this machine.

A device is a folder (see device_folder.py) and a process. Processes outlive
the service and are found again by the lock that they hold on their pid file.
"""

import contextlib
import logging
import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from oslo_config import cfg

from servicevm.drivers.infra import (
    accelerator,
    qemu_process,
    qemu_template,
    user_network,
)
from servicevm.drivers.infra.base import (
    Capabilities,
    Death,
    DeviceSpec,
    DeviceState,
    Endpoint,
    Footprint,
    InfraDriver,
    Listener,
    Observation,
    Peer,
)
from servicevm.drivers.infra.base import Record as Ledger
from servicevm.drivers.infra.config_drive import write_config_drive
from servicevm.drivers.infra.console import BoundedLog
from servicevm.drivers.infra.device_folder import DeviceFolder, Record
from servicevm.drivers.infra.launcher import forward_key, unrecorded
from servicevm.drivers.infra.monitor import MonitorError
from servicevm.drivers.infra.qemu_machines import Machines
from servicevm.errors import (
    DEVICE_DIED,
    DEVICE_MISSING,
    IMAGE_MISSING,
    INTERNAL,
    PermanentError,
    TransientError,
)
from servicevm.guest import disks
from servicevm.guest.manifest import STATE, Manifest

LOG = logging.getLogger(__name__)

_KILL_WAIT = 2.0


class QemuInfraDriver(InfraDriver):
    """The infra driver ``qemu``.

    A soft reboot presses the power button and starts the machine again once
    the guest has stopped, or after 15 s; a hard one kills it first. Both
    start a machine that does not run, from its folder.

    :param conf: options of servicevm.conf, groups ``qemu`` and ``relay``
    """

    description = "Virtual machines on the hosts of the conductors"

    capabilities = Capabilities(
        console_log=True, reboot=True, fences=True, rebuild=True
    )

    options_schema = qemu_template.OPTIONS

    intents = ("folder", "process")

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._conf = conf
        self._devices = Path(conf.qemu.devices_dir)
        self._probe_cache = Path(conf.state_dir) / "run" / "kvm.json"
        self._machines = Machines(conf)

    # -- the interface ------------------------------------------------------

    def validate_template(
        self,
        options: Mapping[str, Any],
        interfaces: Sequence[Mapping[str, Any]],
    ) -> None:
        qemu_template.check_interfaces(interfaces)

    def footprint(self, options: Mapping[str, Any]) -> Footprint:
        return Footprint(
            qemu_template.vcpus(options), qemu_template.memory_mib(options)
        )

    def create(self, spec: DeviceSpec, record: Ledger) -> None:
        with self._machines.device(spec.id, "create", spec.fence) as folder:
            kept = folder.read_record()
            if kept is not None and qemu_process.alive(folder.pid):
                self._machines.adopt(spec.id, folder)
                record("folder", str(folder.path))
                record("process", str(folder.pid))
                return
            qemu_process.kill(folder.pid, _KILL_WAIT)
            image = self._image(spec.options)
            chosen = self._choose(spec.options)
            if not (spec.bootstrap or folder.config_drive.exists()):
                raise PermanentError(
                    DEVICE_MISSING,
                    "The device's folder is gone, and with it what it needs "
                    "at its first boot.",
                )
            record("folder", None)
            folder.make()
            record("folder", str(folder.path))
            if spec.bootstrap:
                write_config_drive(folder.config_drive, spec.bootstrap)
            self._copy_state(image[1], folder)
            folder.pin_image(image[1])
            if not folder.egress.exists():
                folder.write(folder.egress, user_network.egress_document([]))
            made = Record(
                memory_mib=qemu_template.memory_mib(spec.options),
                vcpus=qemu_template.vcpus(spec.options),
                accelerator=chosen,
                wanted=self._wanted(spec.options),
                image=image[0].key,
                interfaces=[
                    {
                        "index": one.index,
                        "network": one.network,
                        "mac": one.mac,
                    }
                    for one in spec.interfaces
                ],
                forwards=kept.forwards if kept else {},
            )
            self._machines.launcher.start(spec.id, folder, made, record)

    def observe(self, spec: DeviceSpec) -> Observation:
        folder = self._machines.folder(spec.id)
        seen = self._look(spec, folder)
        if seen.code == DEVICE_DIED.code:
            # Or it is being started again: who does is alone with it.
            with self._machines.device(spec.id):
                seen = self._look(spec, folder)
        return seen

    def _look(self, spec: DeviceSpec, folder: DeviceFolder) -> Observation:
        record = folder.read_record()
        if record is None:
            if folder.spec.exists():
                return Observation(
                    DeviceState.FAILED,
                    DEVICE_MISSING.code,
                    "The record of the virtual machine cannot be read.",
                )
            if folder.path.exists():
                return Observation(DeviceState.BUILDING)
            return Observation(DeviceState.ABSENT)
        facts = {
            "accelerator": record.accelerator,
            "memory_mib": record.memory_mib,
            "vcpus": record.vcpus,
            "image": record.image,
        }
        if record.note:
            facts["accelerator_note"] = record.note
        if record.restarting:
            self._machines.go_on_restarting(spec.id)
            return Observation(DeviceState.BUILDING, facts=facts)
        if not qemu_process.alive(folder.pid):
            ended = record.ended or {}
            return Observation(
                DeviceState(ended.get("state", DeviceState.FAILED)),
                DEVICE_DIED.code,
                ended.get("detail", "QEMU is not running."),
                facts,
            )
        self._machines.watch_over(spec.id, folder)
        status, end = self._machines.watching.status(spec.id)
        if end is not None:
            return Observation(end.state, DEVICE_DIED.code, end.detail, facts)
        if status in ("prelaunch", "inmigrate"):
            return Observation(DeviceState.BUILDING, facts=facts)
        detail = "" if status else "QEMU's control socket does not answer."
        return Observation(DeviceState.RUNNING, detail=detail, facts=facts)

    def reboot(self, spec: DeviceSpec, *, hard: bool = False) -> None:
        with self._machines.device(spec.id, "reboot", spec.fence) as folder:
            record = folder.read_record()
            if record is None or not folder.state_disk.exists():
                if not spec.bootstrap:
                    raise PermanentError(
                        DEVICE_MISSING,
                        "Nothing of the virtual machine is left to start.",
                    )
                self.create(spec, unrecorded)
                return
            if spec.bootstrap:
                write_config_drive(folder.config_drive, spec.bootstrap)
            if not hard and qemu_process.alive(folder.pid):
                self._machines.adopt(spec.id, folder)
                _, end = self._machines.watching.status(spec.id)
                if end is None:
                    # Written first: should we be killed, the next one goes
                    # on with it.
                    folder.write_record(replace(record, restarting=True))
                    try:
                        self._machines.watching.power_down(spec.id)
                        return
                    except MonitorError as error:
                        LOG.warning("QEMU of %s: %s", spec.id, error)
            self._machines.launcher.stop(spec.id, folder)
            self._machines.launcher.start(spec.id, folder, record, unrecorded)

    def rebuild(self, spec: DeviceSpec, record: Ledger) -> None:
        with self._machines.device(spec.id, "rebuild", spec.fence) as folder:
            kept = folder.read_record()
            if kept is not None:
                if not self._machines.launcher.stop(spec.id, folder):
                    raise TransientError(
                        DEVICE_DIED, "The virtual machine does not end."
                    )
                # From here on there is nothing to start: whoever comes
                # next makes it.
                folder.forget_insides()
            self.create(spec, record)

    def delete(self, spec: DeviceSpec) -> bool:
        return self._destroy(spec.id, spec.fence)

    def publish(
        self,
        spec: DeviceSpec,
        listeners: Sequence[Listener],
        peers: Sequence[Peer],
    ) -> list[Endpoint]:
        on_user = {
            one.role
            for one in spec.interfaces
            if one.network == user_network.NETWORK
        }
        if not on_user:
            return super().publish(spec, listeners, peers)
        with self._machines.device(spec.id, "publish", spec.fence) as folder:
            record = folder.read_record()
            if record is None or not qemu_process.alive(folder.pid):
                raise TransientError(
                    DEVICE_DIED, "The virtual machine is not running."
                )
            self._machines.adopt(spec.id, folder)
            folder.write(folder.egress, user_network.egress_document(peers))
            forwards = self._machines.launcher.forward(
                spec.id,
                [one for one in listeners if one.role in on_user],
                record.forwards,
            )
            folder.write_record(replace(record, forwards=forwards))
        endpoints = super().publish(
            spec, [one for one in listeners if one.role not in on_user], peers
        )
        for listener in listeners:
            if listener.role in on_user:
                port = forwards[forward_key(listener)]
                endpoints.append(
                    Endpoint(
                        listener.name,
                        listener.protocol,
                        user_network.HOST_ADDRESS,
                        port,
                    )
                )
        return endpoints

    def console_log(self, spec: DeviceSpec, max_bytes: int) -> str:
        folder = self._machines.folder(spec.id)
        if not folder.path.exists():
            raise PermanentError(
                DEVICE_MISSING, "The virtual machine does not exist."
            )
        if qemu_process.alive(folder.pid):
            self._machines.watch_over(spec.id, folder)
            with contextlib.suppress(MonitorError):
                self._machines.watching.drain(spec.id)
        return self._console(folder).tail(max_bytes)

    def device_ids(self) -> set[str]:
        try:
            names = os.listdir(self._devices)
        except FileNotFoundError:
            return set()
        return {name for name in names if _is_id(name)}

    def delete_leftover(self, device_id: str) -> None:
        if not _is_id(device_id):
            raise PermanentError(INTERNAL, f"{device_id!r} is no device id.")
        self._destroy(device_id)

    def watch(self, devices: Sequence[DeviceSpec], died: Death) -> None:
        self._machines.died = died
        for spec in devices:
            try:
                over = self._machines.take_up(spec.id)
            except TransientError as error:
                # Another process keeps it. Who looks at it watches it, too.
                LOG.warning("Cannot watch device %s yet: %s", spec.id, error)
                continue
            if over:
                died(spec.id)

    def close(self) -> None:
        self._machines.close()

    # -- parts --------------------------------------------------------------

    def _console(self, folder: DeviceFolder) -> BoundedLog:
        return BoundedLog(folder.console, self._conf.qemu.console_bytes)

    def _wanted(self, options: Mapping[str, Any]) -> str:
        default: str = self._conf.qemu.accelerator
        return str(options.get("accelerator", default))

    def _choose(self, options: Mapping[str, Any]) -> str:
        return accelerator.choose(self._wanted(options), self._probe_cache)

    def _image(self, options: Mapping[str, Any]) -> tuple[Manifest, Path]:
        folder = Path(options.get("image") or self._conf.qemu.image_dir)
        return Manifest.read(folder), folder

    def _copy_state(self, image: Path, folder: DeviceFolder) -> None:
        if folder.state_disk.exists():
            return
        new = folder.path / ".state.img.new"
        new.unlink(missing_ok=True)
        try:
            disks.copy_sparse(image / STATE, new)
        except FileNotFoundError as error:
            raise TransientError(IMAGE_MISSING, f"{error}.") from error
        new.chmod(0o600)
        new.replace(folder.state_disk)

    def _destroy(self, device_id: str, fence: int = 0) -> bool:
        with self._machines.device(device_id, "delete", fence) as folder:
            if not folder.path.exists():
                return True
            if not self._machines.launcher.stop(device_id, folder):
                return False
            folder.remove()
        return True


def _is_id(name: str) -> bool:
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:
        return False
