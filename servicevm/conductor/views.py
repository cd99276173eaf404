"""What steps read: one consistent look at a device or a service."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.db import models
from servicevm.drivers.infra.base import DeviceSpec, InterfaceSpec
from servicevm.drivers.mgmt.base import ServiceDocument
from servicevm.states import LedgerState, ProvisioningStatus

__all__ = ["DeviceView", "all_devices", "document", "load_device"]

#: Most devices that are read at once.
PAGE = 200


@dataclass(frozen=True)
class DeviceView:
    """A device with all that driving it takes.

    :param template: what the device's template revision says
    :param ledger: external ids, kind to id
    :param touched: anything of it may exist outside
    :param services: of the device, without those on their way out
    :param fence: of the operation that looks at it; 0 for none
    """

    row: models.Device
    template: Mapping[str, Any]
    interfaces: Sequence[InterfaceSpec]
    ledger: Mapping[str, str]
    touched: bool
    services: Sequence[models.Service]
    fence: int = 0

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


def load_device(session: orm.Session, device_id: str) -> DeviceView | None:
    """Read the device; None if there is none."""
    found = _views(session, models.Device.id == device_id)
    return found[0] if found else None


def all_devices(
    session: orm.Session, status: ProvisioningStatus | None = None
) -> Iterator[DeviceView]:
    """Read every device, those with this provisioning status only.

    Three queries for each `PAGE` of them.
    """
    query = sa.select(models.Device.id).order_by(models.Device.seq)
    if status is not None:
        query = query.where(models.Device.provisioning_status == status)
    ids = session.scalars(query).all()
    for first in range(0, len(ids), PAGE):
        page = ids[first : first + PAGE]
        yield from _views(session, models.Device.id.in_(page))


def document(service: models.Service) -> ServiceDocument:
    """The service as its mgmt driver wants it."""
    return ServiceDocument(
        id=service.id,
        service_type=service.service_type,
        generation=service.generation,
        digest=service.digest,
        config=service.config,
    )


def _views(
    session: orm.Session, where: sa.ColumnElement[bool]
) -> list[DeviceView]:
    rows = session.execute(
        sa.select(
            models.Device,
            models.DeviceTemplateRevision,
            models.DeviceInterface,
        )
        .outerjoin(
            models.DeviceTemplateRevision,
            (
                models.DeviceTemplateRevision.template_id
                == models.Device.template_id
            )
            & (
                models.DeviceTemplateRevision.revision
                == models.Device.template_revision
            ),
        )
        .outerjoin(
            models.DeviceInterface,
            models.DeviceInterface.device_id == models.Device.id,
        )
        .where(where)
        .order_by(models.Device.seq, models.DeviceInterface.index)
    ).all()
    if not rows:
        return []
    devices = {row[0].id: row for row in rows}
    interfaces: dict[str, list[InterfaceSpec]] = {one: [] for one in devices}
    for device, _, interface in rows:
        if interface is not None:
            interfaces[device.id].append(_interface(interface))
    ledgers: dict[str, list[models.DeviceResource]] = {
        one: [] for one in devices
    }
    for entry in session.scalars(
        sa.select(models.DeviceResource).where(
            models.DeviceResource.device_id.in_(list(devices))
        )
    ):
        ledgers[entry.device_id].append(entry)
    services: dict[str, list[models.Service]] = {one: [] for one in devices}
    for service in session.scalars(
        sa.select(models.Service)
        .where(
            models.Service.device_id.in_(list(devices)),
            models.Service.provisioning_status
            != ProvisioningStatus.PENDING_DELETE,
        )
        .order_by(models.Service.seq)
    ):
        services[service.device_id].append(service)
    return [
        DeviceView(
            row=device,
            template=_spec(device, revision),
            interfaces=interfaces[device.id],
            ledger={
                entry.kind: entry.external_id
                for entry in ledgers[device.id]
                if entry.external_id and entry.state != LedgerState.INTENT
            },
            touched=bool(ledgers[device.id]),
            services=services[device.id],
        )
        for device, revision, _ in devices.values()
    ]


def _spec(
    device: models.Device, revision: models.DeviceTemplateRevision | None
) -> Mapping[str, Any]:
    if revision is None:
        raise LookupError(
            f"device {device.id} names a template revision that does not exist"
        )
    return revision.spec


def _interface(row: models.DeviceInterface) -> InterfaceSpec:
    return InterfaceSpec(
        role=row.role,
        index=row.index,
        network=row.network,
        mac=row.mac,
        address=row.address,
        prefix=row.prefix,
        gateway=row.gateway,
    )
