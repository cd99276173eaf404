"""Which other service of the cloud owns something: ``managed_by``.

A service that has it belongs to whom made it. So do, as long as it is
there, the device that it is on and the operations on both: its project
would else take it down from under its owner.
"""

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.db import models
from servicevm.states import ResourceType

_SERVICE = models.Service


class Owner(NamedTuple):
    """Who owns something.

    :param user_id: who may change it besides administrators; empty where
        there is more than one owner
    :param sentence: what of it belongs to whom
    """

    user_id: str
    sentence: str


def of_service(row: Any) -> Owner | None:
    """The owner of a service.

    :param row: with its id, ``managed_by`` and ``user_id``
    """
    if row.managed_by is None:
        return None
    return Owner(
        row.user_id, f"Service {row.id} is managed by {row.managed_by}"
    )


def of_device(session: orm.Session, device_id: str) -> Owner | None:
    """The owner of the services on a device, if there is one."""
    rows = session.execute(
        sa.select(_SERVICE.managed_by, _SERVICE.user_id)
        .where(
            _SERVICE.device_id == device_id, _SERVICE.managed_by.is_not(None)
        )
        .distinct()
    ).all()
    if not rows:
        return None
    names = " and ".join(sorted({str(row.managed_by) for row in rows}))
    users = {row.user_id for row in rows}
    return Owner(
        users.pop() if len(users) == 1 else "",
        f"Device {device_id} hosts a service that is managed by {names}",
    )


def of_operation(
    session: orm.Session, row: models.Operation | None
) -> Owner | None:
    """The owner of what an operation is about."""
    if row is None:
        return None
    if row.resource_type == ResourceType.DEVICE:
        return of_device(session, row.resource_id)
    service = session.get(_SERVICE, row.resource_id)
    return None if service is None else of_service(service)
