"""Tables. Times are integer microseconds since the epoch, UTC, as 64-bit
integers: a FLOAT column rounds epoch seconds to minutes on MariaDB."""

from typing import Any

import sqlalchemy as sa
from oslo_db.sqlalchemy import types as oslo_types
from sqlalchemy import orm

# SQLite counts up only in a column whose type is exactly INTEGER.
Serial = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Uuid = sa.String(36)
Json = oslo_types.JsonEncodedDict(mysql_as_long=True)
JsonList = oslo_types.JsonEncodedList(mysql_as_long=True)


class Base(orm.DeclarativeBase):
    # Every constraint has a name, so that a migration can drop it.
    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {int: sa.BigInteger, str: sa.String(255)}


def table(model: type[Base]) -> sa.Table:
    """The model's table: statements on it cost less than on the model."""
    return Base.metadata.tables[model.__tablename__]


def _index(table: str, *columns: str) -> sa.Index:
    return sa.Index(f"ix_{table}_{'_'.join(columns)}", *columns)


def _sorts(table: str, *columns: str) -> tuple[sa.Index, ...]:
    """What a page of a list needs, of one project and of all.

    A page is found by its sort's column and, where that is equal, by age;
    see servicevm.db.listing.
    """
    keys = [("seq", "id"), *((column, "seq", "id") for column in columns)]
    return (
        *(_index(table, *key) for key in keys),
        *(_index(table, "project_id", *key) for key in keys),
    )


class DeviceTemplate(Base):
    """The head of a template; what it says is in its revisions."""

    __tablename__ = "device_templates"
    # Every project sees all of them: no list is of one project.
    __table_args__ = (
        _index(__tablename__, "seq", "id"),
        _index(__tablename__, "name", "seq", "id"),
        _index(__tablename__, "updated_at", "seq", "id"),
    )

    id: orm.Mapped[str] = orm.mapped_column(Uuid, primary_key=True)
    seq: orm.Mapped[int] = orm.mapped_column(sa.BigInteger)
    project_id: orm.Mapped[str] = orm.mapped_column(index=True)
    name: orm.Mapped[str]
    description: orm.Mapped[str] = orm.mapped_column(sa.Text, default="")
    revision: orm.Mapped[int]
    properties: orm.Mapped[dict[str, Any]] = orm.mapped_column(Json)
    created_at: orm.Mapped[int]
    updated_at: orm.Mapped[int]


class DeviceTemplateRevision(Base):
    """What a template said at one revision; never changed.

    ``spec`` holds infra_driver, infra_options, mgmt_driver, mgmt_options,
    interfaces, service_types, slots and health.
    """

    __tablename__ = "device_template_revisions"

    template_id: orm.Mapped[str] = orm.mapped_column(
        Uuid,
        sa.ForeignKey("device_templates.id", ondelete="CASCADE"),
        primary_key=True,
    )
    revision: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    spec: orm.Mapped[dict[str, Any]] = orm.mapped_column(Json)
    created_at: orm.Mapped[int]


class _Stateful:
    """Columns that devices and services share."""

    project_id: orm.Mapped[str]
    user_id: orm.Mapped[str] = orm.mapped_column(default="")
    name: orm.Mapped[str]
    description: orm.Mapped[str] = orm.mapped_column(sa.Text, default="")
    provisioning_status: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    operating_status: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    status_code: orm.Mapped[str | None] = orm.mapped_column(sa.String(64))
    status_reason: orm.Mapped[str] = orm.mapped_column(sa.Text, default="")
    generation: orm.Mapped[int] = orm.mapped_column(default=1)
    observed_generation: orm.Mapped[int] = orm.mapped_column(default=0)
    operation_id: orm.Mapped[str | None] = orm.mapped_column(Uuid)
    properties: orm.Mapped[dict[str, Any]] = orm.mapped_column(Json)
    created_at: orm.Mapped[int]
    updated_at: orm.Mapped[int]


class Device(_Stateful, Base):
    """One managed unit that hosts services."""

    __tablename__ = "devices"
    __table_args__ = (
        *_sorts(
            __tablename__,
            "name",
            "updated_at",
            "provisioning_status",
            "operating_status",
        ),
        _index(__tablename__, "relay_group", "seq", "id"),
    )

    id: orm.Mapped[str] = orm.mapped_column(Uuid, primary_key=True)
    seq: orm.Mapped[int] = orm.mapped_column(sa.BigInteger)
    kind: orm.Mapped[str] = orm.mapped_column(sa.String(16), default="vm")
    template_id: orm.Mapped[str] = orm.mapped_column(
        Uuid, sa.ForeignKey("device_templates.id"), index=True
    )
    template_revision: orm.Mapped[int]
    slots: orm.Mapped[int]
    #: What it takes of its project's quotas; see InfraDriver.footprint.
    vcpus: orm.Mapped[int] = orm.mapped_column(
        sa.Integer, default=0, server_default="0"
    )
    ram_mib: orm.Mapped[int] = orm.mapped_column(default=0, server_default="0")
    #: Counted up by who must be alone with the device for a transaction: a
    #: write that every database, Galera too, lets only one commit.
    hold_count: orm.Mapped[int] = orm.mapped_column(
        default=0, server_default="0"
    )
    #: Whose relays its agent dials; NULL where it dials none.
    relay_group: orm.Mapped[str | None] = orm.mapped_column(sa.String(64))
    facts: orm.Mapped[dict[str, Any]] = orm.mapped_column(Json)
    launched_at: orm.Mapped[int | None]


class DeviceInterface(Base):
    """An interface of a device. An address is taken once per network."""

    __tablename__ = "device_interfaces"
    __table_args__ = (
        sa.UniqueConstraint("network", "address", name="uq_address"),
        sa.UniqueConstraint("mac", name="uq_mac"),
    )

    device_id: orm.Mapped[str] = orm.mapped_column(
        Uuid, sa.ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True
    )
    index: orm.Mapped[int] = orm.mapped_column(
        "idx", sa.Integer, primary_key=True
    )
    role: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    network: orm.Mapped[str]
    mac: orm.Mapped[str] = orm.mapped_column(sa.String(17))
    #: NULL where the network hands out none (``user``).
    address: orm.Mapped[str | None] = orm.mapped_column(sa.String(45))
    prefix: orm.Mapped[int | None] = orm.mapped_column(sa.Integer)
    gateway: orm.Mapped[str | None] = orm.mapped_column(sa.String(45))
    #: What the user asked for; see servicevm.drivers.infra.base.
    subnet: orm.Mapped[str | None]
    port: orm.Mapped[str | None]
    #: False from the request until it is plugged in.
    attached: orm.Mapped[bool] = orm.mapped_column(
        sa.Boolean, default=True, server_default=sa.true()
    )


class Service(_Stateful, Base):
    """One service instance on a device."""

    __tablename__ = "services"
    __table_args__ = _sorts(
        __tablename__,
        "name",
        "updated_at",
        "provisioning_status",
        "operating_status",
        "service_type",
    )

    id: orm.Mapped[str] = orm.mapped_column(Uuid, primary_key=True)
    seq: orm.Mapped[int] = orm.mapped_column(sa.BigInteger)
    device_id: orm.Mapped[str] = orm.mapped_column(
        Uuid, sa.ForeignKey("devices.id"), index=True
    )
    service_type: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    slots: orm.Mapped[int] = orm.mapped_column(sa.Integer)
    config: orm.Mapped[dict[str, Any]] = orm.mapped_column(Json)
    digest: orm.Mapped[str] = orm.mapped_column(sa.String(71))
    #: Name of the service that owns it, e.g. ``neutron``; its project may
    #: see it but not change it.
    managed_by: orm.Mapped[str | None] = orm.mapped_column(
        sa.String(64), index=True
    )
    #: Newest generation that the device refused, and its own words.
    failed_generation: orm.Mapped[int | None]
    failure: orm.Mapped[str] = orm.mapped_column(sa.Text, default="")
    endpoints: orm.Mapped[list[Any]] = orm.mapped_column(JsonList)
    members: orm.Mapped[list[Any]] = orm.mapped_column(JsonList)


class Tag(Base):
    """A tag of a template, device or service."""

    __tablename__ = "tags"

    resource_id: orm.Mapped[str] = orm.mapped_column(Uuid, primary_key=True)
    tag: orm.Mapped[str] = orm.mapped_column(
        sa.String(60), primary_key=True, index=True
    )


class Operation(Base):
    """The durable record of one change; see servicevm.conductor."""

    __tablename__ = "operations"
    __table_args__ = (
        sa.Index("ix_operations_claim", "state", "run_after"),
        sa.Index("ix_operations_resource", "resource_id", "seq"),
        _index(__tablename__, "device_id", "seq"),
        _index(__tablename__, "project_id", "seq"),
        _index(__tablename__, "project_id", "updated_at", "seq"),
        _index(__tablename__, "updated_at", "seq"),
        _index(__tablename__, "action", "seq"),
        _index(__tablename__, "resource_type", "seq"),
    )

    seq: orm.Mapped[int] = orm.mapped_column(
        Serial, primary_key=True, autoincrement=True
    )
    id: orm.Mapped[str] = orm.mapped_column(Uuid, unique=True)
    project_id: orm.Mapped[str]
    resource_type: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    resource_id: orm.Mapped[str] = orm.mapped_column(Uuid)
    #: What it was called last; see servicevm.db.last_names.
    resource_name: orm.Mapped[str | None]
    #: The device concerned: of a service's operation, its device.
    device_id: orm.Mapped[str] = orm.mapped_column(Uuid)
    action: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    initiator: orm.Mapped[str] = orm.mapped_column(sa.String(16))
    user_id: orm.Mapped[str] = orm.mapped_column(default="")
    request_id: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    idempotency_key: orm.Mapped[str | None]
    #: Arguments of the action and the generation it is to reach.
    arguments: orm.Mapped[dict[str, Any]] = orm.mapped_column(Json)
    state: orm.Mapped[str] = orm.mapped_column(sa.String(16))
    #: Name, not index, of the step to do next: it survives upgrades.
    step: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    step_data: orm.Mapped[dict[str, Any]] = orm.mapped_column(Json)
    plan_version: orm.Mapped[int] = orm.mapped_column(sa.Integer)
    owner: orm.Mapped[str | None]
    fence: orm.Mapped[int] = orm.mapped_column(default=0)
    lease_until: orm.Mapped[int | None]
    #: Attempts at the present step.
    attempts: orm.Mapped[int] = orm.mapped_column(sa.Integer, default=0)
    run_after: orm.Mapped[int]
    deadline: orm.Mapped[int]
    cancel_requested: orm.Mapped[bool] = orm.mapped_column(
        sa.Boolean, default=False
    )
    #: Why it is to end: reason code given with cancel_requested.
    cancel_code: orm.Mapped[str | None] = orm.mapped_column(sa.String(64))
    error_code: orm.Mapped[str | None] = orm.mapped_column(sa.String(64))
    error_text: orm.Mapped[str] = orm.mapped_column(sa.Text, default="")
    created_at: orm.Mapped[int]
    started_at: orm.Mapped[int | None]
    finished_at: orm.Mapped[int | None]
    updated_at: orm.Mapped[int]


class OperationStep(Base):
    """The timeline of an operation: one row per step that was begun."""

    __tablename__ = "operation_steps"

    operation_id: orm.Mapped[str] = orm.mapped_column(
        Uuid,
        sa.ForeignKey("operations.id", ondelete="CASCADE"),
        primary_key=True,
    )
    position: orm.Mapped[int] = orm.mapped_column(sa.Integer, primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    state: orm.Mapped[str] = orm.mapped_column(sa.String(16))
    attempts: orm.Mapped[int] = orm.mapped_column(sa.Integer, default=0)
    message: orm.Mapped[str] = orm.mapped_column(sa.Text, default="")
    started_at: orm.Mapped[int]
    finished_at: orm.Mapped[int | None]


class Event(Base):
    """Something that happened, for people; `seq` is the paging marker."""

    __tablename__ = "events"
    __table_args__ = (
        sa.Index("ix_events_resource", "resource_id", "seq"),
        _index(__tablename__, "device_id", "seq"),
        _index(__tablename__, "project_id", "seq"),
        _index(__tablename__, "type", "seq"),
        _index(__tablename__, "severity", "seq"),
        _index(__tablename__, "resource_type", "seq"),
    )

    seq: orm.Mapped[int] = orm.mapped_column(
        Serial, primary_key=True, autoincrement=True
    )
    id: orm.Mapped[str] = orm.mapped_column(Uuid, unique=True)
    project_id: orm.Mapped[str]
    at: orm.Mapped[int] = orm.mapped_column(index=True)
    #: Dotted, e.g. ``device.operating_status``, ``operation.failed``.
    type: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    severity: orm.Mapped[str] = orm.mapped_column(sa.String(16))
    resource_type: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    resource_id: orm.Mapped[str] = orm.mapped_column(Uuid)
    #: What it was called last; see servicevm.db.last_names.
    resource_name: orm.Mapped[str | None]
    device_id: orm.Mapped[str | None] = orm.mapped_column(Uuid)
    operation_id: orm.Mapped[str | None] = orm.mapped_column(Uuid)
    request_id: orm.Mapped[str | None] = orm.mapped_column(sa.String(64))
    code: orm.Mapped[str | None] = orm.mapped_column(sa.String(64))
    #: Who asked for it; None where nobody did.
    user_id: orm.Mapped[str | None]
    #: What the message says, for programs; keys depend on the type.
    facts: orm.Mapped[dict[str, Any]] = orm.mapped_column(Json, nullable=True)
    message: orm.Mapped[str] = orm.mapped_column(sa.Text, default="")


class DeviceResource(Base):
    """The ledger: an external thing, recorded before it is made."""

    __tablename__ = "device_resources"

    device_id: orm.Mapped[str] = orm.mapped_column(
        Uuid, sa.ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True
    )
    kind: orm.Mapped[str] = orm.mapped_column(sa.String(64), primary_key=True)
    driver: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    state: orm.Mapped[str] = orm.mapped_column(sa.String(16))
    external_id: orm.Mapped[str | None]
    created_at: orm.Mapped[int]
    updated_at: orm.Mapped[int]


class EnrolmentToken(Base):
    """A one-time token; only its hash is here.

    ``spki_hash`` is set by the first CSR: the same key again gets the same
    ``certificate``, another key is refused.
    """

    __tablename__ = "enrolment_tokens"

    device_id: orm.Mapped[str] = orm.mapped_column(
        Uuid, sa.ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True
    )
    token_hash: orm.Mapped[str] = orm.mapped_column(sa.String(64), unique=True)
    expires_at: orm.Mapped[int]
    spki_hash: orm.Mapped[str | None] = orm.mapped_column(sa.String(64))
    certificate: orm.Mapped[str | None] = orm.mapped_column(sa.Text)
    created_at: orm.Mapped[int]


class AgentCertificate(Base):
    """The allow-list: a session needs its serial here and not revoked."""

    __tablename__ = "agent_certificates"

    serial: orm.Mapped[str] = orm.mapped_column(
        sa.String(40), primary_key=True
    )
    device_id: orm.Mapped[str] = orm.mapped_column(
        Uuid, sa.ForeignKey("devices.id", ondelete="CASCADE"), index=True
    )
    spki_hash: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    not_before: orm.Mapped[int]
    not_after: orm.Mapped[int]
    revoked_at: orm.Mapped[int | None]


class AgentSession(Base):
    """The newest session of a device's agent."""

    __tablename__ = "agent_sessions"

    device_id: orm.Mapped[str] = orm.mapped_column(
        Uuid, sa.ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True
    )
    epoch: orm.Mapped[int]
    relay: orm.Mapped[str]
    connected: orm.Mapped[bool] = orm.mapped_column(sa.Boolean)
    serial: orm.Mapped[str] = orm.mapped_column(sa.String(40))
    boot_id: orm.Mapped[str] = orm.mapped_column(sa.String(36))
    agent_version: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    ready: orm.Mapped[bool] = orm.mapped_column(sa.Boolean)
    connected_at: orm.Mapped[int]
    last_seen: orm.Mapped[int]


class _Healing:
    """How far it has come; see servicevm.healing."""

    began_at: orm.Mapped[int]
    tries: orm.Mapped[int] = orm.mapped_column(sa.Integer, default=0)
    tried_at: orm.Mapped[int | None]
    #: Of the last attempt.
    operation_id: orm.Mapped[str | None] = orm.mapped_column(Uuid)
    gave_up: orm.Mapped[bool] = orm.mapped_column(sa.Boolean, default=False)
    #: Why an attempt that is due is not made; a servicevm.healing.Waits.
    waits_for: orm.Mapped[str | None] = orm.mapped_column(sa.String(32))


class DeviceHealing(_Healing, Base):
    """Of a device that is lost."""

    __tablename__ = "device_healings"

    device_id: orm.Mapped[str] = orm.mapped_column(
        Uuid, sa.ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True
    )


class ServiceHealing(_Healing, Base):
    """Of a service that is sick."""

    __tablename__ = "service_healings"

    service_id: orm.Mapped[str] = orm.mapped_column(
        Uuid,
        sa.ForeignKey("services.id", ondelete="CASCADE"),
        primary_key=True,
    )


class Breaker(Base):
    """Healing stopped in a domain, because too much was lost at once."""

    __tablename__ = "breakers"

    #: See servicevm.conductor.breaker.
    domain: orm.Mapped[str] = orm.mapped_column(
        sa.String(128), primary_key=True
    )
    #: Lists find everything by an id or a name; these are its domain.
    id: orm.Mapped[str] = orm.synonym("domain")
    name: orm.Mapped[str] = orm.synonym("domain")
    tripped_at: orm.Mapped[int]
    lost: orm.Mapped[int] = orm.mapped_column(sa.Integer)
    devices: orm.Mapped[int] = orm.mapped_column(sa.Integer)
    #: An operator let healing go on; it does not stop again before this.
    released_until: orm.Mapped[int | None]


class IdempotencyKey(Base):
    """What a POST with an Idempotency-Key made; the same again gets it."""

    __tablename__ = "idempotency_keys"

    project_id: orm.Mapped[str] = orm.mapped_column(primary_key=True)
    key: orm.Mapped[str] = orm.mapped_column("idem_key", primary_key=True)
    request_hash: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    resource_type: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    resource_id: orm.Mapped[str] = orm.mapped_column(Uuid)
    created_at: orm.Mapped[int] = orm.mapped_column(index=True)


class QuotaLimit(Base):
    """A project's own limit, where it has one; -1 is unlimited."""

    __tablename__ = "quota_limits"

    project_id: orm.Mapped[str] = orm.mapped_column(primary_key=True)
    resource: orm.Mapped[str] = orm.mapped_column(
        sa.String(32), primary_key=True
    )
    limit: orm.Mapped[int] = orm.mapped_column("max_value")
    updated_at: orm.Mapped[int]


class QuotaHold(Base):
    """One row a project: who counts its usage holds it until commit."""

    __tablename__ = "quota_holds"

    project_id: orm.Mapped[str] = orm.mapped_column(primary_key=True)
    count: orm.Mapped[int] = orm.mapped_column("hold_count", default=0)


class UsageSpan(Base):
    """A time during which a device or service took the same.

    It outlives what it is about; see servicevm.db.usage.
    """

    __tablename__ = "usage_spans"
    __table_args__ = (
        sa.UniqueConstraint(
            "resource_id", "started_at", "resource_type", name="uq_span"
        ),
        _index(__tablename__, "project_id", "resource_id"),
        _index(__tablename__, "ended_at"),
    )

    seq: orm.Mapped[int] = orm.mapped_column(
        Serial, primary_key=True, autoincrement=True
    )
    resource_type: orm.Mapped[str] = orm.mapped_column(sa.String(32))
    resource_id: orm.Mapped[str] = orm.mapped_column(Uuid)
    #: Of a service, its device; of a device, itself.
    device_id: orm.Mapped[str] = orm.mapped_column(Uuid)
    project_id: orm.Mapped[str]
    #: What it was called last; see servicevm.db.last_names.
    resource_name: orm.Mapped[str | None]
    #: Of a device.
    template_id: orm.Mapped[str | None] = orm.mapped_column(Uuid)
    #: Of a service.
    service_type: orm.Mapped[str | None] = orm.mapped_column(sa.String(64))
    #: A device takes processors and memory, a service slots; else 0.
    vcpus: orm.Mapped[int] = orm.mapped_column(sa.Integer)
    ram_mib: orm.Mapped[int]
    slots: orm.Mapped[int] = orm.mapped_column(sa.Integer)
    started_at: orm.Mapped[int]
    #: NULL while it lasts.
    ended_at: orm.Mapped[int | None]


class _Traffic:
    """What a service has had; see servicevm.db.traffic."""

    connections: orm.Mapped[int]
    bytes_in: orm.Mapped[int]
    bytes_out: orm.Mapped[int]


class UsageCounter(_Traffic, Base):
    """The highest totals that a service told between two boots."""

    __tablename__ = "usage_counters"
    __table_args__ = (_index(__tablename__, "updated_at"),)

    service_id: orm.Mapped[str] = orm.mapped_column(Uuid, primary_key=True)
    boot_id: orm.Mapped[str] = orm.mapped_column(
        sa.String(64), primary_key=True
    )
    updated_at: orm.Mapped[int]


class UsageTraffic(_Traffic, Base):
    """What a service had in an hour."""

    __tablename__ = "usage_traffic"
    __table_args__ = (
        _index(__tablename__, "project_id", "hour"),
        _index(__tablename__, "hour"),
    )

    service_id: orm.Mapped[str] = orm.mapped_column(Uuid, primary_key=True)
    #: When it began.
    hour: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    project_id: orm.Mapped[str]


class RelayGroup(Base):
    """What an operator has said of a relay group; one needs no row.

    A group with a project is *bound*: its relays serve that project's
    devices only. `DEFAULT_GROUP` has no row.
    """

    __tablename__ = "relay_groups"

    name: orm.Mapped[str] = orm.mapped_column(sa.String(64), primary_key=True)
    #: Lists find everything by an id; this one's is its name.
    id: orm.Mapped[str] = orm.synonym("name")
    project_id: orm.Mapped[str | None] = orm.mapped_column(index=True)
    description: orm.Mapped[str] = orm.mapped_column(sa.Text, default="")
    created_at: orm.Mapped[int]
    updated_at: orm.Mapped[int]


class Hold(Base):
    """What an operator wants nothing automatic to touch.

    There is one at most of everything, and of each other target.
    """

    __tablename__ = "holds"
    __table_args__ = (sa.UniqueConstraint("scope", "target"),)

    id: orm.Mapped[str] = orm.mapped_column(Uuid, primary_key=True)
    #: servicevm.states.HoldScope
    scope: orm.Mapped[str] = orm.mapped_column(sa.String(16))
    #: Id of the device, template or project; empty where it is everything.
    target: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    #: Whose events tell of it: its target's, else the operator's own.
    project_id: orm.Mapped[str]
    #: Who set it last.
    user_id: orm.Mapped[str]
    reason: orm.Mapped[str] = orm.mapped_column(sa.Text)
    created_at: orm.Mapped[int]
    updated_at: orm.Mapped[int]
    #: NULL: never.
    expires_at: orm.Mapped[int | None]


class Process(Base):
    """A process of this installation that says that it lives."""

    __tablename__ = "processes"

    #: ``api``, ``conductor`` or ``relay``
    role: orm.Mapped[str] = orm.mapped_column(sa.String(16), primary_key=True)
    name: orm.Mapped[str] = orm.mapped_column(sa.String(128), primary_key=True)
    id: orm.Mapped[str] = orm.mapped_column(Uuid, unique=True)
    host: orm.Mapped[str]
    #: Of a relay: its relay group.
    group: orm.Mapped[str | None] = orm.mapped_column(
        "relay_group", sa.String(64)
    )
    version: orm.Mapped[str] = orm.mapped_column(sa.String(64))
    #: Of a relay: where agents dial it, ``host:port``.
    address: orm.Mapped[str | None]
    #: Of a relay: open sessions.
    sessions: orm.Mapped[int | None] = orm.mapped_column(sa.Integer)
    #: What an operator asked for; the relay is told when it reports.
    draining: orm.Mapped[bool] = orm.mapped_column(sa.Boolean, default=False)
    started_at: orm.Mapped[int]
    last_seen: orm.Mapped[int] = orm.mapped_column(index=True)
