"""The client: openstacksdk's verb names for every resource."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, cast, overload

from keystoneauth1.session import Session

from servicevmclient.v1._adapter import Adapter
from servicevmclient.v1._verbs import Verbs, grouped, path
from servicevmclient.v1._waiter import Callback
from servicevmclient.v1.api import Api
from servicevmclient.v1.breaker import Breaker
from servicevmclient.v1.conductor import Conductor
from servicevmclient.v1.device import Device
from servicevmclient.v1.device_template import DeviceTemplate
from servicevmclient.v1.driver import Driver
from servicevmclient.v1.event import Event
from servicevmclient.v1.explanation import Explanation
from servicevmclient.v1.hold import Hold
from servicevmclient.v1.operation import Operation
from servicevmclient.v1.overview import Overview
from servicevmclient.v1.plan import Outcome, Plan
from servicevmclient.v1.quota import OWN, Quota
from servicevmclient.v1.relay import Relay
from servicevmclient.v1.relay_group import RelayGroup
from servicevmclient.v1.service import Service
from servicevmclient.v1.service_type import ServiceType
from servicevmclient.v1.summary import Summary
from servicevmclient.v1.usage import Usage, UsageResource

#: seconds that a wait lasts if it is not told
WAIT = 600.0


class Client(Verbs):
    """The Service VM API, version 1.

    :param session: keystoneauth1 session; of it are used the auth plugin,
        TLS settings and the connections it keeps open
    :param endpoint_override: URL of the service; else the catalogue's
        endpoint of type ``servicevm``, or that of the auth plugin
    :param region_name: region of the catalogue to look in
    :param interface: ``public``, ``internal`` or ``admin``
    :param api_version: microversion to ask for; None for the oldest
    :param timeout: seconds for a connection and between two bytes
    :param connect_retries: how often a call that got no answer is repeated
    :param global_request_id: sent along, for the logs of all services

    Every method raises a `servicevmclient.exceptions.ClientError`. Lists
    are generators that ask for a page when it is needed. ``if_match`` is an
    ``etag`` that the resource must still have.
    """

    def __init__(
        self,
        session: Session,
        *,
        endpoint_override: str | None = None,
        region_name: str | None = None,
        interface: str | None = None,
        api_version: str | None = None,
        timeout: float = 60.0,
        connect_retries: int = 2,
        global_request_id: str | None = None,
    ) -> None:
        #: as given
        self.session = session
        super().__init__(
            Adapter(
                session,
                endpoint_override=endpoint_override,
                region_name=region_name,
                interface=interface,
                api_version=api_version,
                timeout=timeout,
                connect_retries=connect_retries,
                global_request_id=global_request_id,
            )
        )

    # -- devices ------------------------------------------------------------
    def devices(self, **query: Any) -> Iterator[Device]:
        """Yield devices; ``name``, ``template_id``, ``tags`` ... filter.

        ``failing=True``: those in ERROR, DEAD or UNRESPONSIVE.
        """
        return self.each(Device, **query)

    def get_device(self, device_id: str) -> Device:
        """The device with this id."""
        return self.get(Device, device_id)

    @overload
    def find_device(
        self, name_or_id: str, *, ignore_missing: Literal[False] = False
    ) -> Device: ...

    @overload
    def find_device(
        self, name_or_id: str, *, ignore_missing: bool
    ) -> Device | None: ...

    def find_device(
        self, name_or_id: str, *, ignore_missing: bool = False
    ) -> Device | None:
        """The only device with this name or id; None only if allowed."""
        return self._find(Device, name_or_id, ignore_missing)

    def create_device(self, **attributes: Any) -> Device:
        """Ask for a device; `wait_for_device` waits until it is ACTIVE.

        ``interfaces=[{"role": ..., "address": ...}]`` asks for addresses.
        """
        return self.create(Device, attributes)

    def update_device(
        self, device_id: str, *, if_match: str | None = None, **changes: Any
    ) -> Device:
        """Change what is given, and nothing else."""
        return self.update(Device, device_id, changes, if_match=if_match)

    def delete_device(
        self, device_id: str, *, if_match: str | None = None
    ) -> str | None:
        """Ask for its deletion; return the id of the operation."""
        return self.delete(Device, device_id, if_match=if_match)

    def wait_for_device(
        self,
        device: Device | str,
        *,
        timeout: float = WAIT,
        interval: float | None = None,
        callback: Callback | None = None,
    ) -> Device:
        """Wait until it is ACTIVE and nothing runs on it.

        :param device: a device, or an id
        :param timeout: seconds until `exceptions.WaitTimeout`
        :param interval: seconds between two looks; None: 0.1 growing to 2
        :param callback: called with a `Progress` after each look
        :raises ResourceFailed: at once when it, or its operation, failed
        """
        return self._settled(Device, device, timeout, interval, callback)

    def wait_for_device_gone(
        self,
        device: Device | str,
        *,
        timeout: float = WAIT,
        interval: float | None = None,
        callback: Callback | None = None,
    ) -> None:
        """Wait until a deleted device is no longer there."""
        self._gone(Device, device, timeout, interval, callback)

    def reboot_device(self, device_id: str, *, hard: bool = False) -> Device:
        """Ask for a reboot.

        :param hard: pull the plug instead of asking the guest
        """
        body = {"reboot": {"hard": hard}}
        answer = self.act(Device, device_id, "reboot", body)
        return Device(answer[Device.key])

    def heal_device(self, device_id: str) -> Device:
        """Begin the healing of a lost device now, by its template."""
        answer = self.act(Device, device_id, "heal", {"heal": {}})
        return Device(answer[Device.key])

    def rebuild_device(self, device_id: str) -> Device:
        """Ask for a new machine; the device's services come back on it."""
        answer = self.act(Device, device_id, "rebuild", {"rebuild": {}})
        return Device(answer[Device.key])

    def explain_device(
        self,
        device: Device | str,
        *,
        ref: str | None = None,
        ages: bool = True,
    ) -> Explanation:
        """Why it is as it is, what is awaited, and what happens next.

        Three requests, one more for a device that is given by its id, and
        up to two where something is wrong with it.

        :param device: a device as it was just read, or an id
        :param ref: what the commands in it call the device; None for its id
        :param ages: whether times are told with how far away they are
        """
        from servicevmclient.v1._explain import explain
        from servicevmclient.v1._facts import of_device

        if isinstance(device, str):
            device = self.get(Device, device)
        return explain(of_device(self, device, ref or device.id, ages=ages))

    def attach_device_interface(self, device_id: str, **wishes: str) -> Device:
        """Ask for one more interface of a device.

        :param wishes: ``role``, and ``port``, or ``network`` and perhaps
            ``subnet`` and ``address``
        """
        body = {"interface": wishes}
        answer = self.act(Device, device_id, "interfaces", body)
        return Device(answer[Device.key])

    def detach_device_interface(self, device_id: str, index: int) -> Device:
        """Ask to take an interface off a device.

        :param index: as in the device's ``interfaces``
        """
        answer = self._adapter.json(
            "DELETE", f"{path(Device, device_id)}/interfaces/{index}"
        )
        return Device(answer[Device.key])

    def get_device_console_log(
        self, device_id: str, *, max_bytes: int | None = None
    ) -> str:
        """The end of what the device wrote on its console.

        :param max_bytes: at most so much of it
        """
        answer = self.read(
            Device, device_id, "console-log", max_bytes=max_bytes
        )
        return str(answer.get("console_log") or "")

    def follow_device_console_log(
        self, device_id: str, *, timeout: float | None = None
    ) -> Iterator[str]:
        """Yield the end of a device's console log, then what is added.

        It goes on over restarts of the service and of the device.

        :param timeout: seconds until it ends; None: it does not
        """
        from servicevmclient.v1._console import follow

        return follow(
            lambda: self.get_device_console_log(device_id), timeout=timeout
        )

    # -- device templates ---------------------------------------------------
    def device_templates(self, **query: Any) -> Iterator[DeviceTemplate]:
        """Yield device templates."""
        return self.each(DeviceTemplate, **query)

    def get_device_template(self, template_id: str) -> DeviceTemplate:
        """The device template with this id."""
        return self.get(DeviceTemplate, template_id)

    @overload
    def find_device_template(
        self, name_or_id: str, *, ignore_missing: Literal[False] = False
    ) -> DeviceTemplate: ...

    @overload
    def find_device_template(
        self, name_or_id: str, *, ignore_missing: bool
    ) -> DeviceTemplate | None: ...

    def find_device_template(
        self, name_or_id: str, *, ignore_missing: bool = False
    ) -> DeviceTemplate | None:
        """The only template with this name or id; None only if allowed."""
        return self._find(DeviceTemplate, name_or_id, ignore_missing)

    def create_device_template(self, **attributes: Any) -> DeviceTemplate:
        """Make a device template."""
        return self.create(DeviceTemplate, attributes)

    def update_device_template(
        self, template_id: str, *, if_match: str | None = None, **changes: Any
    ) -> DeviceTemplate:
        """Make a new revision of it; devices keep the one they run."""
        return self.update(
            DeviceTemplate, template_id, changes, if_match=if_match
        )

    def delete_device_template(
        self, template_id: str, *, if_match: str | None = None
    ) -> None:
        """Delete it; refused while devices use it."""
        self.delete(DeviceTemplate, template_id, if_match=if_match)

    # -- services -----------------------------------------------------------
    def services(self, **query: Any) -> Iterator[Service]:
        """Yield services; ``device_id``, ``service_type`` ... filter."""
        return self.each(Service, **query)

    def get_service(self, service_id: str) -> Service:
        """The service with this id."""
        return self.get(Service, service_id)

    @overload
    def find_service(
        self, name_or_id: str, *, ignore_missing: Literal[False] = False
    ) -> Service: ...

    @overload
    def find_service(
        self, name_or_id: str, *, ignore_missing: bool
    ) -> Service | None: ...

    def find_service(
        self, name_or_id: str, *, ignore_missing: bool = False
    ) -> Service | None:
        """The only service with this name or id; None only if allowed."""
        return self._find(Service, name_or_id, ignore_missing)

    def create_service(self, **attributes: Any) -> Service:
        """Ask for a service: ``device_id``, ``service_type``, ``config``."""
        return self.create(Service, attributes)

    def update_service(
        self, service_id: str, *, if_match: str | None = None, **changes: Any
    ) -> Service:
        """Change what is given; ``config`` is replaced as a whole."""
        return self.update(Service, service_id, changes, if_match=if_match)

    def delete_service(
        self, service_id: str, *, if_match: str | None = None
    ) -> str | None:
        """Ask for its deletion; return the id of the operation."""
        return self.delete(Service, service_id, if_match=if_match)

    def wait_for_service(
        self,
        service: Service | str,
        *,
        timeout: float = WAIT,
        interval: float | None = None,
        callback: Callback | None = None,
    ) -> Service:
        """Wait until it is ACTIVE; see `wait_for_device`."""
        return self._settled(Service, service, timeout, interval, callback)

    def wait_for_service_gone(
        self,
        service: Service | str,
        *,
        timeout: float = WAIT,
        interval: float | None = None,
        callback: Callback | None = None,
    ) -> None:
        """Wait until a deleted service is no longer there."""
        self._gone(Service, service, timeout, interval, callback)

    def get_service_stats(self, service_id: str) -> dict[str, Any]:
        """What the service counted; the shape is its service type's."""
        found = self.read(Service, service_id, "stats").get("stats")
        return found if isinstance(found, dict) else {}

    def do_service_action(
        self,
        service_id: str,
        action: str,
        arguments: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Call an action that the service's type declares; its result."""
        body = {"arguments": dict(arguments or {})}
        answer = self.act(Service, service_id, f"actions/{action}", body)
        found = answer.get("result")
        return found if isinstance(found, dict) else {}

    # -- service types ------------------------------------------------------
    def service_types(self, **query: Any) -> Iterator[ServiceType]:
        """Yield service types."""
        return self.each(ServiceType, **query)

    def get_service_type(self, name: str) -> ServiceType:
        """The service type with this name."""
        return self.get(ServiceType, name)

    @overload
    def find_service_type(
        self, name: str, *, ignore_missing: Literal[False] = False
    ) -> ServiceType: ...

    @overload
    def find_service_type(
        self, name: str, *, ignore_missing: bool
    ) -> ServiceType | None: ...

    def find_service_type(
        self, name: str, *, ignore_missing: bool = False
    ) -> ServiceType | None:
        """The service type with this name; None only if allowed."""
        return self._find(ServiceType, name, ignore_missing)

    # -- drivers ------------------------------------------------------------
    def drivers(self, **query: Any) -> Iterator[Driver]:
        """Yield what templates can name; ``name`` and ``kind`` filter."""
        return self.each(Driver, **query)

    # -- operations ---------------------------------------------------------
    def operations(self, **query: Any) -> Iterator[Operation]:
        """Yield operations; ``resource_id``, ``state`` ... filter."""
        return self.each(Operation, **query)

    def get_operation(self, operation_id: str) -> Operation:
        """The operation with this id, with its steps."""
        return self.get(Operation, operation_id)

    def cancel_operation(self, operation_id: str) -> Operation:
        """Ask it to end before its next step."""
        return self._operation_do(operation_id, "cancel")

    def retry_operation(self, operation_id: str) -> Operation:
        """Begin a failed or cancelled operation anew, from its first step.

        Steps are idempotent: what is there already is not made twice.
        """
        return self._operation_do(operation_id, "retry")

    def wait_for_operation(
        self,
        operation: Operation | str,
        *,
        timeout: float = WAIT,
        interval: float | None = None,
        callback: Callback | None = None,
    ) -> Operation:
        """Wait until it SUCCEEDED.

        :raises ResourceFailed: it ended otherwise
        """
        ref = operation if isinstance(operation, str) else operation.id
        waiter = self.waiter(
            timeout=timeout, interval=interval, callback=callback
        )
        return waiter.operation(ref, "operation", ref)

    # -- events -------------------------------------------------------------
    def events(self, **query: Any) -> Iterator[Event]:
        """Yield events; ``device_id``, ``resource_id`` ... filter."""
        return self.each(Event, **query)

    def follow_events(
        self,
        *,
        marker: str | None = None,
        last: int = 0,
        timeout: float | None = None,
        callback: Callable[[str | None], None] | None = None,
        **query: Any,
    ) -> Iterator[Event]:
        """Yield events as they are written, each once and none left out.

        It goes on over restarts of the service. To resume later, keep the id
        of the last event as the ``marker``.

        :param marker: id of the event after which to begin
        :param last: without a marker: how many of those there are come first
        :param timeout: seconds until it ends; None: it does not
        :param callback: told in a sentence when the service does not
            answer, and None when it answers again
        :param query: filters, as those of `events`
        """
        from servicevmclient.v1._follower import Follower

        follower = Follower(self, query, timeout=timeout, callback=callback)
        return (
            follower.newest(last) if marker is None else follower.after(marker)
        )

    # -- summary ------------------------------------------------------------
    def get_summary(self, **query: Any) -> Summary:
        """How many devices, services and operations there are, by state.

        :param query: ``all_projects=True``, or a ``project_id``, for who may
            see what is not of the own project; ``include``: some of
            ``failing``, ``running`` and ``quota``, which come along
        """
        found = self._adapter.json("GET", "/v1/summary", params=grouped(query))
        return cast(Summary, found["summary"])

    def get_overview(self, *, ages: bool = True) -> Overview:
        """The whole installation at a glance, and what needs attention.

        Six requests. Who may not see all projects is told of the own one;
        what the caller may not see is None.
        """
        from servicevmclient.v1._overview import look, overview

        return overview(look(self, ages=ages))

    # -- processes ----------------------------------------------------------
    def conductors(self, **query: Any) -> Iterator[Conductor]:
        """Yield conductors; ``name``, ``host`` and ``alive`` filter."""
        return self.each(Conductor, **query)

    def get_conductor(self, conductor_id: str) -> Conductor:
        """The conductor with this id."""
        return self.get(Conductor, conductor_id)

    def relays(self, **query: Any) -> Iterator[Relay]:
        """Yield relays; ``name``, ``host``, ``group``, ``alive`` filter."""
        return self.each(Relay, **query)

    def get_relay(self, relay_id: str) -> Relay:
        """The relay with this id."""
        return self.get(Relay, relay_id)

    @overload
    def find_relay(
        self, name_or_id: str, *, ignore_missing: Literal[False] = False
    ) -> Relay: ...

    @overload
    def find_relay(
        self, name_or_id: str, *, ignore_missing: bool
    ) -> Relay | None: ...

    def find_relay(
        self, name_or_id: str, *, ignore_missing: bool = False
    ) -> Relay | None:
        """The only relay with this name or id; None only if allowed."""
        return self._find(Relay, name_or_id, ignore_missing)

    def update_relay(
        self, relay_id: str, *, if_match: str | None = None, **changes: Any
    ) -> Relay:
        """Have it drained, or no longer: ``draining=True``."""
        return self.update(Relay, relay_id, changes, if_match=if_match)

    def apis(self, **query: Any) -> Iterator[Api]:
        """Yield API processes; ``name``, ``host`` and ``alive`` filter."""
        return self.each(Api, **query)

    def get_api(self, api_id: str) -> Api:
        """The API process with this id."""
        return self.get(Api, api_id)

    # -- healing ------------------------------------------------------------
    def breakers(self, **query: Any) -> Iterator[Breaker]:
        """Yield where healing stopped; ``name`` filters."""
        return self.each(Breaker, **query)

    def get_breaker(self, name: str) -> Breaker:
        """The breaker of the domain of this name."""
        return self.get(Breaker, name)

    def update_breaker(
        self, name: str, *, if_match: str | None = None, **changes: Any
    ) -> Breaker:
        """Let healing go on, or stop it again: ``released=True``."""
        return self.update(Breaker, name, changes, if_match=if_match)

    # -- relay groups -------------------------------------------------------
    def relay_groups(self, **query: Any) -> Iterator[RelayGroup]:
        """Yield relay groups; ``name`` and ``project_id`` filter."""
        return self.each(RelayGroup, **query)

    def get_relay_group(self, name: str) -> RelayGroup:
        """The relay group of this name."""
        return self.get(RelayGroup, name)

    @overload
    def find_relay_group(
        self, name: str, *, ignore_missing: Literal[False] = False
    ) -> RelayGroup: ...

    @overload
    def find_relay_group(
        self, name: str, *, ignore_missing: bool
    ) -> RelayGroup | None: ...

    def find_relay_group(
        self, name: str, *, ignore_missing: bool = False
    ) -> RelayGroup | None:
        """The relay group of this name; None only if allowed."""
        return self._find(RelayGroup, name, ignore_missing)

    def create_relay_group(self, name: str, **attributes: Any) -> RelayGroup:
        """Create one; ``project_id`` binds it to a project."""
        return self.create(RelayGroup, {"name": name, **attributes})

    def update_relay_group(
        self, name: str, *, if_match: str | None = None, **changes: Any
    ) -> RelayGroup:
        """Change what is given; ``project_id=None`` unbinds it."""
        return self.update(RelayGroup, name, changes, if_match=if_match)

    def delete_relay_group(
        self, name: str, *, if_match: str | None = None
    ) -> None:
        """Delete it: its relays serve devices of any project."""
        self.delete(RelayGroup, name, if_match=if_match)

    # -- holds --------------------------------------------------------------
    def holds(self, **query: Any) -> Iterator[Hold]:
        """Yield the holds that have not expired; ``scope``, ``target``."""
        return self.each(Hold, **query)

    def get_hold(self, hold_id: str) -> Hold:
        """The hold with this id."""
        return self.get(Hold, hold_id)

    def set_hold(self, *, reason: str, **target: Any) -> Hold:
        """Keep everything automatic off something, or renew that.

        :param reason: why, for people
        :param target: one of ``device_id``, ``template_id``, ``project_id``
            and ``everything=True``; ``expires_at``, ISO 8601, if it is to
            end by itself
        """
        return self.create(Hold, {"reason": reason, **target})

    def unset_hold(self, hold_id: str, *, if_match: str | None = None) -> None:
        """Let what is automatic have its way again."""
        self.delete(Hold, hold_id, if_match=if_match)

    # -- quotas -------------------------------------------------------------
    def quotas(self, **query: Any) -> Iterator[Quota]:
        """Yield the quotas of projects with limits or things in use."""
        return self.each(Quota, **query)

    def get_quota(self, project_id: str | None = None) -> Quota:
        """A project's quota; that of one's own if none is named."""
        return self.get(Quota, project_id or OWN)

    def get_quota_defaults(self) -> dict[str, int]:
        """The limits of projects that have none of their own."""
        found = self._adapter.json("GET", f"{Quota.path}/defaults")
        return dict(found.get("quota_defaults") or {})

    def update_quota(
        self,
        project_id: str,
        *,
        if_match: str | None = None,
        **limits: int | None,
    ) -> Quota:
        """Set the limits that are given: -1 unlimited, None the default."""
        return self.update(Quota, project_id, limits, if_match=if_match)

    def delete_quota(
        self, project_id: str, *, if_match: str | None = None
    ) -> None:
        """Take the project's own limits away."""
        self.delete(Quota, project_id, if_match=if_match)

    # -- usage --------------------------------------------------------------
    def usage(self, **query: Any) -> Iterator[Usage]:
        """Yield what projects have used: the own one, this month.

        :param query: ``start`` and ``end``, ISO 8601: another period;
            ``all_projects=True``, or a ``project_id``, for who may see what
            is not of the own project
        """
        return self.each(Usage, **query)

    def get_usage(
        self,
        project_id: str | None = None,
        *,
        start: str | None = None,
        end: str | None = None,
    ) -> Usage:
        """What a project has used; one's own, and this month, if not said.

        :param start: ISO 8601, as `end`
        """
        period = grouped({"start": start, "end": end})
        address = path(Usage, project_id or OWN)
        return self._one(
            Usage, self._adapter.request("GET", address, params=period)
        )

    def usage_resources(self, **query: Any) -> Iterator[UsageResource]:
        """Yield the devices and services that were used; as `usage`."""
        return self.each(UsageResource, **query)

    # -- manifests ----------------------------------------------------------
    def plan(
        self, manifest: Mapping[str, Any], *, prune: bool = False
    ) -> Plan:
        """What has to be done so that all is as a manifest says.

        The service checks each step, and changes nothing. It takes one
        request for 50 names of a kind, one more for what is to be made, and
        two for what is to be changed.

        :param manifest: as in `servicevmclient.v1.manifest`
        :param prune: also delete what carries its label and is not in it
        """
        from servicevmclient.v1._planner import make_plan
        from servicevmclient.v1.manifest import parse

        return make_plan(self, parse(manifest), prune=prune)

    def carry_out(
        self, plan: Plan, *, timeout: float = WAIT
    ) -> Iterator[Outcome]:
        """Do what a plan says, step by step; yield what came of each.

        :param timeout: seconds that devices may take to go before a
            template is deleted of which they are made
        """
        from servicevmclient.v1._applier import carry_out

        return carry_out(self, plan, timeout=timeout)

    def export(self, *, label: str | None = None) -> dict[str, Any]:
        """What is there, as a manifest that changes nothing.

        :param label: only what was applied with it
        """
        from servicevmclient.v1._export import export

        return export(self, label=label)

    def _operation_do(self, operation_id: str, verb: str) -> Operation:
        answer = self.act(Operation, operation_id, verb)
        return Operation(answer[Operation.key])
