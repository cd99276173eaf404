"""``/v1/services``: service instances on devices."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.api import (
    failing,
    idempotency,
    ownership,
    parameters,
    validation,
)
from servicevm.api.method import Call, Json, Resource, method
from servicevm.api.resources import requested
from servicevm.api.schemas import operations as operation_schemas
from servicevm.api.schemas import services as schemas
from servicevm.api.service_check import (
    check_config,
    check_ports,
    known_type,
)
from servicevm.api.views import devices as device_views
from servicevm.api.views import operations as operation_views
from servicevm.api.views import services as views
from servicevm.db import api as db
from servicevm.db import (
    listing,
    models,
    operations,
    quotas,
    sequence,
    usage,
)
from servicevm.db.locks import lock_device, lock_service
from servicevm.errors import (
    DEVICE_FAILED,
    NO_FREE_SLOT,
    TYPE_NOT_OFFERED,
    PermanentError,
)
from servicevm.service_types.base import ServiceType
from servicevm.states import (
    Action,
    OperatingStatus,
    ProvisioningStatus,
    ResourceType,
)

_MODEL = models.Service

LISTING = listing.Listing(
    model=_MODEL,
    filters={
        "id": _MODEL.id,
        "name": _MODEL.name,
        "provisioning_status": _MODEL.provisioning_status,
        "operating_status": _MODEL.operating_status,
        "device_id": _MODEL.device_id,
        "service_type": _MODEL.service_type,
        "managed_by": _MODEL.managed_by,
    },
    sorts={
        "created_at": _MODEL.seq,
        "updated_at": _MODEL.updated_at,
        "name": _MODEL.name,
        "provisioning_status": _MODEL.provisioning_status,
        "operating_status": _MODEL.operating_status,
        "service_type": _MODEL.service_type,
    },
    changed=_MODEL.updated_at,
    parts=views.PARTS,
    unseen=(_MODEL.failed_generation, _MODEL.failure),
)

_FILTERS = {
    "id": parameters.ID,
    "name": parameters.NAME,
    "provisioning_status": parameters.one_of(
        list(ProvisioningStatus), "provisioning status"
    ),
    "operating_status": parameters.one_of(
        list(OperatingStatus), "operating status"
    ),
    "device_id": parameters.reference("device"),
    "service_type": parameters.TEXT,
    "managed_by": parameters.TEXT,
    "failing": failing.PARAMETER,
}


class Collection(Resource):
    """``/v1/services``."""

    @method(
        "List services",
        rule="service:list",
        response=schemas.LIST,
        query=parameters.of_list(LISTING, _FILTERS),
        listing=LISTING,
    )
    def on_get(self, call: Call) -> Json:
        query = failing.narrowed(call, call.list_query(), _MODEL)
        with db.reader() as session:
            page = call.page(session, query)
            items = [views.render(row) for row in page.rows]
        return call.collection("services", items, page)

    @method(
        "Create a service on a device",
        rule="service:create",
        status=202,
        request=schemas.CREATE,
        response=schemas.SHOW,
        idempotent=True,
        tries=True,
    )
    def on_post(self, call: Call) -> Json:
        given = call.body["service"]
        if "managed_by" in given:
            self.runtime.policy.enforce(call.context, "service:create_owned")
        declared = known_type(given["service_type"])
        check_config(declared, given["config"])

        def create(session: orm.Session) -> Json:
            earlier = idempotency.made_before(session, call)
            if earlier is not None:
                row = session.get(_MODEL, earlier)
                if row is None:
                    raise idempotency.gone(earlier)
                # It may have been made by and for somebody else.
                call.found(row, "service", earlier)
                return _shown(session, row.id)
            row_id = idempotency.claim(session, call, ResourceType.SERVICE)
            device = _host(session, call, declared)
            check_ports(session, call, device.id, declared, given["config"])
            row = _new(session, call, row_id, device, declared)
            requested.request(session, call, row, Action.CREATE)
            session.flush()
            return _shown(session, row.id)

        item = call.write(create)
        call.wake()
        call.headers["Location"] = call.url(f"/v1/services/{item['id']}")
        return call.show("service", item)


class Item(Resource):
    """``/v1/services/{id}``."""

    @method(
        "Show a service",
        rule="service:show",
        response=schemas.SHOW,
        query=parameters.FIELDS_ONLY,
    )
    def on_get(self, call: Call, id: str) -> Json:
        with db.reader() as session:
            row = call.found(listing.one(session, LISTING, id), "service", id)
            return call.show("service", views.render(row))

    @method(
        "Change a service; its config is replaced as a whole (202)",
        rule="service:update",
        status=(200, 202),
        request=schemas.UPDATE,
        response=schemas.SHOW,
        tries=True,
    )
    def on_patch(self, call: Call, id: str) -> Json:
        given = call.body["service"]
        if "config" in given:
            with db.reader() as session:
                service_type = find(session, call, id).service_type
            check_config(known_type(service_type), given["config"])

        def update(session: orm.Session) -> Json:
            lock_service(session, id)
            row = find(session, call, id)
            call.match("service", lambda: _shown(session, row.id))
            requested.refuse_deleting(row)
            requested.describe(session, row, given)
            call.status = 200
            if "config" in given and _differs(row, given["config"]):
                check_ports(
                    session,
                    call,
                    row.device_id,
                    known_type(row.service_type),
                    given["config"],
                    service_id=row.id,
                )
                _configure(row, given["config"])
                requested.request(session, call, row, Action.UPDATE)
                call.status = 202
            else:
                requested.emit(session, call, row, "update")
            session.flush()
            return _shown(session, row.id)

        item = call.write(update)
        if call.status == 202:
            call.wake()
        return call.show("service", item)

    @method(
        "Delete a service",
        rule="service:delete",
        status=202,
        response=operation_schemas.BRIEF,
    )
    def on_delete(self, call: Call, id: str) -> Json:
        def delete(session: orm.Session) -> Json:
            lock_service(session, id)
            row = find(session, call, id)
            call.match("service", lambda: _shown(session, row.id))
            operation = requested.running_delete(session, row)
            if operation is None:
                operations.supersede(
                    session, row.device_id, resource_id=row.id
                )
                row.provisioning_status = ProvisioningStatus.PENDING_DELETE
                # The device is to forget every generation it has seen.
                row.generation += 1
                operation = requested.request(
                    session, call, row, Action.DELETE
                )
            return {"operation": operation_views.begun(operation, row)}

        answer = db.write(delete)
        call.wake()
        return answer


def _shown(session: orm.Session, service_id: str) -> Json:
    """What the service looks like by now."""
    row = listing.one(session, LISTING, service_id)
    return views.render(row)


def digest(config: Mapping[str, Any]) -> str:
    """``sha256:`` and the hex of the config's canonical JSON."""
    text = json.dumps(
        config, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def find(session: orm.Session, call: Call, service_id: str) -> models.Service:
    """The service, if the caller may do this with it.

    :raises PermanentError: NOT_FOUND, OWNED, FORBIDDEN
    """
    found = session.get(_MODEL, service_id)
    row: models.Service = call.found(
        found,
        "service",
        service_id,
        None if found is None else ownership.of_service(found),
    )
    return row


def _host(
    session: orm.Session, call: Call, declared: ServiceType
) -> models.Device:
    """The device, if it can take the service.

    :raises PermanentError: INVALID_FIELD, CONFLICT, DEVICE_FAILED,
        TYPE_NOT_OFFERED, NO_FREE_SLOT, QUOTA_EXCEEDED
    """
    device_id = call.body["service"]["device_id"].lower()
    owner = session.scalar(
        sa.select(models.Device.project_id).where(
            models.Device.id == device_id
        )
    )
    if owner is not None and call.reaches(owner):
        # Before the device is locked: whoever takes both does so in this
        # order.
        quotas.take(
            session,
            owner,
            {"services": 1, "slots": declared.slots},
            call.runtime.quotas,
        )
    # So that two services do not both take the last slot.
    lock_device(session, device_id)
    device = session.get(models.Device, device_id)
    if device is None or not call.reaches(device.project_id):
        validation.refuse(
            {"$.service.device_id": f"There is no device {device_id}."},
            "The body",
        )
    requested.project(call, device.project_id)
    asked = call.body["service"].get("project_id", device.project_id)
    if asked != device.project_id:
        sentence = (
            f"Device {device.id} belongs to the project {device.project_id}, "
            "and so do the services on it."
        )
        validation.refuse({"$.service.project_id": sentence}, "The body")
    requested.refuse_deleting(device)
    if device.provisioning_status == ProvisioningStatus.ERROR:
        raise PermanentError(
            DEVICE_FAILED, f"Device {device.id}: {device.status_reason}"
        )
    offered = session.get_one(
        models.DeviceTemplateRevision,
        (device.template_id, device.template_revision),
    ).spec["service_types"]
    if declared.name not in offered:
        raise PermanentError(
            TYPE_NOT_OFFERED,
            f"Device {device.id} hosts: {', '.join(offered) or 'nothing'}.",
        )
    used = device_views.used_slots(session, device.id)
    if used + declared.slots > device.slots:
        raise PermanentError(
            NO_FREE_SLOT,
            f"Device {device.id} has {device.slots} slots, {used} are used; "
            f"{declared.name} takes {declared.slots}.",
        )
    return device


def _new(
    session: orm.Session,
    call: Call,
    row_id: str,
    device: models.Device,
    declared: ServiceType,
) -> models.Service:
    given = call.body["service"]
    now = db.now(session)
    row = _MODEL(
        id=row_id,
        seq=sequence.next_seq(session, _MODEL),
        # A service belongs to whom its device belongs to.
        project_id=device.project_id,
        user_id=_maker(call),
        managed_by=given.get("managed_by"),
        name=given["name"],
        description=given.get("description", ""),
        device_id=device.id,
        service_type=declared.name,
        slots=declared.slots,
        config=given["config"],
        digest=digest(given["config"]),
        failure="",
        endpoints=[],
        members=[],
        provisioning_status=ProvisioningStatus.PENDING_CREATE,
        operating_status=OperatingStatus.UNKNOWN,
        status_reason="",
        generation=1,
        observed_generation=0,
        properties=given.get("properties", {}),
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    usage.begin(session, row)
    listing.set_tags(session, row.id, given.get("tags", ()))
    return row


def _maker(call: Call) -> str:
    """User whose the service is: of a service token, if that owns it."""
    context = call.context
    if "managed_by" in call.body["service"] and context.service_user_id:
        return str(context.service_user_id)
    return str(context.user_id)


def _differs(row: models.Service, config: Mapping[str, Any]) -> bool:
    """The same config again does something only after a failure."""
    return (
        digest(config) != row.digest
        or row.provisioning_status == ProvisioningStatus.ERROR
    )


def _configure(row: models.Service, config: dict[str, Any]) -> None:
    row.config = config
    row.digest = digest(config)
    row.generation += 1
    if row.provisioning_status != ProvisioningStatus.PENDING_CREATE:
        row.provisioning_status = ProvisioningStatus.PENDING_UPDATE
        row.status_code, row.status_reason = None, ""
