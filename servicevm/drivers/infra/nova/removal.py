"""How a device is deleted: the server first, then what it used.

Works after whatever part of making it was done, and without the ledger.
"""

from oslo_log import log

from servicevm.drivers.infra.base import DeviceSpec
from servicevm.drivers.infra.nova.groups import Groups
from servicevm.drivers.infra.nova.homes import Homes
from servicevm.drivers.infra.nova.ports import Ports
from servicevm.drivers.infra.nova.servers import SERVER
from servicevm.errors import (
    CLOUD_CREDENTIALS,
    PermanentError,
    ServicevmError,
)

__all__ = ["Removal"]

LOG = log.getLogger(__name__)


class Removal:
    """Thread-safe."""

    def __init__(self, homes: Homes, ports: Ports, groups: Groups) -> None:
        self._homes = homes
        self._ports = ports
        self._groups = groups

    def delete(self, spec: DeviceSpec) -> bool:
        """:returns: True once nothing is left"""
        return self._delete(
            spec.id, self._homes.of(spec), spec.ledger.get(SERVER)
        )

    def device_ids(self) -> set[str]:
        """Devices of this deployment of which there is anything."""
        servers = self._homes.servers(self._homes.service)
        return servers.devices() | set(self._outside())

    def delete_leftover(self, device_id: str) -> None:
        homes = {self._homes.service, *self._outside().get(device_id, ())}
        for home in sorted(homes):
            self._delete(device_id, home, None)

    def undo(self, spec: DeviceSpec) -> None:
        """Leave nothing of a device of which no server was made.

        An error is no reason to hold ports of a quota.
        """
        if SERVER in spec.ledger:
            return
        try:
            self._delete_rest(spec.id, self._homes.of(spec), unused=True)
        except ServicevmError as error:
            # Deleting the device does it again.
            LOG.warning("Cannot clean up after %s: %s", spec.id, error)

    def _delete(
        self, device_id: str, home: str, server_id: str | None
    ) -> bool:
        try:
            servers = self._homes.servers(home)
        except PermanentError as error:
            if (
                home == self._homes.service
                or error.reason is not CLOUD_CREDENTIALS
            ):
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
        servers = self._homes.servers(self._homes.service)
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

    def _delete_rest(
        self, device_id: str, home: str, *, unused: bool = False
    ) -> None:
        """Delete all but the server, which is gone.

        :param unused: leave what a server has all the same
        """
        self._ports.delete_all(home, device_id, unused=unused)
        cloud = self._homes.cloud(home)
        if not unused:
            for group_id in self._groups.find_of_device(cloud, device_id):
                self._groups.delete(cloud, group_id)
        self._groups.delete_unused(cloud)

    def _outside(self) -> dict[str, set[str]]:
        """Devices of this deployment with ports or groups, and where."""
        found: dict[str, set[str]] = {}
        service = self._homes.cloud(self._homes.service)
        for device_id, project_id in (
            *self._ports.everywhere(),
            *self._groups.everywhere(service),
        ):
            found.setdefault(device_id, set()).add(project_id)
        return found
