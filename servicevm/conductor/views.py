"""What steps read: one consistent look at a device or a service."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.db import models, packed
from servicevm.drivers.infra.base import DeviceSpec, InterfaceSpec
from servicevm.drivers.mgmt.base import ServiceDocument
from servicevm.states import LedgerState, ProvisioningStatus

__all__ = [
    "DeviceRow",
    "DeviceView",
    "all_devices",
    "document",
    "fresh",
    "load_device",
    "load_devices",
]

#: Most devices that are read at once.
PAGE = 200
#: Seconds for which a step need not read again what the one before, or the
#: claim, has read. What others may have changed of a device since, they tell
#: it by operations of their own, which come after.
FRESH = 1.0


class DeviceRow(NamedTuple):
    """What steps and sweeps read of a device's row."""

    id: str
    name: str
    project_id: str
    template_id: str
    provisioning_status: str
    operating_status: str
    status_reason: str
    generation: int
    relay_group: str | None


@dataclass(frozen=True)
class DeviceView:
    """A device with all that driving it takes.

    :param revision: what the device's template revision says
    :param interfaces: those that it has
    :param unattached: those that are asked for and not there, or on their
        way out; one that was refused must not stand in a rebuild's way
    :param ledger: external ids, kind to id
    :param recorded: kinds of which the ledger has an entry, an intent too;
        anything of them may exist outside
    :param services: of the device, without those on their way out
    :param fence: of the operation that looks at it; 0 for none
    :param at: when it was read, in monotonic seconds
    """

    row: DeviceRow
    revision: Mapping[str, Any] | None
    interfaces: Sequence[InterfaceSpec]
    unattached: Sequence[InterfaceSpec]
    ledger: Mapping[str, str]
    recorded: frozenset[str]
    services: Sequence[models.Service]
    fence: int = 0
    at: float = field(default_factory=time.monotonic)

    @property
    def template(self) -> Mapping[str, Any]:
        """What the device's template revision says.

        :raises LookupError: where there is no such revision
        """
        if self.revision is None:
            raise LookupError(
                f"device {self.row.id} names a template revision that does "
                "not exist"
            )
        return self.revision

    @property
    def touched(self) -> bool:
        """Whether anything of it may exist outside."""
        return bool(self.recorded)

    @property
    def infra_driver(self) -> str:
        return str(self.template["infra_driver"])

    @property
    def mgmt_driver(self) -> str:
        return str(self.template["mgmt_driver"])

    def spec(self, bootstrap: Mapping[str, bytes] | None = None) -> DeviceSpec:
        """The device as its infra driver wants it."""
        return DeviceSpec(
            id=self.row.id,
            name=self.row.name,
            project_id=self.row.project_id,
            options=self.template.get("infra_options") or {},
            interfaces=self.interfaces,
            bootstrap=bootstrap or {},
            ledger=self.ledger,
            fence=self.fence,
        )


def fresh(device: DeviceView | None) -> DeviceView | None:
    """The device, if it was read within `FRESH`."""
    if device is None or time.monotonic() - device.at > FRESH:
        return None
    return device


def load_device(session: orm.Session, device_id: str) -> DeviceView | None:
    """Read the device; None if there is none."""
    return load_devices(session, [device_id]).get(device_id)


def load_devices(
    session: orm.Session, device_ids: Sequence[str]
) -> dict[str, DeviceView]:
    """Read the devices that there are of these, by id, the oldest first.

    One query, and one more where some of them have services.
    """
    rows = [
        _READS.read(row)
        for row in session.execute(_QUERY, {"devices": list(device_ids)})
    ]
    with_services = [row.id for row in rows if row.services]
    services: dict[str, list[models.Service]] = {
        one: [] for one in with_services
    }
    if with_services:
        for service in session.scalars(
            sa.select(models.Service)
            .where(
                models.Service.device_id.in_(with_services),
                models.Service.provisioning_status
                != ProvisioningStatus.PENDING_DELETE,
            )
            .order_by(models.Service.seq)
        ):
            services[service.device_id].append(service)
    return {row.id: _view(row, services.get(row.id, [])) for row in rows}


def all_devices(
    session: orm.Session, status: ProvisioningStatus | None = None
) -> Iterator[DeviceView]:
    """Read every device, those with this provisioning status only.

    Two queries for each `PAGE` of them.
    """
    query = sa.select(models.Device.id).order_by(models.Device.seq)
    if status is not None:
        query = query.where(models.Device.provisioning_status == status)
    ids = session.scalars(query).all()
    for first in range(0, len(ids), PAGE):
        page = ids[first : first + PAGE]
        yield from load_devices(session, page).values()


def document(service: models.Service) -> ServiceDocument:
    """The service as its mgmt driver wants it."""
    return ServiceDocument(
        id=service.id,
        service_type=service.service_type,
        generation=service.generation,
        digest=service.digest,
        config=service.config,
    )


_DEVICE = models.table(models.Device)
_REVISION = models.table(models.DeviceTemplateRevision)
_INTERFACE = models.table(models.DeviceInterface).c
_ENTRY = models.table(models.DeviceResource).c
_SERVICE = models.table(models.Service).c

#: How a device is read with what belongs to it and is small; its services'
#: configurations are of any size.
_READS = packed.Rows(
    {
        **{name: _DEVICE.c[name] for name in DeviceRow._fields},
        "revision": _REVISION.c.spec,
    },
    {
        "interfaces": packed.part(
            packed.gathered(
                packed.array(
                    _INTERFACE.role,
                    _INTERFACE.idx,
                    _INTERFACE.network,
                    _INTERFACE.mac,
                    _INTERFACE.address,
                    _INTERFACE.prefix,
                    _INTERFACE.gateway,
                    _INTERFACE.subnet,
                    _INTERFACE.port,
                    _INTERFACE.attached,
                )
            ),
            _DEVICE,
            _INTERFACE.device_id == _DEVICE.c.id,
        ),
        "ledger": packed.part(
            packed.gathered(
                packed.array(_ENTRY.kind, _ENTRY.external_id, _ENTRY.state)
            ),
            _DEVICE,
            _ENTRY.device_id == _DEVICE.c.id,
        ),
        "services": packed.part(
            packed.gathered(_SERVICE.id),
            _DEVICE,
            _SERVICE.device_id == _DEVICE.c.id,
        ),
    },
)
_QUERY = (
    sa.select(*_READS.selected)
    .select_from(
        sa.outerjoin(
            _DEVICE,
            _REVISION,
            (_REVISION.c.template_id == _DEVICE.c.template_id)
            & (_REVISION.c.revision == _DEVICE.c.template_revision),
        )
    )
    .where(_DEVICE.c.id.in_(sa.bindparam("devices", expanding=True)))
    .order_by(_DEVICE.c.seq)
)


def _view(row: Any, services: Sequence[models.Service]) -> DeviceView:
    ledger = row.ledger or []
    interfaces = _interfaces(row.interfaces or [], row.revision or {})
    return DeviceView(
        row=DeviceRow(*row[: len(DeviceRow._fields)]),
        revision=row.revision,
        interfaces=[one for one, attached in interfaces if attached],
        unattached=[one for one, attached in interfaces if not attached],
        ledger={
            kind: external_id
            for kind, external_id, state in ledger
            if external_id and state != LedgerState.INTENT
        },
        recorded=frozenset(kind for kind, _, _ in ledger),
        services=services,
    )


def _interfaces(
    rows: Iterable[Sequence[Any]], revision: Mapping[str, Any]
) -> list[tuple[InterfaceSpec, bool]]:
    """Interfaces in their order, and whether the device has them.

    Each says whether the template vouches for its network.

    Those that a template has come first, by its order; what is attached
    later never gets an index of theirs.
    """
    templates = revision.get("interfaces") or ()
    named = {
        index
        for index, template in enumerate(templates)
        if template.get("network")
    }
    found = []
    for *values, attached in rows:
        one = InterfaceSpec(*values)
        vouched = one.index in named
        # Databases without booleans say 0 and 1.
        found.append((replace(one, of_template=vouched), bool(attached)))
    return sorted(found, key=lambda pair: pair[0].index)
