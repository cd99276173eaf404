"""Writing events: what happened, for people."""

from collections.abc import Mapping
from typing import Any

from oslo_utils import uuidutils
from sqlalchemy import orm

from servicevm.db import api, last_names, models
from servicevm.states import Severity


def emit(
    session: orm.Session,
    *,
    type: str,
    resource_type: str,
    resource_id: str,
    project_id: str,
    message: str,
    severity: str = Severity.INFO,
    device_id: str | None = None,
    operation_id: str | None = None,
    request_id: str | None = None,
    code: str | None = None,
    user_id: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> models.Event:
    """Add an event to the transaction of what it tells about.

    :param type: dotted, e.g. ``device.operating_status``
    :param code: reason code (servicevm.errors), where it is a failure
    :param user_id: who asked for it
    :param facts: what the message says beyond all that, for who tells it in
        another language: doc/source/api.rst has the keys of each type
    """
    event = models.Event(
        id=uuidutils.generate_uuid(),
        project_id=project_id,
        at=api.now(session),
        type=type,
        severity=str(severity),
        resource_type=str(resource_type),
        resource_id=resource_id,
        resource_name=last_names.find(session, resource_type, resource_id),
        device_id=device_id,
        operation_id=operation_id,
        request_id=request_id,
        code=code,
        user_id=user_id,
        facts=dict(facts or {}),
        message=message,
    )
    session.add(event)
    return event
