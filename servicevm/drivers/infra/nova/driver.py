"""The infra driver ``nova``."""

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from oslo_config import cfg

from servicevm.drivers.infra.base import (
    Capabilities,
    DeviceSpec,
    Endpoint,
    Footprint,
    InfraDriver,
    InterfaceSpec,
    Listener,
    Observation,
    Peer,
    Record,
)
from servicevm.drivers.infra.nova import template

if TYPE_CHECKING:
    from servicevm.drivers.infra.nova.cloud import Clouds
    from servicevm.drivers.infra.nova.devices import Devices

__all__ = ["NovaInfraDriver"]


class NovaInfraDriver(InfraDriver):
    """Servers of Nova with ports of Neutron.

    It does not fence: Nova keeps nothing that it could compare a fence with
    in the same step as it does what it is asked for. What two conductors
    make at once is found by its tags instead; the oldest server stays.

    :param conf: options of servicevm.conf, group ``nova``
    """

    description = "Servers of an OpenStack cloud"

    capabilities = Capabilities(
        attach_interface=True, console_log=True, networks=True, rebuild=True
    )

    options_schema = template.OPTIONS

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._conf = conf
        self._lock = threading.Lock()
        self._clouds: Clouds | None = None
        self._devices: Devices | None = None
        self._conductors = 1

    def validate_template(
        self,
        options: Mapping[str, Any],
        interfaces: Sequence[Mapping[str, Any]],
    ) -> None:
        template.check(options, interfaces)

    def footprint(self, options: Mapping[str, Any]) -> Footprint:
        return Footprint(template.vcpus(options), template.memory_mib(options))

    def prepare(
        self, spec: DeviceSpec, record: Record
    ) -> Sequence[InterfaceSpec]:
        return self._cloud().prepare(spec, record)

    def create(self, spec: DeviceSpec, record: Record) -> None:
        self._cloud().create(spec, record)

    def observe(self, spec: DeviceSpec) -> Observation:
        return self._cloud().observe(spec)

    def reboot(self, spec: DeviceSpec, *, hard: bool = False) -> None:
        self._cloud().reboot(spec, hard=hard)

    def rebuild(self, spec: DeviceSpec, record: Record) -> None:
        self._cloud().rebuild(spec, record)

    def delete(self, spec: DeviceSpec) -> bool:
        return self._cloud().removal.delete(spec)

    def publish(
        self,
        spec: DeviceSpec,
        listeners: Sequence[Listener],
        peers: Sequence[Peer],
    ) -> list[Endpoint]:
        self._cloud().publish(spec, listeners, peers)
        return super().publish(spec, listeners, peers)

    def attach_interface(
        self, spec: DeviceSpec, interface: InterfaceSpec, record: Record
    ) -> InterfaceSpec:
        return self._cloud().attach(spec, interface, record)

    def detach_interface(
        self, spec: DeviceSpec, interface: InterfaceSpec
    ) -> None:
        self._cloud().detach(spec, interface)

    def console_log(self, spec: DeviceSpec, max_bytes: int) -> str:
        return self._cloud().console_log(spec, max_bytes)

    def device_ids(self) -> set[str]:
        if not self._configured():
            # The janitor asks every driver that is installed.
            return set()
        return self._cloud().removal.device_ids()

    def delete_leftover(self, device_id: str) -> None:
        self._cloud().removal.delete_leftover(device_id)

    def share(self, conductors: int) -> None:
        with self._lock:
            self._conductors = conductors
            if self._devices is not None:
                self._devices.share(conductors)

    def close(self) -> None:
        with self._lock:
            if self._clouds is not None:
                self._clouds.close()
            self._clouds = self._devices = None

    def _configured(self) -> bool:
        from servicevm.drivers.infra.nova.login import configured

        return configured(self._conf)

    def _cloud(self) -> "Devices":
        """What does the work; asks the cloud at the first call."""
        with self._lock:
            if self._devices is None:
                # Half a second, and only who uses a cloud needs it.
                from servicevm.drivers.infra.nova.cloud import Clouds
                from servicevm.drivers.infra.nova.devices import Devices

                if self._clouds is None:
                    self._clouds = Clouds(self._conf)
                self._devices = Devices(self._conf, self._clouds)
                self._devices.share(self._conductors)
            return self._devices
