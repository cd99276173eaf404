"""Starts, stops and connects the QEMU of a device's folder."""

import contextlib
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace

from oslo_config import cfg

from servicevm.drivers.infra import (
    accelerator,
    egress,
    qemu_command,
    qemu_process,
    tap,
    user_network,
)
from servicevm.drivers.infra.base import Listener
from servicevm.drivers.infra.base import Record as Ledger
from servicevm.drivers.infra.device_folder import DeviceFolder, Record
from servicevm.drivers.infra.monitor import MonitorError
from servicevm.drivers.infra.watcher import GREETING, Watcher
from servicevm.errors import (
    KVM_UNUSABLE,
    NETWORK_MISSING,
    PORT_TAKEN,
    QEMU_FAILED,
    QEMU_MISSING,
    PermanentError,
    TransientError,
)

#: Seconds that a machine under KVM gets until its agent has opened its port,
#: before TCG is tried; hardware needs one or two.
KVM_CONTACT = 60.0
_KILL_WAIT = 2.0


def forward_key(listener: Listener) -> str:
    """How a forward is named in the record, e.g. ``tcp:80``."""
    return f"{user_network.transport(listener.protocol)}:{listener.port}"


def unrecorded(kind: str, external_id: str | None) -> None:
    """The ledger of calls that make nothing that is not in it already."""


class Launcher:
    """Runs machines. The caller holds the device's lock."""

    def __init__(self, conf: cfg.ConfigOpts, watcher: Watcher) -> None:
        self._conf = conf
        self._watcher = watcher

    def start(
        self,
        device_id: str,
        folder: DeviceFolder,
        record: Record,
        ledger: Ledger,
    ) -> None:
        """Start a machine that does not run, and wait until QEMU answers.

        :raises ServicevmError: QEMU_MISSING, QEMU_FAILED, KVM_UNUSABLE,
            NETWORK_MISSING, PRIVILEGE_MISSING
        """
        binary = shutil.which(self._conf.qemu.binary)
        if binary is None:
            raise PermanentError(
                QEMU_MISSING, f"There is no {self._conf.qemu.binary} on PATH."
            )
        if qemu_process.alive(folder.pid):
            # Killed, and still not gone: its disk hangs. Without its pid
            # file it would never be found again.
            raise TransientError(
                QEMU_FAILED, "The QEMU before this one has not ended yet."
            )
        record = replace(record, ended=None, restarting=False)
        folder.write_record(record)
        try:
            self._start_once(binary, device_id, folder, record, ledger)
        except MonitorError as error:
            self.stop(device_id, folder)
            words = folder.tail(folder.qemu_log) or str(error)
            if record.accelerator != accelerator.KVM:
                raise TransientError(QEMU_FAILED, words) from error
            if record.wanted != accelerator.AUTO:
                raise PermanentError(KVM_UNUSABLE, words) from error
            record = fallen_back(record, words)
            self.start(device_id, folder, record, ledger)
            return
        ledger("process", str(folder.pid))
        if record.forwards:
            forwards = self.forward(
                device_id,
                [
                    Listener(key, *_split(key))
                    for key in sorted(record.forwards)
                ],
                record.forwards,
            )
            folder.write_record(replace(record, forwards=forwards))

    def _start_once(
        self,
        binary: str,
        device_id: str,
        folder: DeviceFolder,
        record: Record,
        ledger: Ledger,
    ) -> None:
        with contextlib.ExitStack() as stack:
            listener = stack.enter_context(qemu_process.listen(folder.qmp))
            files = [listener.fileno()]
            for interface in record.interfaces:
                bridge = tap.bridge_name(interface["network"])
                if bridge is None:
                    continue
                kind = f"tap:{interface['index']}"
                name = tap.tap_name(device_id, interface["index"])
                ledger(kind, None)
                opened = tap.open_tap(name, bridge)
                stack.callback(os.close, opened)
                ledger(kind, name)
                files.append(opened)
            numbers = qemu_process.targets(files)
            machine = qemu_command.Machine(
                binary=binary,
                device_id=device_id,
                folder=folder,
                memory_mib=record.memory_mib,
                vcpus=record.vcpus,
                accelerator=record.accelerator,
                agent_socket=self._conf.relay.serial_socket,
                qmp=numbers[0],
                nics=_nics(folder, record, numbers[1:]),
                spawns=any(
                    one["network"] == user_network.NETWORK
                    for one in record.interfaces
                ),
            )
            ledger("process", None)
            folder.pid.unlink(missing_ok=True)
            pid = qemu_process.spawn(
                qemu_command.render(machine), files, folder.qemu_log
            )
            # It is our child: the pid cannot be another's yet.
            pidfd = os.pidfd_open(pid)
        self._watcher.watch(
            device_id,
            folder,
            (pid, pidfd),
            starting=True,
            greeting=GREETING,
            contact_within=(
                KVM_CONTACT
                if record.accelerator == accelerator.KVM
                and record.wanted == accelerator.AUTO
                else None
            ),
        )

    def stop(self, device_id: str, folder: DeviceFolder) -> bool:
        """Kill the machine.

        :returns: True once it is gone; False if it is still going
        """
        self._watcher.forget(device_id)
        return qemu_process.kill(folder.pid, _KILL_WAIT)

    def forward(
        self,
        device_id: str,
        listeners: Iterable[Listener],
        kept: Mapping[str, int],
    ) -> dict[str, int]:
        """Make exactly these listeners reachable on the loopback.

        :param kept: `forward_key` to the port that it had before, which it
            gets again where it is free
        :returns: `forward_key` to port, for every listener
        :raises TransientError: PORT_TAKEN, QEMU_FAILED
        """
        try:
            present = self._forwards(device_id)
            ports = {_split(key): port for key, port in kept.items()}
            remove, add = user_network.plan(present, listeners, ports)
            for forward in remove:
                self._watcher.human(device_id, forward.remove)
            for forward in add:
                refused = self._watcher.human(device_id, forward.add).strip()
                if refused and forward.host_port:
                    anywhere = replace(forward, host_port=0)
                    refused = self._watcher.human(
                        device_id, anywhere.add
                    ).strip()
                if refused:
                    raise TransientError(PORT_TAKEN, f"QEMU: {refused}")
            return {
                f"{one.protocol}:{one.port}": one.host_port
                for one in self._forwards(device_id)
            }
        except MonitorError as error:
            raise TransientError(QEMU_FAILED, f"{error}.") from error

    def _forwards(self, device_id: str) -> list[user_network.Forward]:
        info = self._watcher.human(device_id, "info usernet")
        return user_network.parse_forwards(info)


def fallen_back(record: Record, why: str) -> Record:
    """The record of a machine that KVM could not run, for TCG."""
    return replace(record, accelerator=accelerator.TCG, note=why, ended=None)


def _split(key: str) -> tuple[str, int]:
    protocol, _, port = key.partition(":")
    return protocol, int(port)


def _nics(
    folder: DeviceFolder, record: Record, numbers: list[int]
) -> list[qemu_command.Nic]:
    """The network cards.

    :param numbers: descriptors of the taps in QEMU, in the interfaces' order
    """
    taps = iter(numbers)
    cards = []
    for interface in record.interfaces:
        mac = interface["mac"]
        if interface["network"] == user_network.NETWORK:
            netdev = user_network.netdev(
                sys.executable, egress.__file__, str(folder.egress)
            )
            cards.append(qemu_command.Nic(user_network.NETDEV, mac, netdev))
        elif tap.bridge_name(interface["network"]) is not None:
            name = f"tap{interface['index']}"
            netdev = f"tap,id={name},fd={next(taps)}"
            cards.append(qemu_command.Nic(name, mac, netdev))
        else:
            raise PermanentError(
                NETWORK_MISSING,
                f"The network {interface['network']!r} is neither 'user' "
                "nor 'bridge:NAME'.",
            )
    return cards
