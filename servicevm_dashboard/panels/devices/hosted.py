"""What happens to services when something is done to their devices.

::

    GET /project/servicevm_devices/?fragment=hosted&action=delete&id=UUID

It is asked for by the dialogue that asks whether to do it.
"""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client, Service
from servicevm_dashboard.exceptions import ServicevmError
from servicevm_dashboard.live import MAX_ROWS, refusal

#: Most services that are named.
NAMED = 20


def answer(request: HttpRequest, always: Mapping[str, Any]) -> JsonResponse:
    """``said``, ``names`` of the services, and whether there are ``more``."""
    refs = list(_refs(request))[:MAX_ROWS]
    found: list[Service] = []
    for some in servicevm.portions("device_id", refs):
        try:
            found += servicevm.call(
                request,
                Client.page,
                Service,
                limit=NAMED + 1,
                sort="name:asc",
                device_id=some,
                **always,
            ).items
        except ServicevmError as error:
            return refusal(error)
    named = sorted(found, key=lambda one: one.name or "")[:NAMED]
    return JsonResponse(
        {
            "said": _said(request.GET.get("action", ""), len(found)),
            "names": [_name(one, len(refs)) for one in named],
            "more": _("And more.") if len(found) > len(named) else "",
        }
    )


def _refs(request: HttpRequest) -> Iterator[str]:
    for each in request.GET.getlist("id"):
        try:
            yield str(uuid.UUID(each))
        except ValueError:
            continue


def _said(action: str, count: int) -> str:
    if not count:
        return _("No services run there.")
    if action == "delete":
        return ngettext(
            "This service is deleted, too:",
            "These services are deleted, too:",
            count,
        )
    return ngettext(
        "This service does not serve meanwhile:",
        "These services do not serve meanwhile:",
        count,
    )


def _name(service: Service, devices: int) -> str:
    name = service.name or service.id
    if devices == 1:
        return name
    return _("%(service)s on %(device)s") % {
        "service": name,
        "device": service.device_name or service.device_id,
    }
