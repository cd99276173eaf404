"""Ports of a device's interfaces: made by us, or the user's own."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from oslo_log import log

from servicevm.drivers.infra.base import DeviceSpec, Record
from servicevm.drivers.infra.nova.at_once import begun
from servicevm.drivers.infra.nova.cloud import Cloud
from servicevm.drivers.infra.nova.faults import answer_of, asking
from servicevm.drivers.infra.nova.groups import Groups
from servicevm.drivers.infra.nova.marks import Marks, port_name
from servicevm.drivers.infra.nova.tags import tag
from servicevm.drivers.infra.nova.wishes import (
    Wanted,
    is_management,
    kind_of,
)
from servicevm.errors import ADDRESS_TAKEN, PermanentError, TransientError

__all__ = ["Ports"]

LOG = log.getLogger(__name__)


class Ports:
    """Makes, finds and deletes ports. Thread-safe.

    :param cloud: as the service's project; ports are in any
    """

    def __init__(
        self,
        cloud: Cloud,
        marks: Marks,
        groups: Groups,
    ) -> None:
        self._network = cloud.connection.network
        self._marks = marks
        self._groups = groups

    def find(self, project_id: str | None, device_id: str) -> dict[str, Any]:
        """Our ports of the device by name; of the same name, the oldest.

        :param project_id: None looks in all projects
        """
        more = {} if project_id is None else {"project_id": project_id}
        with asking("Neutron for the device's ports"):
            found = list(
                self._network.ports(
                    description=self._marks.description(device_id), **more
                )
            )
        found.sort(key=lambda one: (str(one.created_at), one.id))
        ports: dict[str, Any] = {}
        for port in found:
            kept = ports.setdefault(port.name, port)
            if kept is not port and not port.device_id:
                # Two conductors made it at the same time.
                self.delete(port.id)
        return ports

    def ensure(
        self,
        spec: DeviceSpec,
        home: Cloud,
        wanted: Sequence[Wanted],
        found: Mapping[str, Any],
        record: Record,
    ) -> list[Any]:
        """Make the ports that are missing; all of them, in their order.

        :param found: those that there are, of `find`
        """
        ours = [one for one in wanted if one.port is None]
        for one in ours:
            record(kind_of(one.interface), None)

        def ensured(one: Wanted) -> Callable[[], Any]:
            name = port_name(spec.id, one.interface.index)
            return lambda: self._ensure(spec, home, one, found.get(name))

        made = begun([ensured(one) for one in ours])
        # Also those beside one that failed: they are there.
        for one, port in zip(ours, made, strict=True):
            if port.exception() is None:
                record(kind_of(one.interface), port.result().id)
        ports = iter(made)
        return [one.port or next(ports).result() for one in wanted]

    def tag(self, project_id: str, device_id: str) -> None:
        """See that all ports of the device have their tags.

        Not as they are made: it takes long, and finds nobody waiting once
        the server is being made.
        """
        for port in self.find(project_id, device_id).values():
            tag(self._network, port, self._marks.tags(device_id))

    def delete(self, port_id: str) -> None:
        with asking("Neutron to delete a port"):
            self._network.delete_port(port_id, ignore_missing=True)

    def everywhere(self) -> list[tuple[str, str]]:
        """Devices of this deployment that have ports, with the projects."""
        with asking("Neutron for ports"):
            found = list(
                self._network.ports(
                    tags=self._marks.deployment_tag,
                    fields=["id", "project_id", "tags"],
                )
            )
        return self._marks.devices_of(found)

    def delete_all(
        self, project_id: str, device_id: str, *, unused: bool = False
    ) -> None:
        """Delete our ports of the device; never a user's own.

        :param unused: only those that no server has
        """
        for port in self.find(project_id, device_id).values():
            if not (unused and port.device_id):
                self.delete(port.id)

    def add_group(self, port: Any, group_id: str) -> None:
        """Have the port in this security group, too."""
        present = list(port.security_group_ids or ())
        if port.is_port_security_enabled is False or group_id in present:
            return
        with asking("Neutron to set a port's security groups"):
            self._network.update_port(
                port, security_group_ids=[*present, group_id]
            )

    def get(self, port_id: str) -> Any:
        """The port as it is now; None if it is gone."""
        with asking("Neutron for a port"):
            found = list(self._network.ports(id=port_id))
        return found[0] if found else None

    # -- parts --------------------------------------------------------------

    def _ensure(
        self,
        spec: DeviceSpec,
        home: Cloud,
        wanted: Wanted,
        port: Any,
    ) -> Any:
        if port is not None and port.network_id != wanted.network.id:
            self.delete(port.id)
            port = None
        if port is None:
            return self._make(spec, home, wanted)
        self._correct_groups(spec, home, wanted, port)
        return port

    def _make(self, spec: DeviceSpec, home: Cloud, wanted: Wanted) -> Any:
        interface = wanted.interface
        values: dict[str, Any] = {
            "name": port_name(spec.id, interface.index),
            "description": self._marks.description(spec.id),
            "project_id": home.project_id,
            "network_id": wanted.network.id,
        }
        place = {}
        if interface.subnet is not None:
            place["subnet_id"] = interface.subnet
        if interface.address is not None:
            place["ip_address"] = interface.address
        if place:
            values["fixed_ips"] = [place]
        if interface.mac:
            values["mac_address"] = interface.mac
        while True:
            values["security_group_ids"] = self._group_ids(spec, home, wanted)
            try:
                with asking(f"Neutron to make a port on {wanted.network.id}"):
                    return self._network.create_port(**values)
            except (PermanentError, TransientError) as error:
                answer = answer_of(_cause(error))
                if answer.kind == "MacAddressInUse":
                    # By ours, if another conductor was faster.
                    mine = self.find(home.project_id, spec.id).get(
                        values["name"]
                    )
                    if mine is not None:
                        return mine
                if not self._relax(spec, home, wanted, values, error):
                    raise

    def _relax(
        self,
        spec: DeviceSpec,
        home: Cloud,
        wanted: Wanted,
        values: dict[str, Any],
        error: PermanentError | TransientError,
    ) -> bool:
        """Ask for less, where that was not what somebody wished for.

        Each thing once, so this ends.
        """
        answer, interface = answer_of(_cause(error)), wanted.interface
        if answer.kind == "SecurityGroupNotFound":
            # Another conductor has deleted the shared group as unused.
            self._groups.forget_shared(home, spec.peers)
            now = self._group_ids(spec, home, wanted)
            return bool(now != values["security_group_ids"])
        if "mac_address" in values and (
            answer.kind == "MacAddressInUse" or answer.status == 403
        ):
            del values["mac_address"]
            return True
        if (
            error.reason is ADDRESS_TAKEN
            and "ip_address" in (values.get("fixed_ips") or [{}])[0]
            and interface.prefix is not None
        ):
            # It is what the interface had before its port was deleted, and
            # somebody else has it now.
            LOG.warning(
                "The address %s of device %s is taken; it gets another.",
                interface.address,
                spec.id,
            )
            del values["fixed_ips"]
            if interface.subnet is not None:
                values["fixed_ips"] = [{"subnet_id": interface.subnet}]
            return True
        return False

    def _group_ids(
        self, spec: DeviceSpec, home: Cloud, wanted: Wanted
    ) -> list[str]:
        """Security groups of a new port.

        One of a tenant's network gets the device's own group when there is
        something to let through.
        """
        if is_management(wanted.interface):
            return [self._groups.shared(home, spec.peers)]
        if wanted.network.port_security is False:
            return []
        return [
            self._groups.named(home, name)
            for name in spec.options.get("security_groups", ())
        ]

    def _correct_groups(
        self, spec: DeviceSpec, home: Cloud, wanted: Wanted, port: Any
    ) -> None:
        """Let a management port reach the relays that there are now."""
        if not is_management(wanted.interface):
            return
        groups = [self._groups.shared(home, spec.peers)]
        if list(port.security_group_ids or ()) != groups:
            with asking("Neutron to set a port's security groups"):
                self._network.update_port(port, security_group_ids=groups)


def _cause(error: Exception) -> Exception:
    """What the cloud said, of one of our errors."""
    cause = error.__cause__
    return cause if isinstance(cause, Exception) else error
