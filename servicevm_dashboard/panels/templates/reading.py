"""What the templates' pages ask for besides the templates."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from horizon.utils.memoized import memoized

from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client, Driver, ServiceType
from servicevm_dashboard.exceptions import ServicevmError

LOG = logging.getLogger(__name__)


@memoized
def devices(
    request: Any, *, all_projects: bool = False
) -> Mapping[str, int] | None:
    """Id of a template to how many devices are made of it.

    Those without devices are not in it. One call for all templates.

    :returns: None where it could not be read
    """
    query = {"all_projects": True} if all_projects else {}
    try:
        found = servicevm.call(request, Client.get_summary, **query)
    except ServicevmError as error:
        LOG.warning("The devices could not be counted: %s", error)
        return None
    return {one["id"]: one["count"] for one in found["devices"]["templates"]}


@memoized
def drivers(request: Any) -> Sequence[Driver]:
    """What templates can name; one call a request.

    :raises ServicevmError: they could not be read
    """
    return list(servicevm.call(request, Client.drivers))


@memoized
def service_types(request: Any) -> Sequence[ServiceType]:
    """What devices can host; one call a request.

    :raises ServicevmError: they could not be read
    """
    return list(servicevm.call(request, Client.service_types))
