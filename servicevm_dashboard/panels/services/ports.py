"""Ports that other services of a device have, before it refuses them.

Which fields of a configuration are ports is said by the schema of its type:
``x-occupies``. The service itself has the last word.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client, Service
from servicevm_dashboard.exceptions import NotAuthenticated, ServicevmError
from servicevm_dashboard.schema_form import occupied
from servicevm_dashboard.schema_form.paths import Path

LOG = logging.getLogger(__name__)

__all__ = ["taken"]

#: Most services of a device that are looked at.
MOST = 100

Port = tuple[str, int]


def taken(
    request: Any,
    device_id: str,
    config: Any,
    own: Mapping[str, Any],
    schemas: Mapping[str, Mapping[str, Any]],
) -> Mapping[Path, str]:
    """Sentences about the ports of a configuration that others have.

    :param own: schema of the configuration
    :param schemas: service type to that of its configurations
    """
    asked = dict(occupied(own, config))
    if not asked:
        return {}
    try:
        services = servicevm.call(
            request,
            Client.page,
            Service,
            limit=MOST,
            sort="created_at:asc",
            device_id=device_id,
        ).items
    except NotAuthenticated:
        raise
    except ServicevmError as error:
        LOG.warning("The services of a device could not be read: %s", error)
        return {}
    holders = dict(_holders(services, schemas))
    return {
        path: _sentence(holders[port])
        for path, port in asked.items()
        if port in holders
    }


def _holders(
    services: list[Service], schemas: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[Port, Service]]:
    for service in reversed(services):
        # A type may be uninstalled while there are services of it.
        schema = schemas.get(service.service_type, {})
        for _path, port in occupied(schema, service.config):
            yield port, service


def _sentence(holder: Service) -> str:
    values = {"name": holder.name or holder.id}
    if holder.provisioning_status == "PENDING_DELETE":
        return (
            _(
                "The service %(name)s of this device, which is being "
                "deleted, still has this port: choose another one, or wait "
                "until it is gone."
            )
            % values
        )
    return (
        _(
            "The service %(name)s of this device has this port: choose "
            "another one, or change or delete that service first."
        )
        % values
    )
