"""The driver's calls: in which order things are made."""

import time
from collections.abc import Sequence
from typing import Any

from oslo_config import cfg

from servicevm.drivers.infra.base import (
    DeviceSpec,
    DeviceState,
    InterfaceSpec,
    Listener,
    Observation,
    Peer,
    Record,
)
from servicevm.drivers.infra.nova.at_once import at_once
from servicevm.drivers.infra.nova.cloud import Clouds
from servicevm.drivers.infra.nova.groups import Groups
from servicevm.drivers.infra.nova.homes import Homes
from servicevm.drivers.infra.nova.marks import Marks, port_name
from servicevm.drivers.infra.nova.networks import Networks
from servicevm.drivers.infra.nova.ports import Ports
from servicevm.drivers.infra.nova.removal import Removal
from servicevm.drivers.infra.nova.rules import rules_of
from servicevm.drivers.infra.nova.servers import SERVER, Servers
from servicevm.drivers.infra.nova.states import Seen, observation
from servicevm.drivers.infra.nova.wishes import (
    Wanted,
    Wishes,
    is_management,
    kind_of,
    outcome,
)
from servicevm.errors import (
    CLOUD_REFUSED,
    DEVICE_MISSING,
    NETWORK_MISSING,
    PermanentError,
    TransientError,
)

__all__ = ["Devices"]

#: Seconds in which an interface is unplugged, or it is for the next try.
_UNPLUGGED = 8.0


class Devices:
    """Thread-safe. Asks the cloud when it is made.

    :raises ServicevmError: the cloud cannot be reached
    """

    def __init__(self, conf: cfg.ConfigOpts, clouds: Clouds) -> None:
        service = clouds.service()
        marks = Marks(conf.deployment_id)
        self._groups = Groups(marks)
        self._ports = Ports(service, marks, self._groups)
        self._wishes = Wishes(service, Networks(service), self._groups)
        self._homes = Homes(conf, clouds, marks)
        #: How devices are deleted.
        self.removal = Removal(self._homes, self._ports, self._groups)

    def share(self, conductors: int) -> None:
        """So many conductors ask the cloud, this one too."""
        self._homes.share(conductors)

    # -- making -------------------------------------------------------------

    def prepare(self, spec: DeviceSpec, record: Record) -> list[InterfaceSpec]:
        home = self._homes.of(spec)
        cloud, servers = self._homes.cloud(home), self._homes.servers(home)

        def choose() -> None:
            if SERVER not in spec.ledger:
                servers.choose(spec)

        def check() -> list[Wanted]:
            return self._wishes.check(
                spec, cloud, spec.interfaces, self._own(spec, servers)
            )

        def find() -> dict[str, Any]:
            return self._ports.find(home, spec.id)

        # All that can be wrong with what was asked for is found here, before
        # there is anything to clean up.
        looked_up: list[Any] = at_once([choose, check, find])
        _, wanted, found = looked_up
        try:
            ports = self._ports.ensure(spec, cloud, wanted, found, record)
        except PermanentError:
            self.removal.undo(spec)
            raise
        return [
            outcome(one, port) for one, port in zip(wanted, ports, strict=True)
        ]

    def create(self, spec: DeviceSpec, record: Record) -> None:
        servers = self._homes.servers(self._homes.of(spec))
        there = servers.the_one(spec.id)
        if there is not None and there.going:
            raise TransientError(
                CLOUD_REFUSED, "The earlier server is still being deleted."
            )
        record(SERVER, None)
        if there is None:
            port_ids = self._port_ids(spec)
            try:
                server_id = servers.make(spec, port_ids)
            except PermanentError:
                self.removal.undo(spec)
                raise
        else:
            server_id = there.id
        record(SERVER, server_id)
        self._ports.tag(self._homes.of(spec), spec.id)

    def rebuild(self, spec: DeviceSpec, record: Record) -> None:
        servers = self._homes.servers(self._homes.of(spec))
        there = servers.the_one(spec.id)
        if there is None or there.going:
            self.create(spec, record)
            return
        record(SERVER, None)
        self._plug_missing(spec, servers, there)
        servers.rebuild(spec, there)
        record(SERVER, there.id)
        self._ports.tag(self._homes.of(spec), spec.id)

    def reboot(self, spec: DeviceSpec, *, hard: bool) -> None:
        servers = self._homes.servers(self._homes.of(spec))
        servers.reboot(self._there(spec, servers), hard=hard)

    # -- looking ------------------------------------------------------------

    def observe(self, spec: DeviceSpec) -> Observation:
        servers = self._homes.servers(self._homes.of(spec))
        found = servers.look(spec.id)
        if not found.fresh:
            return Observation(
                DeviceState.BUILDING,
                detail="Nova is doing what it was asked for.",
                look_in=found.look_in,
            )
        server = servers.settle(found.servers)
        if server is None:
            return Observation(
                DeviceState.ABSENT, detail="Nova has no server of the device."
            )
        return observation(server, found.look_in)

    def console_log(self, spec: DeviceSpec, max_bytes: int) -> str:
        servers = self._homes.servers(self._homes.of(spec))
        return servers.console_log(self._there(spec, servers), max_bytes)

    # -- interfaces ---------------------------------------------------------

    def publish(
        self,
        spec: DeviceSpec,
        listeners: Sequence[Listener],
        peers: Sequence[Peer],
    ) -> None:
        """Let exactly these through on the device's own ports."""
        home = self._homes.of(spec)
        ports = self._ports.find(home, spec.id)
        own = [
            ports[port_name(spec.id, one.index)]
            for one in spec.interfaces
            if not is_management(one)
            and port_name(spec.id, one.index) in ports
        ]
        rules = rules_of(listeners, peers)
        if not own:
            return
        cloud = self._homes.cloud(home)
        if not rules and not self._groups.find_of_device(cloud, spec.id):
            return
        group_id = self._groups.of_device(cloud, spec.id, rules)
        for port in own:
            self._ports.add_group(port, group_id)

    def attach(
        self, spec: DeviceSpec, interface: InterfaceSpec, record: Record
    ) -> InterfaceSpec:
        home = self._homes.of(spec)
        cloud, servers = self._homes.cloud(home), self._homes.servers(home)
        there = self._there(spec, servers)
        wanted = self._wishes.check(spec, cloud, [interface], {there.id})
        found = self._ports.find(home, spec.id)
        (port,) = self._ports.ensure(spec, cloud, wanted, found, record)
        if not port.device_id:
            try:
                servers.plug(there, port.id)
            except PermanentError:
                if interface.port is None:
                    self._ports.delete(port.id)
                raise
        self._ports.tag(home, spec.id)
        return outcome(wanted[0], port)

    def detach(self, spec: DeviceSpec, interface: InterfaceSpec) -> None:
        home = self._homes.of(spec)
        servers = self._homes.servers(home)
        if interface.port is None:
            port_id = self._own_port(home, spec, interface)
        else:
            port_id = interface.port
        port = None if port_id is None else self._ports.get(port_id)
        if port is None:
            return
        server_id = port.device_id
        if server_id and (
            interface.port is None
            or server_id in {one.id for one in servers.sure(spec.id)}
        ):
            servers.unplug(server_id, port.id)
            self._wait_unplugged(port.id, server_id)
        if interface.port is None:
            self._ports.delete(port.id)

    def _wait_unplugged(self, port_id: str, server_id: str) -> None:
        """Nova does it behind our back, mostly within a second."""
        deadline = time.monotonic() + _UNPLUGGED
        pause = 0.1
        while True:
            port = self._ports.get(port_id)
            if port is None or port.device_id != server_id:
                return
            if time.monotonic() > deadline:
                raise TransientError(
                    CLOUD_REFUSED, "Nova has not unplugged the port yet."
                )
            time.sleep(pause)
            pause = min(2 * pause, 1.0)

    def _plug_missing(
        self, spec: DeviceSpec, servers: Servers, server: Seen
    ) -> None:
        """Plug in ports that were made anew: theirs were deleted."""
        ports = self._ports.find(self._homes.of(spec), spec.id)
        for one in spec.interfaces:
            port = ports.get(port_name(spec.id, one.index))
            if port is not None and not port.device_id:
                servers.plug(server, port.id)

    # -- parts --------------------------------------------------------------

    def _there(self, spec: DeviceSpec, servers: Servers) -> Seen:
        found = servers.the_one(spec.id)
        if found is None or found.going:
            raise PermanentError(
                DEVICE_MISSING, "Nova has no server of the device."
            )
        return found

    def _own(self, spec: DeviceSpec, servers: Servers) -> set[str]:
        """Ids of the device's servers, where ports may be theirs."""
        known = {spec.ledger[SERVER]} if SERVER in spec.ledger else set()
        if any(one.port for one in spec.interfaces):
            known |= {one.id for one in servers.sure(spec.id)}
        return known

    def _own_port(
        self, home: str, spec: DeviceSpec, interface: InterfaceSpec
    ) -> str | None:
        port = self._ports.find(home, spec.id).get(
            port_name(spec.id, interface.index)
        )
        return None if port is None else str(port.id)

    def _port_ids(self, spec: DeviceSpec) -> list[str]:
        """Of all interfaces in their order; `prepare` has made them."""
        found = [
            one.port or spec.ledger.get(kind_of(one))
            for one in spec.interfaces
        ]
        if None in found:
            # The ledger was lost.
            ports = self._ports.find(self._homes.of(spec), spec.id)
            for place, one in enumerate(spec.interfaces):
                port = ports.get(port_name(spec.id, one.index))
                if found[place] is None and port is not None:
                    found[place] = str(port.id)
        known = [one for one in found if one is not None]
        if len(known) < len(found):
            raise TransientError(
                NETWORK_MISSING, "A port of the device is gone again."
            )
        return known
