"""What the templates' pages ask for besides the templates."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from horizon.utils.memoized import memoized
from openstack_dashboard import policy

from servicevm_dashboard import words
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import (
    Client,
    Driver,
    Quota,
    ServiceType,
)
from servicevm_dashboard.exceptions import ServicevmError

LOG = logging.getLogger(__name__)

_LOOK = (("servicevm", "servicevm:driver:list"),)


@memoized
def _summary(
    request: Any, *, all_projects: bool = False
) -> Mapping[str, Any] | None:
    try:
        if all_projects:
            return servicevm.call(
                request, Client.get_summary, all_projects=True
            )
        return servicevm.summary(request)
    except ServicevmError as error:
        LOG.warning("The devices could not be counted: %s", error)
        return None


def devices(
    request: Any, *, all_projects: bool = False
) -> Mapping[str, int] | None:
    """Id of a template to how many devices are made of it.

    Those without devices are not in it. One call for all templates.

    :returns: None where it could not be read
    """
    found = _summary(request, all_projects=all_projects)
    if found is None:
        return None
    return {one["id"]: one["count"] for one in found["devices"]["templates"]}


def quota(request: Any) -> Quota | None:
    """Of the project; it comes with the counts.

    :returns: None where it is not known: nothing is refused for that
    """
    found = _summary(request)
    told = found and found["quota"]
    return Quota(told) if told else None


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


def schema(request: Any, kind: str, name: str) -> Mapping[str, Any]:
    """Of a driver's options; empty where it can not be read.

    :param kind: ``infra`` or ``mgmt``
    """
    if not policy.check(_LOOK, request):
        # Nobody asks for what would be refused.
        return {}
    try:
        known = drivers(request)
    except ServicevmError as error:
        LOG.warning("The drivers could not be read: %s", error)
        return {}
    return next(
        (
            one.options_schema
            for one in known
            if (one.kind, one.name) == (kind, name)
        ),
        {},
    )


def options(
    chosen: Mapping[str, Any], schema: Mapping[str, Any]
) -> list[tuple[Any, Any]]:
    """What a driver was told, each with its title."""
    properties = schema.get("properties", {})
    return [
        (_title(key, properties.get(key, {})), _shown(value))
        for key, value in sorted(chosen.items())
    ]


def _title(key: str, schema: Mapping[str, Any]) -> Any:
    if key in words.OPTION:
        return words.OPTION[key]
    return schema.get("title") or key.replace("_", " ").capitalize()


def _shown(value: Any) -> Any:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {one}" for key, one in value.items())
    return value
