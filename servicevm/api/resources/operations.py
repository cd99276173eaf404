"""``/v1/operations``: the durable record of every change."""

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.api import idempotency, ownership, parameters
from servicevm.api.method import Call, Json, Resource, method
from servicevm.api.schemas import operations as schemas
from servicevm.api.views import operations as views
from servicevm.db import api as db
from servicevm.db import events, listing, models, operations
from servicevm.db.locks import lock_operation
from servicevm.errors import CONFLICT, PermanentError
from servicevm.states import (
    PENDING,
    Action,
    OperationState,
    ProvisioningStatus,
    ResourceType,
)

_MODEL = models.Operation

LISTING = listing.Listing(
    model=_MODEL,
    filters={
        "id": _MODEL.id,
        "resource_type": _MODEL.resource_type,
        "resource_id": _MODEL.resource_id,
        "device_id": _MODEL.device_id,
        "action": _MODEL.action,
        "state": _MODEL.state,
    },
    sorts={
        "created_at": _MODEL.seq,
        "updated_at": _MODEL.updated_at,
    },
    default=("created_at", True),
    changed=_MODEL.updated_at,
    tagged=False,
    parts=views.PARTS,
    unseen=(
        _MODEL.idempotency_key,
        _MODEL.arguments,
        _MODEL.step_data,
        _MODEL.plan_version,
        _MODEL.owner,
        _MODEL.fence,
        _MODEL.lease_until,
        _MODEL.run_after,
        _MODEL.cancel_code,
    ),
)

_FILTERS = {
    "id": parameters.ID,
    "resource_type": parameters.one_of(list(ResourceType), "resource type"),
    "resource_id": parameters.reference("resource"),
    "device_id": parameters.reference("device"),
    "action": parameters.one_of(list(Action), "action"),
    "state": parameters.one_of(list(OperationState), "state"),
}

_RETRIABLE = (OperationState.FAILED, OperationState.CANCELLED)


class Collection(Resource):
    """``/v1/operations``, the newest first."""

    @method(
        "List operations",
        rule="operation:list",
        response=schemas.LIST,
        query=parameters.of_list(LISTING, _FILTERS),
        listing=LISTING,
    )
    def on_get(self, call: Call) -> Json:
        query = call.list_query()
        with db.reader() as session:
            page = call.page(session, query)
            items = [views.brief(row) for row in page.rows]
        return call.collection("operations", items, page)


class Item(Resource):
    """``/v1/operations/{id}``."""

    @method(
        "Show an operation with its steps",
        rule="operation:show",
        response=schemas.SHOW,
        query=parameters.FIELDS_ONLY,
    )
    def on_get(self, call: Call, id: str) -> Json:
        with db.reader() as session:
            row = call.found(
                listing.one(session, LISTING, id), "operation", id
            )
            return call.show("operation", views.full(session, row))


class Cancel(Resource):
    """``/v1/operations/{id}/cancel``."""

    @method(
        "Cancel an operation; it ends before its next step",
        rule="operation:cancel",
        status=202,
        response=schemas.SHOW,
        idempotent=True,
    )
    def on_post(self, call: Call, id: str) -> Json:
        def cancel(session: orm.Session) -> Json:
            lock_operation(session, id)
            row = _find(session, call, id)
            if idempotency.made_before(session, call) is not None:
                return _shown(session, row.id)
            if OperationState(row.state).terminal:
                raise PermanentError(
                    CONFLICT, f"Operation {row.id} is {row.state} already."
                )
            if row.action == Action.DELETE:
                raise PermanentError(
                    CONFLICT,
                    "A delete can not be cancelled: what is half gone can "
                    "not be brought back.",
                )
            operations.cancel(session, row)
            idempotency.remember(session, call, ResourceType.OPERATION, row.id)
            _event(session, call, row, "cancel")
            session.flush()
            return _shown(session, row.id)

        item = db.write(cancel)
        call.wake()
        return call.show("operation", item)


class Retry(Resource):
    """``/v1/operations/{id}/retry``."""

    @method(
        "Begin a failed or cancelled operation anew, from its first step",
        rule="operation:retry",
        status=202,
        response=schemas.SHOW,
        idempotent=True,
    )
    def on_post(self, call: Call, id: str) -> Json:
        def retry(session: orm.Session) -> Json:
            lock_operation(session, id)
            row = _find(session, call, id)
            if idempotency.made_before(session, call) is not None:
                return _shown(session, row.id)
            if row.state not in _RETRIABLE:
                raise PermanentError(
                    CONFLICT,
                    f"Operation {row.id} is {row.state}; only one that "
                    "failed or was cancelled can be retried.",
                )
            resource = _resource(session, row)
            operations.retry(
                session, row, timeout=self.runtime.operation_timeout
            )
            resource.provisioning_status = PENDING[Action(row.action)]
            resource.status_code = None
            resource.status_reason = ""
            resource.operation_id = row.id
            resource.updated_at = db.now(session)
            idempotency.remember(session, call, ResourceType.OPERATION, row.id)
            _event(session, call, row, "retry")
            session.flush()
            return _shown(session, row.id)

        item = db.write(retry)
        call.wake()
        return call.show("operation", item)


def _shown(session: orm.Session, operation_id: str) -> Json:
    """What the operation looks like by now."""
    return views.full(session, listing.one(session, LISTING, operation_id))


def _find(
    session: orm.Session, call: Call, operation_id: str
) -> models.Operation:
    """The operation, if the caller may do this with it.

    :raises PermanentError: NOT_FOUND, OWNED, FORBIDDEN
    """
    found = session.scalars(
        sa.select(_MODEL).where(_MODEL.id == operation_id)
    ).first()
    row: models.Operation = call.found(
        found,
        "operation",
        operation_id,
        ownership.of_operation(session, found),
    )
    return row


def _resource(
    session: orm.Session, row: models.Operation
) -> models.Device | models.Service:
    """What the operation is about, if nothing came after it.

    :raises PermanentError: CONFLICT
    """
    found: models.Device | models.Service | None
    if row.resource_type == ResourceType.DEVICE:
        found = session.get(models.Device, row.resource_id)
    else:
        found = session.get(models.Service, row.resource_id)
    if found is None:
        raise PermanentError(
            CONFLICT, f"The {row.resource_type} {row.resource_id} is gone."
        )
    later = session.scalars(
        sa.select(_MODEL)
        .where(_MODEL.resource_id == row.resource_id, _MODEL.seq > row.seq)
        .order_by(_MODEL.seq.desc())
    ).first()
    if later is not None:
        raise PermanentError(
            CONFLICT,
            f"Operation {later.id} ({later.action}) came after this one.",
        )
    if found.provisioning_status == ProvisioningStatus.PENDING_DELETE:
        raise PermanentError(
            CONFLICT, f"The {row.resource_type} is being deleted."
        )
    return found


def _event(
    session: orm.Session, call: Call, row: models.Operation, verb: str
) -> None:
    events.emit(
        session,
        type=f"operation.{verb}",
        resource_type=row.resource_type,
        resource_id=row.resource_id,
        device_id=row.device_id,
        project_id=row.project_id,
        operation_id=row.id,
        request_id=call.request_id,
        user_id=call.context.user_id,
        facts={"action": row.action},
        message=f"{call.context.user_id} asked to {verb} the {row.action} "
        f"of {row.resource_type} {row.resource_id}.",
    )
