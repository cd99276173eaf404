"""The driver's calls: in which order things are made and deleted.

Everything of a device is in one project, its *home*: the service's, or the
device's own where the template says ``owner: tenant``. Nova is asked as that
project, Neutron as the service's, whose user makes ports for others.
"""

import threading
import time
from collections.abc import Sequence

from oslo_config import cfg
from oslo_log import log

from servicevm.drivers.infra.base import (
    DeviceSpec,
    DeviceState,
    InterfaceSpec,
    Listener,
    Observation,
    Peer,
    Record,
)
from servicevm.drivers.infra.nova import template
from servicevm.drivers.infra.nova.choices import Choices
from servicevm.drivers.infra.nova.cloud import Clouds
from servicevm.drivers.infra.nova.groups import Groups
from servicevm.drivers.infra.nova.marks import Marks, port_name
from servicevm.drivers.infra.nova.networks import Networks
from servicevm.drivers.infra.nova.pace import Pace
from servicevm.drivers.infra.nova.ports import (
    Ports,
    is_management,
    kind_of,
)
from servicevm.drivers.infra.nova.rules import rules_of
from servicevm.drivers.infra.nova.servers import Servers
from servicevm.drivers.infra.nova.states import Seen, observation
from servicevm.errors import (
    CLOUD_CREDENTIALS,
    CLOUD_REFUSED,
    DEVICE_MISSING,
    NETWORK_MISSING,
    PermanentError,
    ServicevmError,
    TransientError,
)

__all__ = ["Devices"]

LOG = log.getLogger(__name__)

#: Kind of the server's entry in the ledger.
SERVER = "server"

#: Seconds in which an interface is unplugged, or it is for the next try.
_UNPLUGGED = 8.0


class Devices:
    """Thread-safe. Asks the cloud when it is made.

    :raises ServicevmError: the cloud cannot be reached
    """

    def __init__(self, conf: cfg.ConfigOpts, clouds: Clouds) -> None:
        self._conf = conf
        self._clouds = clouds
        service = clouds.service()
        self._service = service.project_id
        self._marks = Marks(conf.deployment_id)
        self._groups = Groups(self._marks)
        self._ports = Ports(
            service, self._marks, Networks(service), self._groups
        )
        self._choices = Choices(self._service)
        self._pace = Pace(conf.nova.build_rate)
        self._lock = threading.Lock()
        self._servers: dict[str, Servers] = {}

    # -- making -------------------------------------------------------------

    def prepare(self, spec: DeviceSpec, record: Record) -> list[InterfaceSpec]:
        home = self._home(spec)
        cloud, servers = self._clouds.of(home), self._of(home)
        # All that can be wrong with what was asked for is found here, before
        # there is anything to clean up.
        servers.choose(spec)
        wanted = self._ports.check(
            spec, cloud, spec.interfaces, self._own(spec, servers)
        )
        try:
            return self._ports.ensure(spec, cloud, wanted, record)
        except PermanentError:
            self._undo(spec, home)
            raise

    def create(self, spec: DeviceSpec, record: Record) -> None:
        servers = self._of(self._home(spec))
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
                self._undo(spec, self._home(spec))
                raise
        else:
            server_id = there.id
        record(SERVER, server_id)

    def rebuild(self, spec: DeviceSpec, record: Record) -> None:
        servers = self._of(self._home(spec))
        there = servers.the_one(spec.id)
        if there is None or there.going:
            self.create(spec, record)
            return
        record(SERVER, None)
        self._plug_missing(spec, servers, there)
        servers.rebuild(spec, there)
        record(SERVER, there.id)

    def reboot(self, spec: DeviceSpec, *, hard: bool) -> None:
        servers = self._of(self._home(spec))
        servers.reboot(self._there(spec, servers), hard=hard)

    # -- looking ------------------------------------------------------------

    def observe(self, spec: DeviceSpec) -> Observation:
        servers = self._of(self._home(spec))
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
        servers = self._of(self._home(spec))
        return servers.console_log(self._there(spec, servers), max_bytes)

    # -- deleting -----------------------------------------------------------

    def delete(self, spec: DeviceSpec) -> bool:
        return self._delete(spec.id, self._home(spec), spec.ledger.get(SERVER))

    def device_ids(self) -> set[str]:
        found = self._of(self._service).devices()
        found |= set(self._outside())
        return found

    def delete_leftover(self, device_id: str) -> None:
        homes = {self._service, *self._outside().get(device_id, ())}
        for home in sorted(homes):
            self._delete(device_id, home, None)

    def _delete(
        self, device_id: str, home: str, server_id: str | None
    ) -> bool:
        try:
            servers = self._of(home)
        except PermanentError as error:
            if home == self._service or error.reason is not CLOUD_CREDENTIALS:
                raise
            return self._delete_from_outside(device_id, home, server_id, error)
        found = servers.look(device_id)
        for one in found.servers:
            servers.delete(device_id, one.id)
        if server_id is not None and not found.servers:
            # Of which the list may know nothing yet, or no more tags.
            if not found.fresh or servers.exists(server_id):
                servers.delete(device_id, server_id)
                return False
        if not found.fresh or found.servers:
            return False
        self._delete_rest(device_id, home)
        return True

    def _delete_from_outside(
        self,
        device_id: str,
        home: str,
        server_id: str | None,
        error: PermanentError,
    ) -> bool:
        """Delete a device of a project that does not let us in any more.

        An administrator sees its server; for others it is as good as gone,
        as the project often is.
        """
        servers = self._of(self._service)
        if server_id is not None and servers.exists(server_id):
            servers.delete(device_id, server_id)
            return False
        LOG.warning(
            "The project %s of device %s does not let us in (%s): should it "
            "still have the server %s, it stays there.",
            home,
            device_id,
            error,
            server_id,
        )
        self._ports.delete_all(home, device_id)
        return True

    def _undo(self, spec: DeviceSpec, home: str) -> None:
        """Leave nothing of a device of which no server was made.

        An error is no reason to hold ports of a quota.
        """
        if SERVER in spec.ledger:
            return
        try:
            self._delete_rest(spec.id, home)
        except ServicevmError as error:
            # Deleting the device does it again.
            LOG.warning("Cannot clean up after %s: %s", spec.id, error)

    def _delete_rest(self, device_id: str, home: str) -> None:
        """Delete all but the server, which is gone."""
        self._ports.delete_all(home, device_id)
        cloud = self._clouds.of(home)
        for group_id in self._groups.find_of_device(cloud, device_id):
            self._groups.delete(cloud, group_id)
        self._groups.delete_unused(cloud)

    def _outside(self) -> dict[str, set[str]]:
        """Devices of this deployment with ports or groups, and where."""
        found: dict[str, set[str]] = {}
        for device_id, project_id in (
            *self._ports.everywhere(),
            *self._groups.everywhere(self._clouds.service()),
        ):
            found.setdefault(device_id, set()).add(project_id)
        return found

    # -- interfaces ---------------------------------------------------------

    def publish(
        self,
        spec: DeviceSpec,
        listeners: Sequence[Listener],
        peers: Sequence[Peer],
    ) -> None:
        """Let exactly these through on the device's own ports."""
        home = self._home(spec)
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
        cloud = self._clouds.of(home)
        if not rules and not self._groups.find_of_device(cloud, spec.id):
            return
        group_id = self._groups.of_device(cloud, spec.id, rules)
        for port in own:
            self._ports.add_group(port, group_id)

    def attach(
        self, spec: DeviceSpec, interface: InterfaceSpec, record: Record
    ) -> InterfaceSpec:
        home = self._home(spec)
        cloud, servers = self._clouds.of(home), self._of(home)
        there = self._there(spec, servers)
        wanted = self._ports.check(spec, cloud, [interface], {there.id})
        (outcome,) = self._ports.ensure(spec, cloud, wanted, record)
        port_id = interface.port or self._own_port(home, spec, interface)
        port = self._ports.get(port_id) if port_id else None
        if port is None:
            raise TransientError(NETWORK_MISSING, "The port is gone again.")
        if not port.device_id:
            try:
                servers.plug(there, port.id)
            except PermanentError:
                if interface.port is None:
                    self._ports.delete(port.id)
                raise
        return outcome

    def detach(self, spec: DeviceSpec, interface: InterfaceSpec) -> None:
        home = self._home(spec)
        servers = self._of(home)
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
        ports = self._ports.find(self._home(spec), spec.id)
        for one in spec.interfaces:
            port = ports.get(port_name(spec.id, one.index))
            if port is not None and not port.device_id:
                servers.plug(server, port.id)

    # -- parts --------------------------------------------------------------

    def _home(self, spec: DeviceSpec) -> str:
        if spec.options.get("owner") == template.TENANT:
            return spec.project_id
        return self._service

    def _of(self, project_id: str) -> Servers:
        cloud = self._clouds.of(project_id)
        with self._lock:
            if project_id not in self._servers:
                self._servers[project_id] = Servers(
                    cloud,
                    self._marks,
                    self._choices,
                    self._pace,
                    self._conf.nova.poll_interval,
                )
            return self._servers[project_id]

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
            ports = self._ports.find(self._home(spec), spec.id)
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
