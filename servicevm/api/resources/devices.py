"""``/v1/devices``: units that host services."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.api import (
    address_check,
    failing,
    idempotency,
    ownership,
    parameters,
    validation,
)
from servicevm.api.method import Call, Json, Resource, method
from servicevm.api.resources import requested
from servicevm.api.runtime import mgmt_class
from servicevm.api.schemas import devices as schemas
from servicevm.api.schemas import operations as operation_schemas
from servicevm.api.views import devices as views
from servicevm.api.views import operations as operation_views
from servicevm.db import (
    addresses,
    healings,
    listing,
    models,
    operations,
    quotas,
    relay_groups,
    sequence,
    usage,
)
from servicevm.db import api as db
from servicevm.db.locks import lock_device
from servicevm.drivers.infra.base import InfraDriver
from servicevm.errors import CONFLICT, PermanentError
from servicevm.healing import ARGUMENTS, Policy, Trouble, missing
from servicevm.states import (
    LOST,
    Action,
    OperatingStatus,
    ProvisioningStatus,
    ResourceType,
)

_MODEL = models.Device

LISTING = listing.Listing(
    model=_MODEL,
    filters={
        "id": _MODEL.id,
        "name": _MODEL.name,
        "provisioning_status": _MODEL.provisioning_status,
        "operating_status": _MODEL.operating_status,
        "template_id": _MODEL.template_id,
        "relay_group": _MODEL.relay_group,
    },
    sorts={
        "created_at": _MODEL.seq,
        "updated_at": _MODEL.updated_at,
        "name": _MODEL.name,
        "provisioning_status": _MODEL.provisioning_status,
        "operating_status": _MODEL.operating_status,
    },
    changed=_MODEL.updated_at,
    parts=views.PARTS,
    unseen=(
        _MODEL.vcpus,
        _MODEL.ram_mib,
        _MODEL.hold_count,
    ),
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
    "template_id": parameters.reference("device template"),
    "relay_group": parameters.TEXT,
    "failing": failing.PARAMETER,
}

_DEFAULT_LOG = 64 << 10
_MAX_LOG = 1 << 20


class Collection(Resource):
    """``/v1/devices``."""

    @method(
        "List devices",
        rule="device:list",
        response=schemas.LIST,
        query=parameters.of_list(LISTING, _FILTERS),
        listing=LISTING,
    )
    def on_get(self, call: Call) -> Json:
        query = failing.narrowed(call, call.list_query(), _MODEL)
        with db.reader() as session:
            page = call.page(session, query)
            items = [views.render(row) for row in page.rows]
        return call.collection("devices", items, page)

    @method(
        "Create a device",
        rule="device:create",
        status=202,
        request=schemas.CREATE,
        response=schemas.SHOW,
        idempotent=True,
        tries=True,
    )
    def on_post(self, call: Call) -> Json:
        def create(session: orm.Session) -> Json:
            earlier = idempotency.made_before(session, call)
            if earlier is not None:
                row = session.get(_MODEL, earlier)
                if row is None:
                    raise idempotency.gone(earlier)
                # It may have been made by and for somebody else.
                call.found(row, "device", earlier)
                return shown(session, row.id)
            row_id = idempotency.claim(session, call, ResourceType.DEVICE)
            row = _new(session, call, row_id)
            requested.request(session, call, row, Action.CREATE)
            session.flush()
            return shown(session, row.id)

        item = call.write(create)
        call.wake()
        call.headers["Location"] = call.url(f"/v1/devices/{item['id']}")
        return call.show("device", item)


class Item(Resource):
    """``/v1/devices/{id}``."""

    @method(
        "Show a device",
        rule="device:show",
        response=schemas.SHOW,
        query=parameters.FIELDS_ONLY,
    )
    def on_get(self, call: Call, id: str) -> Json:
        with db.reader() as session:
            row = call.found(listing.one(session, LISTING, id), "device", id)
            return call.show("device", views.render(row))

    @method(
        "Change a device's name, description, tags or properties",
        rule="device:update",
        request=schemas.UPDATE,
        response=schemas.SHOW,
        tries=True,
    )
    def on_patch(self, call: Call, id: str) -> Json:
        given = call.body["device"]

        def update(session: orm.Session) -> Json:
            lock_device(session, id)
            row = find(session, call, id)
            call.match("device", lambda: shown(session, row.id))
            requested.refuse_deleting(row)
            requested.describe(session, row, given)
            requested.emit(session, call, row, "update")
            session.flush()
            return shown(session, row.id)

        return call.show("device", call.write(update))

    @method(
        "Delete a device with its services",
        rule="device:delete",
        status=202,
        response=operation_schemas.BRIEF,
    )
    def on_delete(self, call: Call, id: str) -> Json:
        def delete(session: orm.Session) -> Json:
            lock_device(session, id)
            row = find(session, call, id)
            call.match("device", lambda: shown(session, row.id))
            operation = requested.running_delete(session, row)
            if operation is None:
                operations.supersede(session, row.id)
                row.provisioning_status = ProvisioningStatus.PENDING_DELETE
                operation = requested.request(
                    session, call, row, Action.DELETE
                )
                requested.take_services_along(session, row, operation.id)
                session.flush()
            return {"operation": operation_views.begun(operation, row)}

        answer = db.write(delete)
        call.wake()
        return answer


class Reboot(Resource):
    """``/v1/devices/{id}/reboot``."""

    @method(
        "Reboot a device, or start it where it stopped",
        rule="device:reboot",
        status=202,
        request=schemas.REBOOT,
        response=schemas.SHOW,
        idempotent=True,
    )
    def on_post(self, call: Call, id: str) -> Json:
        hard = bool(call.body["reboot"].get("hard", False))
        return _restart(call, id, Action.REBOOT, {"hard": hard})


class Rebuild(Resource):
    """``/v1/devices/{id}/rebuild``."""

    @method(
        "Make a device's machine anew; its services come back by themselves",
        rule="device:rebuild",
        status=202,
        request=schemas.REBUILD,
        response=schemas.SHOW,
        idempotent=True,
    )
    def on_post(self, call: Call, id: str) -> Json:
        return _restart(call, id, Action.REBUILD, {})


class Heal(Resource):
    """``/v1/devices/{id}/heal``."""

    @method(
        "Climb a lost device's ladder of healing now, from its first rung",
        rule="device:heal",
        status=202,
        request=schemas.HEAL,
        response=schemas.SHOW,
        idempotent=True,
    )
    def on_post(self, call: Call, id: str) -> Json:
        def heal(session: orm.Session) -> Json:
            lock_device(session, id)
            row = find(session, call, id)
            if idempotency.made_before(session, call) is not None:
                return shown(session, row.id)
            _refuse_unless_up(session, row)
            _refuse_well(row)
            action = _first_rung(session, call, row)
            operation = _begin(session, call, row, action, ARGUMENTS[action])
            healings.begin(session, row.id, operation.id)
            session.flush()
            return shown(session, row.id)

        item = db.write(heal)
        call.wake()
        return call.show("device", item)


def _refuse_well(row: models.Device) -> None:
    """:raises PermanentError: CONFLICT"""
    if (
        row.provisioning_status == ProvisioningStatus.ACTIVE
        and row.operating_status not in LOST
    ):
        raise PermanentError(
            CONFLICT,
            f"Device {row.id} is {row.operating_status}: there is nothing to "
            "heal. To restart it all the same, reboot or rebuild it.",
        )


def _first_rung(
    session: orm.Session, call: Call, row: models.Device
) -> Action:
    """What its template tries first; a reboot, where it says nothing."""
    spec = session.get_one(
        models.DeviceTemplateRevision,
        (row.template_id, row.template_revision),
    ).spec
    infra = call.runtime.infra_driver(spec["infra_driver"])
    mgmt = mgmt_class(spec["mgmt_driver"])
    unable = missing(infra.capabilities, restarts=mgmt.restarts)
    policy = Policy.of(spec, Trouble.LOST).without(unable)
    return policy.rung(0) or Action.REBOOT


class ConsoleLog(Resource):
    """``/v1/devices/{id}/console-log``."""

    @method(
        "Show the end of a device's console output",
        rule="device:console_log",
        response=schemas.CONSOLE_LOG,
        query={
            "max_bytes": parameters.Parameter(
                {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": parameters.MAX_INTEGER,
                },
                f"Most bytes, {_DEFAULT_LOG} if not given, at most "
                f"{_MAX_LOG}.",
            )
        },
    )
    def on_get(self, call: Call, id: str) -> Json:
        with db.reader() as session:
            row = call.found(listing.one(session, LISTING, id), "device", id)
        wanted = int(call.values.get("max_bytes", [str(_DEFAULT_LOG)])[0])
        most = min(wanted, _MAX_LOG)
        with self.runtime.asking(row.project_id):
            text = self.runtime.conductor.console_log(id, most)
        return {"console_log": text}


def _restart(call: Call, id: str, action: Action, arguments: Json) -> Json:
    """Have the machine of a device start again, as it was or anew.

    :raises PermanentError: NOT_FOUND, OWNED, FORBIDDEN, CONFLICT
    """

    def restart(session: orm.Session) -> Json:
        lock_device(session, id)
        row = find(session, call, id)
        if idempotency.made_before(session, call) is not None:
            return shown(session, row.id)
        _refuse_unless_up(session, row)
        if (
            action == Action.REBUILD
            and not driver_of(session, call, row).capabilities.rebuild
        ):
            raise PermanentError(
                CONFLICT,
                "The infra driver of the device cannot rebuild; delete it "
                "and create another one.",
            )
        _begin(session, call, row, action, arguments)
        session.flush()
        return shown(session, row.id)

    item = db.write(restart)
    call.wake()
    return call.show("device", item)


def _begin(
    session: orm.Session,
    call: Call,
    row: models.Device,
    action: Action,
    arguments: Mapping[str, Any],
) -> models.Operation:
    row.provisioning_status = ProvisioningStatus.PENDING_UPDATE
    row.status_code, row.status_reason = None, ""
    operation = requested.request(session, call, row, action, arguments)
    idempotency.remember(session, call, ResourceType.DEVICE, row.id)
    return operation


def shown(session: orm.Session, device_id: str) -> Json:
    """What the device looks like by now."""
    row = listing.one(session, LISTING, device_id)
    return views.render(row)


def driver_of(
    session: orm.Session, call: Call, row: models.Device
) -> InfraDriver:
    """The infra driver that the device's template revision names."""
    spec = session.get_one(
        models.DeviceTemplateRevision,
        (row.template_id, row.template_revision),
    ).spec
    return call.runtime.infra_driver(spec["infra_driver"])


def find(session: orm.Session, call: Call, device_id: str) -> models.Device:
    """The device, to be changed, if the caller may do that.

    :raises PermanentError: NOT_FOUND, OWNED, FORBIDDEN
    """
    row: models.Device = call.found(
        session.get(_MODEL, device_id),
        "device",
        device_id,
        ownership.of_device(session, device_id),
    )
    return row


def _new(session: orm.Session, call: Call, row_id: str) -> models.Device:
    """Add the row, its interfaces and tags."""
    given = call.body["device"]
    template = session.get(models.DeviceTemplate, given["template_id"].lower())
    if template is None:
        validation.refuse(
            {
                "$.device.template_id": "There is no device template "
                f"{given['template_id']}."
            },
            "The body",
        )
    spec = session.get_one(
        models.DeviceTemplateRevision, (template.id, template.revision)
    ).spec
    if any("cidr" in interface for interface in spec["interfaces"]):
        # Those who take addresses from one pool take them one after another.
        session.execute(
            sa.select(models.DeviceTemplate.id)
            .where(models.DeviceTemplate.id == template.id)
            .with_for_update()
        )
    infra = call.runtime.infra_driver(spec["infra_driver"])
    takes = infra.footprint(spec["infra_options"])
    project_id = requested.project(call, given.get("project_id"))
    quotas.take(
        session,
        project_id,
        {"devices": 1, "vcpus": takes.vcpus, "ram": takes.ram_mib},
        call.runtime.quotas,
    )
    mgmt = mgmt_class(spec["mgmt_driver"])
    relay_group = mgmt.relay_group(spec["mgmt_options"])
    if relay_group is not None:
        relay_group = relay_groups.choose(session, project_id, relay_group)
    now = db.now(session)
    row = _MODEL(
        id=row_id,
        seq=sequence.next_seq(session, _MODEL),
        project_id=project_id,
        user_id=str(call.context.user_id),
        name=given["name"],
        description=given.get("description", ""),
        kind="vm",
        template_id=template.id,
        template_revision=template.revision,
        slots=spec["slots"],
        relay_group=relay_group,
        vcpus=takes.vcpus,
        ram_mib=takes.ram_mib,
        facts={},
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
    asked = address_check.check(
        given.get("interfaces", ()),
        spec["interfaces"],
        networks=infra.capabilities.networks,
    )
    addresses.allocate(session, row.id, spec["interfaces"], asked)
    listing.set_tags(session, row.id, given.get("tags", ()))
    return row


def _refuse_unless_up(session: orm.Session, row: models.Device) -> None:
    """Only what runs or has run can be rebooted or rebuilt.

    :raises PermanentError: CONFLICT
    """
    status = row.provisioning_status
    if status == ProvisioningStatus.ACTIVE:
        return
    if status == ProvisioningStatus.ERROR:
        newest = operations.newest(session, row.id)
        if newest is not None and newest.action == Action.DELETE:
            # Its credentials are gone: it would never be heard of again.
            raise PermanentError(
                CONFLICT,
                f"The deletion of device {row.id} failed half-way; delete "
                "it again.",
            )
        if row.launched_at is not None:
            return
        raise PermanentError(
            CONFLICT,
            f"Device {row.id} was never up; retry its operation "
            f"{row.operation_id}, or delete it.",
        )
    raise PermanentError(
        CONFLICT, f"Device {row.id} is {status}; wait until it is ACTIVE."
    )
