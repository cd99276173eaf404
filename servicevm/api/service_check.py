"""Whether a service's config fits its type, and its device."""

import functools
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.api import ownership, validation
from servicevm.api.method import Call
from servicevm.db import models
from servicevm.errors import CONFIG_INVALID, PORT_TAKEN
from servicevm.service_types import registry
from servicevm.service_types.base import Occupied, ServiceType
from servicevm.states import ProvisioningStatus

_AT = "$.service.config"
_WHAT = "The config"
_SERVICE = models.Service


def known_type(name: str) -> ServiceType:
    """The service type of this name.

    :raises PermanentError: INVALID_FIELD, with the names there are
    """
    known = registry.service_types()
    if name not in known:
        validation.refuse(
            {
                "$.service.service_type": f"There is no service type {name}; "
                f"there are: {', '.join(known)}."
            },
            "The body",
        )
    return known[name]


def check_config(declared: ServiceType, config: Mapping[str, Any]) -> None:
    """Refuse a config that does not fit.

    :raises PermanentError: CONFIG_INVALID with the fields
    """
    found, _ = validation.problems(_validator(declared.name), config, _AT)
    if not found:
        found = {
            _at(path): sentence
            for path, sentence in declared.check(config).items()
        }
    if not found:
        # Whatever the type's schema lets pass: the digest is of canonical
        # JSON, and 1.0 has more than one way to be written.
        found = {
            path: "Numbers here are integers."
            for path in validation.floats(config, _AT)
        }
    if found:
        validation.refuse(found, _WHAT, CONFIG_INVALID)


def check_ports(
    session: orm.Session,
    call: Call,
    device_id: str,
    declared: ServiceType,
    config: Mapping[str, Any],
    *,
    service_id: str | None = None,
) -> None:
    """Refuse a config that occupies what another service of the device has.

    What counts is what the others are to have, and those that are being
    deleted count until they are gone. The caller holds the device, so that
    two configs that are set at the same moment do not both pass.

    :param service_id: whose config it is; None for a new service
    :raises PermanentError: PORT_TAKEN with the fields
    """
    asked = declared.occupies(config)
    if not asked:
        return
    holders = _holders(session, device_id, service_id)
    found = {
        _at(one.path): _taken(call, one, holders[one.protocol, one.port])
        for one in asked
        if (one.protocol, one.port) in holders
    }
    if found:
        validation.refuse(found, _WHAT, PORT_TAKEN)


def _holders(
    session: orm.Session, device_id: str, service_id: str | None
) -> dict[tuple[str, int], Any]:
    """Which other service of the device has which port."""
    known = registry.service_types()
    rows = session.execute(
        sa.select(
            _SERVICE.id,
            _SERVICE.name,
            _SERVICE.project_id,
            _SERVICE.user_id,
            _SERVICE.managed_by,
            _SERVICE.service_type,
            _SERVICE.config,
            _SERVICE.provisioning_status,
        )
        .where(_SERVICE.device_id == device_id, _SERVICE.id != service_id)
        .order_by(_SERVICE.seq.desc())
    )
    # Of two that have one port, from before this was looked at, the older.
    return {
        (one.protocol, one.port): row
        for row in rows
        # A type may be uninstalled while there are services of it.
        if row.service_type in known
        for one in known[row.service_type].occupies(row.config)
    }


def _taken(call: Call, port: Occupied, holder: Any) -> str:
    # Nobody is told more than that there is one, who may not look at it.
    name, that = "Another service", "that service"
    if call.reaches(holder.project_id) and call.allows(
        "service:show", holder, ownership.of_service(holder)
    ):
        name, that = f"Service {holder.name} ({holder.id})", holder.name
    if holder.provisioning_status == ProvisioningStatus.PENDING_DELETE:
        return (
            f"{name} of the same device, which is being deleted, still has "
            f"{port.protocol.upper()} port {port.port}; choose another port, "
            f"or try again once {that} is gone."
        )
    return (
        f"{name} of the same device has {port.protocol.upper()} port "
        f"{port.port}; choose another port, or first change or delete {that}."
    )


def _at(path: str) -> str:
    """Where in the request's body a path of the config is."""
    return _AT + path.removeprefix("$")


@functools.cache
def _validator(name: str) -> Any:
    return validation.validator(registry.service_types()[name].config_schema)
