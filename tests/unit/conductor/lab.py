"""A conductor that can be killed at any point, and a world that stays.

`Cloud` is the outside: machines that exist whatever happens to conductors.
Time stands still unless `Lab.advance` is called.
"""

import contextlib
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from servicevm import clock, errors
from servicevm.conductor.service import Conductor
from servicevm.db import api as db
from servicevm.db import models, operations
from servicevm.db.locks import lock_device, lock_service
from servicevm.drivers import Drivers
from servicevm.drivers.infra.base import (
    Capabilities,
    DeviceSpec,
    DeviceState,
    Endpoint,
    InfraDriver,
    InterfaceSpec,
    Listener,
    Observation,
    Peer,
    Record,
)
from servicevm.drivers.mgmt.noop import NoopMgmtDriver
from servicevm.rpc.local import LateRelay
from servicevm.states import Action, OperatingStatus, ProvisioningStatus

CONFIG = {
    "listeners": [
        {"name": "web", "protocol": "http", "port": 80, "default_pool": "p"}
    ],
    "pools": [
        {
            "name": "p",
            "algorithm": "round_robin",
            "members": [{"name": "b1", "address": "192.0.2.11", "port": 8080}],
        }
    ],
}


class Crash(BaseException):
    """The process is killed here."""


class Cloud(InfraDriver):
    """Machines that live in memory and outlive every conductor.

    A machine takes `looks` observations to run, and as many calls to go.
    """

    capabilities = Capabilities(attach_interface=True, rebuild=True)

    def __init__(self) -> None:
        self.machines: dict[str, dict[str, Any]] = {}
        self.created: list[str] = []
        self.ports: dict[str, list[str]] = {}
        self.looks = 1
        #: Whether it says which network and addresses interfaces have.
        self.chooses = False
        self.plugged: dict[str, set[int]] = {}
        self.failing: dict[str, errors.ServicevmError] = {}

    def _maybe_fail(self, call: str) -> None:
        if call in self.failing:
            raise self.failing[call]

    def validate_template(
        self,
        options: Mapping[str, Any],
        interfaces: Sequence[Mapping[str, Any]],
    ) -> None:
        """Everything is fine here."""

    def create(self, spec: DeviceSpec, record: Record) -> None:
        self._maybe_fail("create")
        record("machine", None)
        if spec.id not in self.machines:
            self.created.append(spec.id)
            self.machines[spec.id] = {
                "state": DeviceState.BUILDING,
                "looks": self.looks,
                "bootstrap": dict(spec.bootstrap),
            }
        record("machine", f"m-{spec.id}")

    def observe(self, spec: DeviceSpec) -> Observation:
        self._maybe_fail("observe")
        machine = self.machines.get(spec.id)
        if machine is None:
            return Observation(DeviceState.ABSENT, detail="No machine.")
        if machine["state"] is DeviceState.BUILDING:
            machine["looks"] -= 1
            if machine["looks"] <= 0:
                machine["state"] = DeviceState.RUNNING
        return Observation(machine["state"], facts={"accelerator": "none"})

    def reboot(self, spec: DeviceSpec, *, hard: bool = False) -> None:
        self._maybe_fail("reboot")
        self.machines[spec.id]["state"] = DeviceState.RUNNING
        self.machines[spec.id]["bootstrap"] = dict(spec.bootstrap)

    def prepare(
        self, spec: DeviceSpec, record: Record
    ) -> Sequence[InterfaceSpec]:
        self._maybe_fail("prepare")
        if not self.chooses:
            return spec.interfaces
        return [self._turned_out(one) for one in spec.interfaces]

    def _turned_out(self, interface: InterfaceSpec) -> InterfaceSpec:
        return replace(
            interface,
            network="net-1",
            address=f"198.51.100.{interface.index + 7}",
            prefix=24,
        )

    def rebuild(self, spec: DeviceSpec, record: Record) -> None:
        self._maybe_fail("rebuild")
        self.machines.pop(spec.id, None)
        self.create(spec, record)

    def attach_interface(
        self, spec: DeviceSpec, interface: InterfaceSpec, record: Record
    ) -> InterfaceSpec:
        self._maybe_fail("attach_interface")
        record(f"port:{interface.index}", None)
        self.plugged.setdefault(spec.id, set()).add(interface.index)
        record(f"port:{interface.index}", "p")
        return self._turned_out(interface)

    def detach_interface(
        self, spec: DeviceSpec, interface: InterfaceSpec
    ) -> None:
        self._maybe_fail("detach_interface")
        self.plugged.setdefault(spec.id, set()).discard(interface.index)

    def delete(self, spec: DeviceSpec) -> bool:
        self._maybe_fail("delete")
        machine = self.machines.get(spec.id)
        if machine is None:
            return True
        machine["looks"] -= 1
        if machine["looks"] < 0:
            del self.machines[spec.id]
            self.ports.pop(spec.id, None)
        return spec.id not in self.machines

    def publish(
        self,
        spec: DeviceSpec,
        listeners: Sequence[Listener],
        peers: Sequence[Peer],
    ) -> list[Endpoint]:
        self._maybe_fail("publish")
        self.ports[spec.id] = sorted(one.name for one in listeners)
        return [
            Endpoint(one.name, one.protocol, "127.0.0.1", 40_000 + one.port)
            for one in listeners
        ]

    def console_log(self, spec: DeviceSpec, max_bytes: int) -> str:
        return "Booting\n"[-max_bytes:]

    def device_ids(self) -> set[str]:
        return set(self.machines)

    def delete_leftover(self, device_id: str) -> None:
        self.machines.pop(device_id, None)
        self.ports.pop(device_id, None)


class Hooked:
    """A driver with a point before and after every call."""

    CALLS = frozenset(
        {
            "create",
            "observe",
            "reboot",
            "delete",
            "publish",
            "bootstrap",
            "apply",
            "remove",
            "forget",
        }
    )

    def __init__(self, driver: Any, hook: Callable[[str], None]) -> None:
        self._driver = driver
        self._hook = hook

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._driver, name)
        if name not in self.CALLS:
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            self._hook(f"before {name}")
            answer = found(*args, **kwargs)
            self._hook(f"after {name}")
            return answer

        return call


class LabDrivers(Drivers):
    """The lab's cloud, whatever a template names; noop inside."""

    def __init__(
        self,
        conf: Any,
        cloud: Cloud,
        hook: Callable[[str], None],
        relay: LateRelay,
    ) -> None:
        super().__init__(conf, relay)
        self._lab_infra: Any = Hooked(cloud, hook)
        self._lab_mgmt: Any = Hooked(NoopMgmtDriver(conf, relay), hook)

    def infra(self, name: str) -> Any:
        return self._lab_infra

    def intents(self, name: str) -> Sequence[str]:
        return tuple(self._lab_infra.intents)

    def mgmt(self, name: str) -> Any:
        return super().mgmt(name) if name == "agent" else self._lab_mgmt


class Lab:
    """One installation: database, cloud, and conductors that come and go."""

    def __init__(self, conf: Any, set_clock: Callable[[int], None]) -> None:
        self.conf = conf
        self.cloud = Cloud()
        self.relay = LateRelay()
        self._set_clock = set_clock
        self.now = 1_800_000_000 * clock.SECOND
        self._set_clock(self.now)
        self.template_id = ""

    def advance(self, seconds: float) -> None:
        self.now += int(seconds * clock.SECOND)
        self._set_clock(self.now)

    def conductor(
        self, hook: Callable[[str], None] = lambda point: None
    ) -> Conductor:
        """A fresh process."""
        return Conductor(
            self.conf,
            self.relay,
            drivers=LabDrivers(self.conf, self.cloud, hook, self.relay),
            hook=hook,
            jitter=lambda: 1.0,
        )

    def settle(self, conductor: Conductor, limit: float = 3600) -> None:
        """Let time pass until nothing is left to do."""
        end = self.now + int(limit * clock.SECOND)
        while True:
            conductor.drain()
            due = self.next_due(conductor)
            if due is None:
                return
            if due > end:
                raise AssertionError(f"not settled after {limit} s")
            self.now = max(due, self.now + 1)
            self._set_clock(self.now)

    def next_due(self, conductor: Conductor) -> int | None:
        """When something happens next, leases that run out included."""
        with db.reader() as session:
            lease = session.scalar(
                sa.select(sa.func.min(models.Operation.lease_until))
            )
        found = [conductor.next_due(), None if lease is None else lease + 1]
        return min((due for due in found if due is not None), default=None)

    # -- what the api would write ------------------------------------------

    def template(self, **spec: Any) -> str:
        template_id = str(uuid.uuid4())
        with db.writer() as session:
            session.add(
                models.DeviceTemplate(
                    id=template_id,
                    seq=1,
                    project_id="p",
                    name="t",
                    revision=1,
                    properties={},
                    created_at=self.now,
                    updated_at=self.now,
                )
            )
            session.flush()
            session.add(
                models.DeviceTemplateRevision(
                    template_id=template_id,
                    revision=1,
                    spec={
                        "infra_driver": "lab",
                        "infra_options": {},
                        "mgmt_driver": "noop",
                        "mgmt_options": {},
                        "interfaces": [],
                        "service_types": ["loadbalancer"],
                        "slots": 4,
                        "health": {},
                    }
                    | spec,
                    created_at=self.now,
                )
            )
        self.template_id = template_id
        return template_id

    def device(self, template_id: str | None = None) -> tuple[str, str]:
        """Ask for a device; return its id and the operation's."""
        device_id = str(uuid.uuid4())
        with db.writer() as session:
            row = models.Device(
                id=device_id,
                seq=1,
                project_id="p",
                user_id="u",
                name="d",
                provisioning_status=ProvisioningStatus.PENDING_CREATE,
                operating_status=OperatingStatus.UNKNOWN,
                template_id=template_id or self.template_id,
                template_revision=1,
                slots=4,
                facts={},
                generation=1,
                observed_generation=0,
                properties={},
                created_at=self.now,
                updated_at=self.now,
            )
            session.add(row)
            session.flush()
            digits = device_id[:6]
            session.add(
                models.DeviceInterface(
                    device_id=device_id,
                    index=0,
                    role="ingress",
                    network="user",
                    mac=f"52:54:00:{digits[:2]}:{digits[2:4]}:{digits[4:]}",
                )
            )
            operation = self._ask(session, row, Action.CREATE)
        return device_id, operation

    def service(
        self, device_id: str, config: Mapping[str, Any] = CONFIG
    ) -> tuple[str, str]:
        service_id = str(uuid.uuid4())
        with db.writer() as session:
            row = models.Service(
                id=service_id,
                seq=1,
                project_id="p",
                user_id="u",
                name="s",
                provisioning_status=ProvisioningStatus.PENDING_CREATE,
                operating_status=OperatingStatus.UNKNOWN,
                device_id=device_id,
                service_type="loadbalancer",
                slots=1,
                config=dict(config),
                digest=f"sha256:{1:064x}",
                generation=1,
                observed_generation=0,
                endpoints=[],
                members=[],
                properties={},
                created_at=self.now,
                updated_at=self.now,
            )
            session.add(row)
            session.flush()
            operation = self._ask(session, row, Action.CREATE)
        return service_id, operation

    def update(self, service_id: str, config: Mapping[str, Any]) -> str:
        with db.writer() as session:
            row = session.get_one(models.Service, service_id)
            row.config = dict(config)
            row.generation += 1
            row.digest = f"sha256:{row.generation:064x}"
            if row.provisioning_status != ProvisioningStatus.PENDING_CREATE:
                row.provisioning_status = ProvisioningStatus.PENDING_UPDATE
            return self._ask(session, row, Action.UPDATE)

    def reboot(self, device_id: str) -> str:
        with db.writer() as session:
            row = session.get_one(models.Device, device_id)
            row.provisioning_status = ProvisioningStatus.PENDING_UPDATE
            return self._ask(session, row, Action.REBOOT)

    def rebuild(self, device_id: str) -> str:
        with db.writer() as session:
            row = session.get_one(models.Device, device_id)
            row.provisioning_status = ProvisioningStatus.PENDING_UPDATE
            return self._ask(session, row, Action.REBUILD)

    def attach(self, device_id: str, index: int) -> str:
        with db.writer() as session:
            row = session.get_one(models.Device, device_id)
            row.provisioning_status = ProvisioningStatus.PENDING_UPDATE
            row.generation += 1
            session.add(
                models.DeviceInterface(
                    device_id=device_id,
                    index=index,
                    role="ingress",
                    network="asked",
                    mac=f"52:54:00:00:01:{index:02x}",
                    attached=False,
                )
            )
            return self._ask(session, row, Action.ATTACH, index=index)

    def detach(self, device_id: str, index: int) -> str:
        with db.writer() as session:
            row = session.get_one(models.Device, device_id)
            row.provisioning_status = ProvisioningStatus.PENDING_UPDATE
            row.generation += 1
            interface = (device_id, index)
            session.get_one(models.DeviceInterface, interface).attached = False
            return self._ask(session, row, Action.DETACH, index=index)

    def interfaces(self, device_id: str) -> list[models.DeviceInterface]:
        table = models.DeviceInterface
        with db.reader() as session:
            return list(
                session.scalars(
                    sa.select(table)
                    .where(table.device_id == device_id)
                    .order_by(table.index)
                )
            )

    def delete_device(self, device_id: str) -> str:
        with db.writer() as session:
            lock_device(session, device_id)
            row = session.get_one(models.Device, device_id)
            operations.supersede(session, device_id)
            row.provisioning_status = ProvisioningStatus.PENDING_DELETE
            operation = self._ask(session, row, Action.DELETE)
            session.execute(
                sa.update(models.Service)
                .where(models.Service.device_id == device_id)
                .values(
                    provisioning_status=ProvisioningStatus.PENDING_DELETE,
                    operation_id=operation,
                )
            )
            return operation

    def delete_service(self, service_id: str) -> str:
        with db.writer() as session:
            lock_service(session, service_id)
            row = session.get_one(models.Service, service_id)
            operations.supersede(
                session, row.device_id, resource_id=service_id
            )
            row.provisioning_status = ProvisioningStatus.PENDING_DELETE
            return self._ask(session, row, Action.DELETE)

    def retry(self, operation_id: str) -> None:
        with self.change(models.Operation, operation_id) as row:
            session = sa.orm.object_session(row)
            assert session is not None
            operations.retry(session, row, timeout=600)

    def hold(self, scope: str, target: str = "", seconds: int = 60) -> None:
        """What an operator's hold does to the database."""
        with db.writer() as session:
            session.add(
                models.Hold(
                    id=f"{scope}-{target[-8:]}",
                    scope=scope,
                    target=target,
                    project_id="default",
                    user_id="u",
                    reason="Hands off",
                    created_at=self.now,
                    updated_at=self.now,
                    expires_at=self.now + seconds * clock.SECOND,
                )
            )

    def cancel(self, operation_id: str) -> None:
        with self.change(models.Operation, operation_id) as row:
            session = sa.orm.object_session(row)
            assert session is not None
            operations.cancel(session, row)

    def _ask(
        self, session: Any, row: Any, action: Action, **arguments: Any
    ) -> str:
        device = isinstance(row, models.Device)
        operation = operations.enqueue(
            session,
            resource_type="device" if device else "service",
            resource_id=row.id,
            device_id=row.id if device else row.device_id,
            action=action,
            arguments={"generation": row.generation, **arguments},
            project_id="p",
            timeout=self.conf.conductor.operation_timeout,
            request_id="req-1",
        )
        row.operation_id = operation.id
        return operation.id

    # -- looking -------------------------------------------------------------

    @contextlib.contextmanager
    def change(self, model: Any, row_id: str) -> Iterator[Any]:
        with db.writer() as session:
            yield session.scalars(
                sa.select(model).where(model.id == row_id)
            ).one()

    def get(self, model: Any, row_id: str) -> Any:
        with db.reader() as session:
            return session.scalars(
                sa.select(model).where(model.id == row_id)
            ).first()

    def get_key(self, model: Any, key: Any) -> Any:
        with db.reader() as session:
            return session.get(model, key)

    def all(self, model: Any) -> list[Any]:
        with db.reader() as session:
            return list(session.scalars(sa.select(model)))

    def operation(self, operation_id: str) -> models.Operation:
        found: models.Operation = self.get(models.Operation, operation_id)
        return found

    def steps(self, operation_id: str) -> list[tuple[str, str]]:
        with db.reader() as session:
            return [
                (row.name, row.state)
                for row in session.scalars(
                    sa.select(models.OperationStep)
                    .where(models.OperationStep.operation_id == operation_id)
                    .order_by(models.OperationStep.position)
                )
            ]

    def events(self, **where: Any) -> list[models.Event]:
        with db.reader() as session:
            query = sa.select(models.Event).order_by(models.Event.seq)
            for name, value in where.items():
                query = query.where(getattr(models.Event, name) == value)
            return list(session.scalars(query))

    def count(self, model: Any) -> int:
        with db.reader() as session:
            return int(
                session.scalar(sa.select(sa.func.count()).select_from(model))
                or 0
            )

    def inside(self, device_id: str) -> Mapping[str, Any]:
        """What the noop "agent" of the device has."""
        return (
            NoopMgmtDriver(self.conf, self.relay).observe(device_id).services
        )

    def noop_files(self) -> Iterator[Path]:
        """What the noop mgmt driver keeps of devices."""
        return (Path(self.conf.state_dir) / "noop-mgmt").glob("*")
