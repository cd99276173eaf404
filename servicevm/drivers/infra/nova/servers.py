"""Servers of one project: listed, made, changed, deleted."""

import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Any

from openstack import exceptions as sdk
from oslo_log import log

from servicevm.drivers.infra.base import DeviceSpec
from servicevm.drivers.infra.nova import order
from servicevm.drivers.infra.nova.choices import Choices, Flavor, Image
from servicevm.drivers.infra.nova.cloud import Cloud
from servicevm.drivers.infra.nova.faults import asking
from servicevm.drivers.infra.nova.looks import Look, Looks
from servicevm.drivers.infra.nova.marks import Marks
from servicevm.drivers.infra.nova.pace import Pace
from servicevm.drivers.infra.nova.states import Seen, seen
from servicevm.errors import (
    CLOUD_REFUSED,
    FLAVOR_MISSING,
    PermanentError,
    TransientError,
)

__all__ = ["SERVER", "Servers"]

LOG = log.getLogger(__name__)

#: Kind of the server's entry in the ledger.
SERVER = "server"

#: A list is cut here, whatever Nova says: 100 pages.
_MOST = 100_000

#: Seconds after which the deletion of a server is asked for again.
_ASK_AGAIN = 30.0

#: What starts a server that is in one of these.
_START: Mapping[str, str] = {
    "SHUTOFF": "start_server",
    "PAUSED": "unpause_server",
    "SUSPENDED": "resume_server",
    "SHELVED": "unshelve_server",
    "SHELVED_OFFLOADED": "unshelve_server",
    "RESCUE": "unrescue_server",
}

_RESTARTING = ("REBOOT", "HARD_REBOOT")

_REBUILD_VOLUME = (2, 93)
_REBUILD = (2, 57)


class Servers:
    """Thread-safe.

    :param cloud: as the project that the servers belong to
    :param interval: seconds between two lists of all conductors
    """

    def __init__(
        self,
        cloud: Cloud,
        marks: Marks,
        choices: Choices,
        pace: Pace,
        interval: float,
    ) -> None:
        self._cloud = cloud
        self._compute = cloud.connection.compute
        self._marks = marks
        self._choices = choices
        self._pace = pace
        self._looks = Looks(self._list, interval)
        #: Server to when its deletion was asked for, in monotonic seconds.
        self._deleting: dict[str, float] = {}

    # -- looking ------------------------------------------------------------

    def share(self, conductors: int) -> None:
        """Leave so many conductors, this one too, their lists."""
        self._looks.share(conductors)

    def look(self, device_id: str) -> Look:
        return self._looks.look(device_id)

    def sure(self, device_id: str) -> Sequence[Seen]:
        """The device's servers, after waiting for a new enough list."""
        return self._looks.sure(device_id)

    def devices(self) -> set[str]:
        return self._looks.devices()

    def the_one(self, device_id: str) -> Seen | None:
        """The device's server, and no other: of several, the oldest stays.

        Two are made where a conductor was slow and another took over.
        """
        servers = self.sure(device_id)
        return self.settle(servers)

    def settle(self, servers: Sequence[Seen]) -> Seen | None:
        """Delete all but the oldest of these, which is returned."""
        there = [one for one in servers if not one.going]
        if not there:
            return servers[0] if servers else None
        for other in there[1:]:
            LOG.warning(
                "Deleting the server %s: %s is the device %s already.",
                other.id,
                there[0].id,
                other.device_id,
            )
            self.delete(other.device_id, other.id)
        return there[0]

    # -- making -------------------------------------------------------------

    def choose(self, spec: DeviceSpec) -> tuple[Image, Flavor]:
        """What a new server of the device is made of.

        :raises PermanentError: there is no such thing
        """
        image, flavor = self._choices.image_and_flavor(
            self._cloud, spec.options
        )
        self._placement(spec.options)
        order.check_root(image, spec.options)
        return image, flavor

    def make(self, spec: DeviceSpec, port_ids: Sequence[str]) -> str:
        """Make a server; its id."""
        image, flavor = self.choose(spec)
        values = {
            **order.server(spec, self._marks, image, flavor, port_ids),
            **self._placement(spec.options),
        }
        self._pace.wait()
        try:
            with asking("Nova to make a server"):
                return str(self._compute.create_server(**values).id)
        except PermanentError as error:
            if error.reason is FLAVOR_MISSING:
                self._choices.forget_flavors(self._cloud)
            raise
        finally:
            # Also where no answer came: it may have been made.
            self._looks.touched(spec.id)

    def rebuild(self, spec: DeviceSpec, server: Seen) -> None:
        """Make the server anew from the newest image."""
        self._cloud.require(_REBUILD, "a rebuild with another first boot")
        if "root_volume_gib" in spec.options:
            self._cloud.require(
                _REBUILD_VOLUME, "a rebuild of a server on a volume"
            )
        document = order.document_of(spec.bootstrap)
        metadata = order.metadata(self._marks, spec.id, document)
        if server.status == "REBUILD":
            if server.metadata.get(order.DIGEST) == metadata[order.DIGEST]:
                return
            raise TransientError(
                CLOUD_REFUSED, "The server is still being rebuilt."
            )
        image, _ = self.choose(spec)
        try:
            with asking("Nova to rebuild a server"):
                self._compute.rebuild_server(
                    server.id,
                    image=image.id,
                    metadata=metadata,
                    user_data=order.encoded(document) if document else None,
                )
        finally:
            self._looks.touched(spec.id)

    def reboot(self, server: Seen, *, hard: bool) -> None:
        """Restart the server, or start it where it does not run."""
        start = _START.get(server.status)
        if server.status in _RESTARTING:
            # By who was killed before it could say so.
            return
        try:
            with asking("Nova to restart a server"):
                if start is not None:
                    getattr(self._compute, start)(server.id)
                else:
                    # Only a hard one mends a server in ERROR.
                    broken = server.status == "ERROR"
                    kind = "HARD" if hard or broken else "SOFT"
                    self._compute.reboot_server(server.id, kind)
        finally:
            self._looks.touched(server.device_id)

    def delete(self, device_id: str, server_id: str) -> None:
        """Have the server deleted; it is gone when no list has it."""
        now = time.monotonic()
        if self._deleting.get(server_id, -_ASK_AGAIN) + _ASK_AGAIN > now:
            return
        try:
            with asking("Nova to delete a server"):
                self._compute.delete_server(server_id, ignore_missing=True)
        finally:
            self._looks.touched(device_id)
        self._deleting = {
            one: at
            for one, at in list(self._deleting.items())
            if at + _ASK_AGAIN > now
        } | {server_id: now}

    def exists(self, server_id: str) -> bool:
        """Whether the server is there, whatever its tags."""
        with asking("Nova for a server"):
            try:
                self._compute.get_server(server_id)
            except sdk.NotFoundException:
                return False
        return True

    # -- while it runs ------------------------------------------------------

    def plug(self, server: Seen, port_id: str) -> None:
        with asking("Nova to plug an interface in"):
            self._compute.create_server_interface(server.id, port_id=port_id)

    def unplug(self, server_id: str, port_id: str) -> None:
        """Have an interface unplugged; not there is well, too."""
        with asking("Nova to unplug an interface"):
            self._compute.delete_server_interface(
                port_id, server=server_id, ignore_missing=True
            )

    def console_log(self, server: Seen, max_bytes: int) -> str:
        """The end of the console's output, at most `max_bytes`."""
        # Nova counts lines; few are shorter than this.
        lines = min(max_bytes // 16 + 1, 20_000)
        with asking("Nova for a server's console"):
            answer = self._compute.get_server_console_output(
                server.id, length=lines
            )
        text = str((answer or {}).get("output") or "")
        data = text.encode(errors="replace")
        if len(data) <= max_bytes:
            return text
        tail = data[-max_bytes:] if max_bytes > 0 else b""
        return tail.decode(errors="ignore")

    # -- parts --------------------------------------------------------------

    def _list(self) -> list[Seen]:
        found = []
        with asking("Nova for its servers"):
            listed = self._compute.servers(
                details=True, tags=self._marks.deployment_tag
            )
            for server in itertools.islice(listed, _MOST):
                device_id = self._marks.device_of(server.tags)
                if device_id is None:
                    continue
                one = seen(server, device_id)
                # A list is not of one instant: one that went while it was
                # made is in it as DELETED.
                if not one.gone:
                    found.append(one)
        return found

    def _placement(self, options: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        if "availability_zone" in options:
            values["availability_zone"] = options["availability_zone"]
        if "keypair" in options:
            values["key_name"] = options["keypair"]
        if "server_group" in options:
            group = self._choices.server_group(
                self._cloud, options["server_group"]
            )
            values["scheduler_hints"] = {"group": group}
        return values
