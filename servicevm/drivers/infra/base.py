"""The infra driver interface: makes, sees, changes and destroys devices.

Public: a vendor implements `InfraDriver` and names it under the entry point
group ``servicevm.infra_drivers``. Every call

* is idempotent: the same call again has the same outcome,
* returns at once: progress is seen through `observe`,
* gets everything it needs in a `DeviceSpec` and keeps no truth of its own,
* raises `servicevm.errors.TransientError` or `PermanentError`, with a reason.
"""

import abc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from servicevm.errors import UNAVAILABLE, PermanentError


class DeviceState(StrEnum):
    """What the infrastructure says of the device."""

    ABSENT = "ABSENT"
    BUILDING = "BUILDING"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    FAILED = "FAILED"


@dataclass(frozen=True)
class InterfaceSpec:
    """One interface of a device.

    :param network: driver's own name of the network, e.g. ``bridge:br0``;
        empty where `port` says it
    :param mac: ``52:54:00:..``, chosen by the control plane
    :param address: IPv4 or IPv6 address without prefix, or None
    :param prefix: length of the network prefix in bits
    :param subnet: driver's own name of the part of the network that the
        address is to be of, where the user asked for one
    :param port: driver's own name of an existing port that the interface
        is to be; it is the user's and outlives the device
    :param of_template: the template names the network, so the operator
        vouches for it; else the user did, and the driver has to make sure
        that the device's project may use it
    """

    role: str
    index: int
    network: str
    mac: str
    address: str | None = None
    prefix: int | None = None
    gateway: str | None = None
    subnet: str | None = None
    port: str | None = None
    of_template: bool = False


@dataclass(frozen=True)
class Peer:
    """An address that is to be reached from an interface role."""

    address: str
    port: int
    role: str = "egress"


@dataclass(frozen=True)
class DeviceSpec:
    """A device as its template revision and its own row describe it.

    :param options: the template's ``infra_options``
    :param bootstrap: what the mgmt driver wants inside the device at first
        boot: file name (below ``openstack/latest/``) to its bytes. Secret.
        Empty where a call does not (re)create the device.
    :param ledger: external ids recorded so far, kind to id
    :param fence: of the operation that drives the device; 0 for none.
        Whoever takes a device over has a higher one, so that a driver whose
        infrastructure can compare may refuse a conductor that was paused
        and overtaken.
    :param peers: what the mgmt driver has to reach from the device, with
        the role ``mgmt``; only where a call makes interfaces or the device
    """

    id: str
    name: str
    project_id: str
    options: Mapping[str, Any]
    interfaces: Sequence[InterfaceSpec]
    bootstrap: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    ledger: Mapping[str, str] = field(default_factory=dict)
    fence: int = 0
    peers: Sequence[Peer] = ()


@dataclass(frozen=True)
class Observation:
    """What `observe` saw.

    :param code: reason code (servicevm.errors) where state is FAILED
    :param detail: the infrastructure's own words
    :param facts: shown to users, e.g. ``{"accelerator": "tcg"}``
    :param look_in: seconds until another look is worth while, where the
        driver knows; None where it does not: the looks become rarer
    """

    state: DeviceState
    code: str | None = None
    detail: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    look_in: float | None = None


@dataclass(frozen=True)
class Listener:
    """A port that a service wants reachable on an interface role."""

    name: str
    protocol: str
    port: int
    role: str = "ingress"


@dataclass(frozen=True)
class Endpoint:
    """Where a listener is reached from outside, e.g. 127.0.0.1:40123."""

    name: str
    protocol: str
    address: str
    port: int


@dataclass(frozen=True)
class Capabilities:
    """What a driver can do; read before it is asked to.

    :param fences: it compares `DeviceSpec.fence`: a `create`, `reboot` or
        `delete` with a lower one than a call before, and not 0, raises
        TransientError and changes nothing. A device that was deleted has
        no fence.
    :param networks: a device may be given the networks of its interfaces,
        or existing ports, where its template leaves them open
    :param rebuild: it has `rebuild`
    """

    attach_interface: bool = False
    console_log: bool = False
    reboot: bool = True
    fences: bool = False
    networks: bool = False
    rebuild: bool = False


@dataclass(frozen=True)
class Footprint:
    """Virtual processors and MiB of memory of a device."""

    vcpus: int = 0
    ram_mib: int = 0


Record = Callable[[str, str | None], None]
"""``record(kind, external_id)``: write the ledger. Called with None before
the external thing is made (the intent), with its id once it is known. See
`InfraDriver.intents`."""

Death = Callable[[str], None]
"""``died(device_id)``: a device stopped running by itself."""


class InfraDriver(abc.ABC):
    """One way of making devices. One instance per process, thread-safe."""

    #: What it makes, in a few words, for who chooses among drivers.
    description = ""

    capabilities = Capabilities()

    #: JSON Schema of the template's ``infra_options``.
    options_schema: Mapping[str, Any] = {}

    #: Kinds that `create` records of every device. Their intents may be
    #: written for many devices at once, as soon as they are to be made; what
    #: `create` itself records of them then costs nothing.
    intents: Sequence[str] = ()

    @abc.abstractmethod
    def validate_template(
        self,
        options: Mapping[str, Any],
        interfaces: Sequence[Mapping[str, Any]],
    ) -> None:
        """Refuse a template that cannot work.

        Options already fit `options_schema`.

        :raises PermanentError: TEMPLATE_INVALID, with what and where
        """

    def footprint(self, options: Mapping[str, Any]) -> Footprint:
        """What a device takes of its project's quotas; nothing by default.

        Called when a device is asked for, and of each template of a list;
        must not wait for anything.

        :param options: the template's ``infra_options``, which fitted
            `options_schema` when the template was made
        """
        return Footprint()

    def prepare(
        self, spec: DeviceSpec, record: Record
    ) -> Sequence[InterfaceSpec]:
        """Make what the interfaces need, and say how they turned out.

        Called before each `create` and `rebuild`: the device is told at its
        first boot which MAC and addresses it has, so they have to be known
        before. What is returned, in the order of ``spec.interfaces``, takes
        the place of that.

        The default is that of a driver which makes them as they are.
        """
        return spec.interfaces

    @abc.abstractmethod
    def create(self, spec: DeviceSpec, record: Record) -> None:
        """Make the device, or go on making it."""

    @abc.abstractmethod
    def observe(self, spec: DeviceSpec) -> Observation:
        """Look at the device."""

    @abc.abstractmethod
    def reboot(self, spec: DeviceSpec, *, hard: bool = False) -> None:
        """Restart the device; start it where it is stopped.

        Where `spec` has a bootstrap it takes the place of the earlier one,
        if the driver can do that.
        """

    def rebuild(self, spec: DeviceSpec, record: Record) -> None:
        """Make the device anew with the bootstrap of `spec`.

        Nothing that was written inside it is left; its interfaces and what
        the infrastructure calls it stay. Makes it where it is gone.
        """
        raise PermanentError(
            UNAVAILABLE, f"{type(self).__name__} cannot rebuild devices."
        )

    @abc.abstractmethod
    def delete(self, spec: DeviceSpec) -> bool:
        """Destroy the device and all that was made for it.

        :returns: True once nothing is left; False while it is going.
        """

    def publish(
        self,
        spec: DeviceSpec,
        listeners: Sequence[Listener],
        peers: Sequence[Peer],
    ) -> list[Endpoint]:
        """Make exactly these listeners and peers of the device reachable.

        Replaces what an earlier call asked for. The default is that of a
        network on which the device's own address is reachable.
        """
        found = []
        for listener in listeners:
            for interface in spec.interfaces:
                if interface.role == listener.role and interface.address:
                    found.append(
                        Endpoint(
                            listener.name,
                            listener.protocol,
                            interface.address,
                            listener.port,
                        )
                    )
                    break
        return found

    def attach_interface(
        self, spec: DeviceSpec, interface: InterfaceSpec, record: Record
    ) -> InterfaceSpec:
        """Plug one more interface into a running device.

        :returns: how it turned out; see `prepare`
        """
        raise PermanentError(
            UNAVAILABLE, f"{type(self).__name__} cannot attach interfaces."
        )

    def detach_interface(
        self, spec: DeviceSpec, interface: InterfaceSpec
    ) -> None:
        """Unplug an interface from a running device."""
        raise PermanentError(
            UNAVAILABLE, f"{type(self).__name__} cannot detach interfaces."
        )

    def console_log(self, spec: DeviceSpec, max_bytes: int) -> str:
        """Return the end of the console's output, at most `max_bytes`."""
        raise PermanentError(
            UNAVAILABLE, f"{type(self).__name__} has no console log."
        )

    def device_ids(self) -> set[str]:
        """Ids of all devices of which anything exists outside.

        The janitor compares them with the database.
        """
        return set()

    def delete_leftover(self, device_id: str) -> None:
        """Destroy what exists of a device that the database does not know."""

    def watch(self, devices: Sequence[DeviceSpec], died: Death) -> None:
        """Start to report devices that stop by themselves, where possible.

        Called with none as soon as the driver is made, and once more with
        the devices known then, if there are any; `create` and `reboot` add
        theirs by themselves.
        """

    def share(self, conductors: int) -> None:
        """Say how many conductors use the infrastructure, this one too.

        Called when the number is known, and again when it changes. What is
        meant for all of them together, e.g. so many requests per second, a
        driver divides by it.
        """

    def close(self) -> None:
        """Let go of threads and sockets; devices keep running."""
