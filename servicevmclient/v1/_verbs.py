"""The verbs, written once for every kind of resource."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import requests

from servicevmclient import exceptions
from servicevmclient.v1 import _paging
from servicevmclient.v1._adapter import Adapter, object_of, request_id_of
from servicevmclient.v1._resource import Resource
from servicevmclient.v1._waiter import Callback, Waiter

if TYPE_CHECKING:
    from servicevmclient.v1._page import Page

R = TypeVar("R", bound=Resource)

_TRIED = {"dry_run": "true"}
_UUID = "[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}"


def looks_like_id(text: str) -> bool:
    """Whether it is written like a UUID; a name may be, too."""
    return re.fullmatch(_UUID, text, re.IGNORECASE) is not None


class Verbs:
    """each, get, find, create, update, delete and wait for any resource."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter

    def each(
        self, kind: type[R], /, *, max_items: int | None = None, **query: Any
    ) -> Iterator[R]:
        """Yield what the query selects, asking page by page.

        :param max_items: end after so many
        :param query: filters, ``sort="key:desc"``, ``limit`` (of a page),
            ``marker``, ``tags``, ``fields`` ...; a list repeats the key
        """

        def fetch(params: list[tuple[str, str]]) -> Mapping[str, Any]:
            return self._list(kind, params)

        for data in _paging.items(fetch, kind.plural, query, max_items):
            yield kind(data)

    def page(
        self,
        kind: type[R],
        /,
        *,
        limit: int,
        marker: str | None = None,
        **query: Any,
    ) -> "Page[R]":
        """One page of what the query selects, with exactly one call.

        :param kind: the class of the resource, e.g. `Device`
        :param limit: at most so many items; the service may allow fewer
        :param marker: ``next_marker`` or ``previous_marker`` of a page of
            the same query; None or ``""`` for the first page
        :param query: filters, ``sort`` ..., as those of the lists
        """
        from servicevmclient.v1._page import Page

        params = {**query, "limit": limit, "marker": marker or None}
        answer = self._list(kind, _paging.pairs(params))
        return Page(
            [kind(data) for data in answer.get(kind.plural, ())],
            _paging.marker(answer, kind.plural, "next"),
            _paging.marker(answer, kind.plural, "previous"),
        )

    def get(self, kind: type[R], ref: str) -> R:
        """The one with this id (a service type: name).

        :raises NotFound: there is none
        """
        return self._one(kind, self._adapter.request("GET", path(kind, ref)))

    def find(self, kind: type[R], name_or_id: str) -> R:
        """The only one with this id or name, with at most two calls.

        :raises NotFound: there is none
        :raises MultipleMatches: there is more than one; it has their ids
        """
        if not kind.named or kind.identity == "name":
            return self.get(kind, name_or_id)
        if looks_like_id(name_or_id):
            try:
                return self.get(kind, name_or_id)
            except exceptions.NotFound:
                pass  # it may still be somebody's name
        found = [*self.each(kind, name=name_or_id, limit=10, max_items=10)]
        if not found:
            raise exceptions.NotFound(
                f"No {kind.noun} has the name or id {name_or_id!r}.",
                hint=f"See: {kind.noun} list",
            )
        if len(found) > 1:
            ids = [one.ref for one in found]
            raise exceptions.MultipleMatches(
                f"More than one {kind.noun} has the name {name_or_id!r}: "
                f"{', '.join(ids)}.",
                ids,
            )
        return found[0]

    def create(
        self,
        kind: type[R],
        attributes: Mapping[str, Any],
        *,
        dry_run: bool = False,
    ) -> R:
        """Make one; return what the service answered at once.

        :param dry_run: have it checked and shown as it would be at first,
            but make nothing; of templates, devices and services
        """
        return self._one(
            kind,
            self._adapter.request(
                "POST",
                kind.path,
                params=_TRIED if dry_run else None,
                body={kind.key: dict(attributes)},
            ),
        )

    def update(
        self,
        kind: type[R],
        ref: str,
        attributes: Mapping[str, Any],
        *,
        if_match: str | None = None,
        dry_run: bool = False,
    ) -> R:
        """Change the keys that are given.

        :param if_match: etag that the resource must still have
        :param dry_run: have it checked and shown as it would be, but change
            nothing; of templates, devices and services
        :raises PreconditionFailed: it has another
        """
        return self._one(
            kind,
            self._adapter.request(
                "PATCH",
                path(kind, ref),
                params=_TRIED if dry_run else None,
                body={kind.key: dict(attributes)},
                headers={"If-Match": if_match} if if_match else None,
            ),
        )

    def delete(
        self, kind: type[Resource], ref: str, *, if_match: str | None = None
    ) -> str | None:
        """Delete one; return the id of the operation that does it, if any.

        :param if_match: etag that the resource must still have
        """
        response = self._adapter.request(
            "DELETE",
            path(kind, ref),
            headers={"If-Match": if_match} if if_match else None,
        )
        if response.status_code == 204 or not response.content:
            return None
        operation = object_of(response).get("operation") or {}
        return operation.get("id")

    def act(
        self,
        kind: type[Resource],
        ref: str,
        below: str,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """POST to a path below a resource; return what it answered."""
        return self._adapter.json(
            "POST", f"{path(kind, ref)}/{below}", body=body
        )

    def read(
        self, kind: type[Resource], ref: str, below: str, **query: Any
    ) -> dict[str, Any]:
        """GET a path below a resource; return what it answered."""
        return self._adapter.json(
            "GET",
            f"{path(kind, ref)}/{below}",
            params=grouped(query),
        )

    def waiter(
        self,
        *,
        timeout: float,
        interval: float | None = None,
        callback: Callback | None = None,
    ) -> Waiter:
        """A wait that begins now."""
        return Waiter(
            self, timeout=timeout, interval=interval, callback=callback
        )

    def _list(
        self, kind: type[Resource], params: list[tuple[str, str]]
    ) -> dict[str, Any]:
        # requests takes pairs, and a key more than once.
        return object_of(
            self._adapter.request("GET", kind.path, params=_grouped(params))
        )

    def _find(
        self, kind: type[R], name_or_id: str, ignore_missing: bool
    ) -> R | None:
        """`find`, or None where there is none and that is no error."""
        try:
            return self.find(kind, name_or_id)
        except exceptions.NotFound:
            if ignore_missing:
                return None
            raise

    def _settled(
        self,
        kind: type[R],
        resource: R | str,
        timeout: float,
        interval: float | None,
        callback: Callback | None,
    ) -> R:
        """Wait until it is ACTIVE; for a resource or an id."""
        waiter = self.waiter(
            timeout=timeout, interval=interval, callback=callback
        )
        if isinstance(resource, str):
            resource = self.get(kind, resource)
        return waiter.settled(resource)

    def _gone(
        self,
        kind: type[R],
        resource: R | str,
        timeout: float,
        interval: float | None,
        callback: Callback | None,
    ) -> None:
        """Wait until it is not there; for a resource or an id."""
        ref = resource if isinstance(resource, str) else resource.ref
        waiter = self.waiter(
            timeout=timeout, interval=interval, callback=callback
        )
        waiter.gone(kind, ref, ref)

    def _one(self, kind: type[R], response: requests.Response) -> R:
        data = object_of(response).get(kind.key)
        if not isinstance(data, dict):
            raise exceptions.ServerError(
                f"{response.url} answered without a {kind.key!r}.",
                status=response.status_code,
                request_id=request_id_of(response),
            )
        return kind(
            data,
            etag=response.headers.get("ETag"),
            last_request_id=request_id_of(response),
        )


def path(kind: type[Resource], ref: str) -> str:
    """Path of one resource below the endpoint."""
    return f"{kind.path}/{quote(ref, safe='')}"


def grouped(query: Mapping[str, Any]) -> dict[str, Any]:
    """A query as requests takes it: a key more than once is a list."""
    return _grouped(_paging.pairs(query))


def _grouped(params: list[tuple[str, str]]) -> dict[str, Any]:
    grouped: dict[str, Any] = {}
    for key, value in params:
        grouped.setdefault(key, []).append(value)
    return grouped
