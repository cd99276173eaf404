"""The only module that speaks to the SDK.

::

    device = servicevm.call(request, Client.get_device, device_id)
    page = servicevm.call(request, Client.page, Device, limit=20)

Whatever the SDK raises arrives as one of `servicevm_dashboard.exceptions`.
An error of another kind would show as "Unauthorized", or as a page that
does not open.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

from django.conf import settings
from django.utils.translation import gettext as _
from horizon.exceptions import ServiceCatalogException
from horizon.utils.memoized import memoized
from keystoneauth1 import session, token_endpoint
from openstack_auth import utils as auth_utils
from openstack_dashboard.api import base

from servicevm_dashboard import advice, exceptions, reasons
from servicevmclient import exceptions as sdk
from servicevmclient.v1 import (
    Breaker,
    Conductor,
    Device,
    DeviceTemplate,
    Driver,
    Event,
    Hold,
    Operation,
    Page,
    Quota,
    Relay,
    Service,
    ServiceType,
    Usage,
    UsageResource,
)
from servicevmclient.v1.api import Api
from servicevmclient.v1.client import Client
from servicevmclient.v1.quota import OWN

LOG = logging.getLogger(__name__)

__all__ = [
    "OWN",
    "SERVICE_TYPE",
    "Api",
    "Breaker",
    "Client",
    "Conductor",
    "Device",
    "DeviceTemplate",
    "Driver",
    "Event",
    "Hold",
    "Operation",
    "Page",
    "Quota",
    "Relay",
    "Service",
    "ServiceType",
    "Usage",
    "UsageResource",
    "call",
    "client",
    "endpoint",
    "portions",
    "quota",
    "summary",
]

#: In the catalogue, and in policies.
SERVICE_TYPE = "servicevm"

#: Seconds: a page must open even where the service does not answer.
TIMEOUT = 10.0

#: Bytes of a request line for the values of one parameter.
_MOST_OF_A_LINE = 3000

#: Of a request: the error of a call that was not answered.
_SILENT = "_servicevm_silent"

T = TypeVar("T")

_KINDS: tuple[
    tuple[type[sdk.ClientError], type[exceptions.ServicevmError]], ...
] = (
    (sdk.AuthenticationFailed, exceptions.NotAuthenticated),
    (sdk.Forbidden, exceptions.Forbidden),
    (sdk.NotFound, exceptions.NotFound),
    (sdk.Conflict, exceptions.Conflict),
    (sdk.ConnectionFailed, exceptions.Unavailable),
    (sdk.ServerError, exceptions.Unavailable),
)


def endpoint(request: Any) -> str:
    """Where the service is, in the region that is looked at.

    :raises Unavailable: the catalogue does not say
    """
    try:
        found: str = base.url_for(request, SERVICE_TYPE)
    except ServiceCatalogException as error:
        # It has no endpoint of the kind that Horizon is told to use.
        raise exceptions.Unavailable(str(error), hint=_later()) from error
    return found


@memoized
def client(request: Any) -> Client:
    """The SDK's client for who is logged in; one for each request.

    The token that Horizon has is used as it is: no page asks Keystone.
    """
    where = endpoint(request)
    verify = settings.OPENSTACK_SSL_CACERT or True
    return Client(
        session.Session(
            auth=token_endpoint.Token(where, request.user.token.id),
            original_ip=auth_utils.get_client_ip(request),
            verify=verify if not settings.OPENSTACK_SSL_NO_VERIFY else False,
            app_name="servicevm_dashboard",
        ),
        endpoint_override=where,
        timeout=TIMEOUT,
        # A person waits, and asks again.
        connect_retries=0,
    )


def call(
    request: Any, method: Callable[..., T], /, *args: Any, **kwargs: Any
) -> T:
    """Call a method of the SDK's client for who is logged in.

    :param method: of `Client`, e.g. ``Client.get_device``
    :returns: what it does; a list where it yields
    :raises servicevm_dashboard.exceptions.ServicevmError:
    """
    silent: exceptions.Unavailable | None = getattr(request, _SILENT, None)
    if silent is not None:
        # Nobody waits a second time for one page.
        raise silent
    try:
        found = method(client(request), *args, **kwargs)
        # A generator would raise where nobody converts it.
        return list(found) if isinstance(found, Iterator) else found  # type: ignore[return-value]
    except sdk.ConnectionFailed as error:
        converted = _converted(error)
        setattr(request, _SILENT, converted)
        raise converted from error
    except sdk.ClientError as error:
        raise _converted(error) from error


def portions(key: str, values: Iterable[str]) -> Iterator[list[str]]:
    """Values of a parameter, as many at a time as a request line takes.

    Servers take 4 KiB of it, path and other parameters included.
    """
    portion: list[str] = []
    size = 0
    for value in values:
        more = len(quote(value)) + len(key) + 2
        if portion and size + more > _MOST_OF_A_LINE:
            yield portion
            portion, size = [], 0
        portion.append(value)
        size += more
    if portion:
        yield portion


@memoized
def quota(request: Any) -> Quota | None:
    """Limits and use of the project that is shown; one call a request.

    :returns: None where it could not be read: nothing is refused for that,
        the service itself has the last word
    """
    try:
        return call(request, Client.get_quota, OWN)
    except exceptions.ServicevmError as error:
        LOG.warning("The quotas could not be read: %s", error)
        return None


@memoized
def summary(request: Any, *include: str) -> Mapping[str, Any]:
    """Counts of what the project has, and its quota; one call a request.

    :param include: what else comes along, as for `Client.get_summary`
    :raises servicevm_dashboard.exceptions.ServicevmError:
    """
    found: Mapping[str, Any] = call(
        request, Client.get_summary, include=["quota", *include]
    )
    return found


def _converted(error: sdk.ClientError) -> exceptions.ServicevmError:
    kind = next(
        (ours for theirs, ours in _KINDS if isinstance(error, theirs)),
        exceptions.ServicevmError,
    )
    sentence = reasons.told(error.code, error.detail)
    hint = advice.refused(error.code, error.hint)
    if isinstance(error, sdk.ConnectionFailed):
        # The SDK's words are for who can start the service.
        sentence = _("The Service VM service does not answer.")
        hint = _later()
    return kind(
        sentence,
        hint=hint,
        code=error.code,
        fields={
            path: reasons.said_of_field(error.code, text)
            for path, text in error.fields.items()
        },
        request_id=error.request_id,
    )


def _later() -> str:
    return _(
        "Try again in a moment; if that does not help, tell your "
        "administrator."
    )
