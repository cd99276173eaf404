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
    row = session.get(models.Device, device_id)
    return None if row is None else _view(session, row)


def all_devices(
    session: orm.Session, status: ProvisioningStatus
) -> Iterator[DeviceView]:
    """Read every device with this provisioning status."""
    rows = session.scalars(
        sa.select(models.Device).where(
            models.Device.provisioning_status == status
        )
    ).all()
    for row in rows:
        yield _view(session, row)


def document(service: models.Service) -> ServiceDocument:
    """The service as its mgmt driver wants it."""
    return ServiceDocument(
        id=service.id,
        service_type=service.service_type,
        generation=service.generation,
        digest=service.digest,
        config=service.config,
    )


def _view(session: orm.Session, row: models.Device) -> DeviceView:
    revision = session.get(
        models.DeviceTemplateRevision,
        (row.template_id, row.template_revision),
    )
    if revision is None:
        raise LookupError(
            f"device {row.id} names a template revision that does not exist"
        )
    interfaces = session.scalars(
        sa.select(models.DeviceInterface)
        .where(models.DeviceInterface.device_id == row.id)
        .order_by(models.DeviceInterface.index)
    )
    ledger = session.scalars(
        sa.select(models.DeviceResource).where(
            models.DeviceResource.device_id == row.id
        )
    ).all()
    services = session.scalars(
        sa.select(models.Service)
        .where(
            models.Service.device_id == row.id,
            models.Service.provisioning_status
            != ProvisioningStatus.PENDING_DELETE,
        )
        .order_by(models.Service.seq)
    ).all()
    return DeviceView(
        row=row,
        template=revision.spec,
        interfaces=[
            InterfaceSpec(
                role=interface.role,
                index=interface.index,
                network=interface.network,
                mac=interface.mac,
                address=interface.address,
                prefix=interface.prefix,
                gateway=interface.gateway,
            )
            for interface in interfaces
        ],
        ledger={
            entry.kind: entry.external_id
            for entry in ledger
            if entry.external_id and entry.state != LedgerState.INTENT
        },
        touched=bool(ledger),
        services=services,
    )
