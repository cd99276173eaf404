"""The mgmt driver interface: carries configuration and actions to a device.

Public: a vendor implements `MgmtDriver` and names it under the entry point
group ``servicevm.mgmt_drivers``. Calls are idempotent and bounded in time.
"""

import abc
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from servicevm.drivers.infra.base import InterfaceSpec, Peer
from servicevm.errors import UNAVAILABLE, PermanentError


@dataclass(frozen=True)
class ServiceDocument:
    """Desired state of one service, as it is sent to the device.

    :param generation: rises with every accepted change
    :param digest: ``sha256:`` and hex of the canonical JSON of `config`
    """

    id: str
    service_type: str
    generation: int
    digest: str
    config: Mapping[str, Any]


@dataclass(frozen=True)
class ServiceReport:
    """What the device says of one service.

    :param generation: the generation that serves
    :param failed_generation: newest generation that was refused, or None
    :param detail: the device's own words about the refusal or the status
    """

    id: str
    generation: int
    digest: str
    operating_status: str
    failed_generation: int | None = None
    detail: str = ""
    members: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class DeviceReport:
    """What `observe` saw of the device from inside.

    :param connected: an authenticated session exists right now
    :param ready: the device accepts configuration
    """

    connected: bool
    ready: bool
    services: Mapping[str, ServiceReport] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


class MgmtDriver(abc.ABC):
    """One way of talking to devices. One instance per process."""

    #: What it talks to, in a few words, for who chooses among drivers.
    description = ""

    #: JSON Schema of the template's ``mgmt_options``.
    options_schema: Mapping[str, Any] = {}

    #: Devices never say by themselves what services they have: what is
    #: wrong there is only found by asking each of them now and then.
    silent = False

    #: `call` needs a relay, and nothing else of the host that it is made on:
    #: no file, no socket, no route. Then api processes make calls themselves,
    #: each with an instance of its own, by several threads at once. Calls of
    #: other drivers are made by conductors only.
    relayed = False

    #: It has `restart`.
    restarts = False

    @classmethod
    def relay_group(cls, options: Mapping[str, Any]) -> str | None:
        """Whose relays agents of a template dial over the network.

        :param options: the template's ``mgmt_options``
        :returns: name of the relay group that the template names, or "" where
            it leaves that to the project; None where nothing dials a relay
        """
        return None

    @abc.abstractmethod
    def bootstrap(
        self,
        device_id: str,
        options: Mapping[str, Any],
        interfaces: Sequence[InterfaceSpec],
    ) -> Mapping[str, bytes]:
        """What the device gets at first boot: file name to bytes. Secret.

        A second call invalidates what the first one handed out, unless the
        device has used it and can still come with what it got for it.
        """

    def peers(
        self, device_id: str, options: Mapping[str, Any]
    ) -> Sequence[Peer]:
        """What the device has to reach on its management network.

        Nothing else has to be reachable from there. Nothing by default.
        """
        return ()

    def interfaces(
        self,
        device_id: str,
        generation: int,
        interfaces: Sequence[InterfaceSpec],
    ) -> Sequence[str]:
        """Tell the device which interfaces it has from now on.

        All of them. One that is not among them, and was, is about to be
        unplugged; one that is new has just been plugged in.

        :param generation: of the device; a lower one than told before
            changes nothing
        :returns: MACs of those that the device does not see yet: it is to
            be told again
        """
        raise PermanentError(
            UNAVAILABLE, f"{type(self).__name__} cannot change interfaces."
        )

    @abc.abstractmethod
    def observe(self, device_id: str) -> DeviceReport:
        """What is known of the device from inside. Asks the device, where
        it is connected, within a bounded time."""

    @abc.abstractmethod
    def apply(self, device_id: str, document: ServiceDocument) -> None:
        """Hand the desired state of a service over.

        Returns once the device has it; whether it serves is seen through
        `observe` or a later report. What the device has already it does
        again where that does not serve.
        """

    def restart(
        self, device_id: str, service_id: str, operation_id: str
    ) -> None:
        """Stop what serves for a service and start it anew with what it
        serves; done when it returns.

        :param operation_id: of the operation that asks, and asks again where
            it got no answer: once is enough for it
        """
        raise PermanentError(
            UNAVAILABLE, f"{type(self).__name__} cannot restart services."
        )

    @abc.abstractmethod
    def remove(self, device_id: str, service_id: str, generation: int) -> None:
        """Take a service off the device; done when it returns."""

    @abc.abstractmethod
    def call(
        self,
        device_id: str,
        service_id: str,
        action: str,
        arguments: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        """Do a declared action or query of the service, e.g. ``stats``."""

    @abc.abstractmethod
    def forget(self, device_id: str, *, fence: int = 0) -> None:
        """Revoke what the device was given: it is being deleted, or made
        anew.

        :param fence: as `servicevm.drivers.infra.base.DeviceSpec.fence`: a
            conductor that was overtaken must not take away what the next
            one's device was given
        """
