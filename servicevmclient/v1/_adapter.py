"""HTTP: one call, one answer, every failure one of our exceptions."""

import uuid
from collections.abc import Mapping
from typing import Any

import requests
from keystoneauth1 import adapter
from keystoneauth1 import exceptions as ksa

from servicevmclient import exceptions

#: the service's type in the catalogue and in OpenStack-API-Version
SERVICE_TYPE = "servicevm"

_BY_STATUS: dict[int, type[exceptions.ApiError]] = {
    401: exceptions.AuthenticationFailed,
    403: exceptions.Forbidden,
    404: exceptions.NotFound,
    409: exceptions.Conflict,
    412: exceptions.PreconditionFailed,
}


class Adapter:
    """Calls of the service through a keystoneauth1 session.

    :param session: keystoneauth1 session
    :param endpoint_override: URL of the service, with or without ``/v1``;
        else it is found in the catalogue or given by the auth plugin
    :param timeout: seconds for a connection and between two bytes
    :param connect_retries: how often a call that got no answer is made
        again; safe for POST because each carries an Idempotency-Key
    :param api_version: microversion to ask for, e.g. ``1.0``
    """

    def __init__(
        self,
        session: Any,
        *,
        endpoint_override: str | None = None,
        region_name: str | None = None,
        interface: str | None = None,
        api_version: str | None = None,
        timeout: float = 60.0,
        connect_retries: int = 2,
        global_request_id: str | None = None,
    ) -> None:
        self._adapter = adapter.Adapter(
            session,
            service_type=SERVICE_TYPE,
            region_name=region_name,
            interface=interface,
            endpoint_override=endpoint_override,
            default_microversion=api_version,
            connect_retries=connect_retries,
            global_request_id=global_request_id,
            client_name="servicevmclient",
            raise_exc=False,
        )
        self._timeout = timeout
        self._base: str | None = None

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Make one call; return an answer with a status below 400.

        :param path: below the endpoint, from ``/v1`` on
        :raises ClientError: for everything else
        """
        sent = dict(headers or {})
        sent.setdefault("Accept", "application/json")
        if method == "POST":
            # One key for all tries of this call: a retry after a lost
            # answer gets the first answer, nothing is made twice.
            sent.setdefault("Idempotency-Key", str(uuid.uuid4()))
        more: dict[str, Any] = {} if body is None else {"json": dict(body)}
        try:
            response: requests.Response = self._adapter.request(
                self._endpoint() + path,
                method,
                params=dict(params or {}),
                headers=sent,
                timeout=self._timeout,
                **more,
            )
        except ksa.ClientException as error:
            raise _translate(error) from error
        if response.status_code >= 400:
            raise error_of(response)
        return response

    def json(self, method: str, path: str, **kwargs: Any) -> dict[str, Any]:
        """`request`, and the JSON object that it answered."""
        return object_of(self.request(method, path, **kwargs))

    def _endpoint(self) -> str:
        if self._base is None:
            url = self._adapter.get_endpoint()
            if not url:
                raise exceptions.ConfigError(
                    f"The catalogue has no endpoint of type {SERVICE_TYPE}."
                )
            self._base = url.rstrip("/").removesuffix("/v1")
        return self._base


def object_of(response: requests.Response) -> dict[str, Any]:
    """The JSON object in an answer.

    :raises ServerError: if it is not one (a proxy's page, for example)
    """
    try:
        data = response.json()
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise exceptions.ServerError(
            f"{response.url} answered {response.status_code} with something "
            "that is not a JSON object.",
            hint="Check that the endpoint is that of servicevm.",
            status=response.status_code,
            request_id=request_id_of(response),
        )
    return data


def request_id_of(response: requests.Response) -> str | None:
    """The id under which the service's log has this request."""
    return response.headers.get("X-Openstack-Request-Id")


def error_of(response: requests.Response) -> exceptions.ApiError:
    """The exception for an answer with a status of 400 or more."""
    status = response.status_code
    kind = _BY_STATUS.get(status) or (
        exceptions.ServerError if status >= 500 else exceptions.BadRequest
    )
    return kind(**_first_error(response), status=status)


def _first_error(response: requests.Response) -> dict[str, Any]:
    """Code, title, detail ... out of the API-SIG error format."""
    found: dict[str, Any] = {"request_id": request_id_of(response)}
    try:
        first = response.json()["errors"][0]
        for key in ("code", "title", "detail", "hint", "request_id"):
            if isinstance(first.get(key), str):
                found[key] = first[key]
        if isinstance(first.get("fields"), dict):
            found["fields"] = {
                str(k): str(v) for k, v in first["fields"].items()
            }
    except (ValueError, LookupError, TypeError, AttributeError):
        # Not from the service but from something in between: say what
        # it said, it is all there is.
        found["title"] = f"The answer was {response.status_code}."
        found["detail"] = " ".join(response.text[:300].split())
    return found


def _cause(error: BaseException) -> str:
    """What the system said, without the layers around it; or nothing."""
    # "Unable to establish connection to URL: ..." and then the layers.
    what = str(error).partition(": ")[0]
    cause: BaseException | None = error
    # requests keeps the error below it as an argument, not as the cause.
    seen: list[BaseException] = []
    while cause is not None and cause not in seen:
        seen.append(cause)
        if isinstance(cause, OSError) and cause.strerror:
            return f"{what}: {cause.strerror}."
        inner = getattr(cause, "reason", None) or next(
            (one for one in cause.args if isinstance(one, BaseException)),
            None,
        )
        cause = inner or cause.__cause__ or cause.__context__
    return ""


def _translate(error: ksa.ClientException) -> exceptions.ClientError:
    """Ours for a failure inside keystoneauth1: no answer, or no auth."""
    text = str(error)
    if isinstance(error, ksa.ConnectionError):
        return exceptions.ConnectionFailed(_cause(error) or text)
    if isinstance(error, ksa.EndpointNotFound | ksa.EmptyCatalog):
        return exceptions.ConfigError(
            f"The catalogue has no endpoint of type {SERVICE_TYPE}: {text}"
        )
    if isinstance(error, ksa.HttpError):
        kind = _BY_STATUS.get(error.http_status, exceptions.ServerError)
        return kind(
            text,
            title="The identity service refused the request.",
            status=error.http_status,
            request_id=error.request_id,
        )
    if isinstance(error, ksa.AuthorizationFailure):
        return exceptions.AuthenticationFailed(text)
    return exceptions.ConfigError(text)
