"""One method of one route: what it takes, gives and needs.

`method` turns a plain function into a Falcon responder. Whatever is the
same for every request is here, once: policy, query, body, validation, ETag
and the shape of the answer. The declarations are also what the OpenAPI
document is made of.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import falcon
from sqlalchemy import orm

from servicevm.api import body, parameters, validation
from servicevm.api.encoding import encode, etag
from servicevm.api.ownership import Owner
from servicevm.api.parameters import Parameter
from servicevm.api.runtime import Runtime
from servicevm.context import RequestContext
from servicevm.db import api as db
from servicevm.db import listing as db_listing
from servicevm.errors import (
    FORBIDDEN,
    INVALID_FIELD,
    NOT_FOUND,
    OWNED,
    PRECONDITION_FAILED,
    PermanentError,
)
from servicevm.states import Initiator

Schema = Mapping[str, Any]
Json = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Method:
    """The declaration of a method.

    :param rule: policy rule; None where everyone may
    :param statuses: status of success; the first is the usual one
    :param fields: those of the resource inside the answer's envelope
    """

    summary: str
    rule: str | None
    statuses: Sequence[int]
    request: Schema | None = None
    response: Schema | None = None
    query: Mapping[str, Parameter] = field(default_factory=dict)
    listing: db_listing.Listing | None = None
    optional_body: bool = False
    idempotent: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)


class Resource:
    """What answers at a path; its responders are made by `method`."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        get = getattr(self, "on_get", None)
        if get is not None:
            # The same, but for the body, which Falcon leaves out.
            self.on_head = get


class Call:
    """One request on its way through a resource's function."""

    def __init__(
        self, runtime: Runtime, req: falcon.Request, declared: Method
    ) -> None:
        self.runtime = runtime
        self.req = req
        self.declared = declared
        # An open resource has no caller, and no rule to ask about one.
        caller: Any = getattr(req.context, "caller", None)
        self.context: RequestContext = caller
        self.status = declared.statuses[0]
        #: Only tried: nothing of it is to be kept.
        self.dry_run = False
        self.etag: str | None = None
        self.headers: dict[str, str] = {}
        self.body: Json = {}
        self.values: dict[str, Sequence[str]] = {}

    def write(self, function: Callable[[orm.Session], T]) -> T:
        """Run a function in a transaction; in one that is undone, if tried.

        :param function: as for `servicevm.db.api.write`
        """
        return db.tried(function) if self.dry_run else db.write(function)

    def wake(self) -> None:
        """There is work for a conductor, unless this was only tried."""
        if not self.dry_run:
            self.runtime.conductor.wake()

    @property
    def request_id(self) -> str:
        return str(self.req.context.request_id)

    def reaches(self, project_id: str) -> bool:
        """Whether the caller may know of what this project has."""
        return project_id == self.context.project_id or (
            self.runtime.policy.allows(
                self.context, "all_projects", {"project_id": project_id}
            )
        )

    def allows(self, rule: str, row: Any, owner: Owner | None = None) -> bool:
        """Whether the caller may do what the rule is about with the row.

        :param owner: another service of the cloud whose it is
        """
        target = {
            "project_id": row.project_id,
            "user_id": row.user_id,
            "owner_id": row.user_id if owner is None else owner.user_id,
            "owned": owner is not None,
            "initiator": getattr(row, "initiator", Initiator.USER),
        }
        return self.runtime.policy.allows(self.context, rule, target)

    def found(
        self,
        row: Any,
        noun: str,
        resource_id: str,
        owner: Owner | None = None,
    ) -> Any:
        """The row, unless it is not there or out of the caller's reach.

        :param owner: another service of the cloud whose it is
        :raises PermanentError: NOT_FOUND, the same in both cases; OWNED or
            FORBIDDEN, where the caller may know of it but not do this
        """
        if row is None or not self.reaches(row.project_id):
            raise PermanentError(
                NOT_FOUND, f"There is no {noun} {resource_id[:64]}."
            )
        rule = self.declared.rule
        if rule is not None and not self.allows(rule, row, owner):
            if owner is not None:
                raise PermanentError(
                    OWNED,
                    f"{owner.sentence}: only that service and an "
                    "administrator may do this.",
                )
            raise PermanentError(
                FORBIDDEN, f"The policy rule servicevm:{rule} refuses this."
            )
        return row

    def list_query(self, *, shared: bool = False) -> db_listing.ListQuery:
        """What the query asks for, within the caller's reach.

        :param shared: every project may see what all have
        """
        listing = self.declared.listing
        if listing is None:
            raise TypeError("not a list")
        return parameters.list_query(
            self.values,
            listing,
            max_limit=self.runtime.max_limit,
            projects=self.projects(shared=shared),
        )

    def projects(self, *, shared: bool = False) -> Sequence[str] | None:
        """The projects that are asked about; None for all of them.

        :param shared: every project may see what all have
        :raises PermanentError: FORBIDDEN, if the caller may not ask
        """
        own = str(self.context.project_id)
        asked = self.values.get("project_id", ())
        every = parameters.boolean(self.values, "all_projects")
        if every or (not shared and any(one != own for one in asked)):
            self.runtime.policy.enforce(self.context, "all_projects")
        return asked or (None if every or shared else [own])

    def page(
        self, session: Any, query: db_listing.ListQuery
    ) -> db_listing.Page:
        """Read a page of the declared listing.

        :raises PermanentError: INVALID_FIELD for an unknown marker
        """
        if self.declared.listing is None:
            raise TypeError("not a list")
        try:
            return db_listing.page(session, self.declared.listing, query)
        except db_listing.UnknownMarker:
            sentence = "There is no such item; it may be gone by now."
            raise PermanentError(
                INVALID_FIELD,
                f"The query: marker: {sentence}",
                fields={"marker": sentence},
            ) from None

    def collection(
        self, name: str, items: list[Json], page: db_listing.Page
    ) -> Json:
        """A list's answer with its links."""
        answer: Json = {name: items}
        links = []
        if page.next is not None:
            links.append({"rel": "next", "href": self._link(page.next)})
        if page.previous is not None:
            links.append(
                {"rel": "previous", "href": self._link(page.previous)}
            )
        if links:
            answer[f"{name}_links"] = links
        return answer

    def url(self, path: str) -> str:
        """The address of a path, as the caller reaches it."""
        return f"{self.req.prefix}{path}"

    def _link(self, marker: str) -> str:
        params = {**self.req.params, "marker": marker}
        if not marker:
            del params["marker"]
        query = falcon.to_query_str(params, comma_delimited_lists=False)
        return self.url(f"{self.req.path}{query}")

    def match(self, name: str, render: Callable[[], Json]) -> None:
        """Refuse where If-Match names another state than `render` gives.

        :raises PermanentError: PRECONDITION_FAILED
        """
        wanted = self.req.if_match
        if wanted is None or "*" in wanted:
            return
        present = etag(name, render())
        if all(str(item) != present for item in wanted):
            raise PermanentError(PRECONDITION_FAILED)

    def show(self, name: str, item: Json) -> Json:
        """One resource in its envelope, with its ETag."""
        self.etag = etag(name, item)
        return {name: item}


def method(
    summary: str,
    *,
    rule: str | None,
    status: int | Sequence[int] = 200,
    request: Schema | None = None,
    response: Schema | None = None,
    query: Mapping[str, Parameter] | None = None,
    listing: db_listing.Listing | None = None,
    optional_body: bool = False,
    idempotent: bool = False,
    tries: bool = False,
) -> Callable[[Any], Any]:
    """Declare the responder that follows; see `Method`.

    :param tries: it writes through `Call.write`, and may be asked what it
        would do

    The function gets ``(self, call, **path_parameters)`` and returns the
    answer's body, or None for none.
    """
    known_fields = _field_names(response)
    statuses = [status] if isinstance(status, int) else [*status]
    if tries and 200 not in statuses:
        statuses.append(200)
    declared = Method(
        summary,
        rule,
        statuses,
        request,
        response,
        {**(query or {}), **(parameters.DRY_RUN if tries else {})},
        listing,
        optional_body,
        idempotent,
        known_fields,
    )
    checks_request = request and validation.own(request)
    checks_response = response and validation.own(response)

    def decorate(function: Callable[..., Json | None]) -> Any:
        @functools.wraps(function)
        def responder(
            self: Any,
            req: falcon.Request,
            resp: falcon.Response,
            **params: str,
        ) -> None:
            runtime: Runtime = self.runtime
            call = Call(runtime, req, declared)
            if rule is not None:
                runtime.policy.enforce(call.context, rule)
            call.values = parameters.read(req.params, declared.query)
            call.dry_run = parameters.boolean(call.values, "dry_run")
            fields = parameters.chosen_fields(call.values, known_fields)
            if checks_request is not None:
                call.body = body.read(
                    req, runtime.max_body, optional=optional_body
                )
                validation.check(checks_request, call.body, "The body")
            if any("\0" in value for value in params.values()):
                # No text of PostgreSQL's has it, not even one asked for.
                raise PermanentError(NOT_FOUND, "No id or name has a NUL.")
            if "id" in params:
                params["id"] = params["id"].lower()
            answer = function(self, call, **params)
            if call.dry_run:
                # There is nothing that could be looked for.
                call.status, call.headers = 200, {}
            resp.status = call.status
            for name, value in call.headers.items():
                resp.set_header(name, value)
            if call.etag is not None:
                resp.etag = call.etag
            if answer is None:
                return
            if checks_response is not None and runtime.response_validation:
                _check_response(checks_response, answer)
            if fields:
                answer = _pick(answer, fields)
            resp.data = encode(answer)

        responder.declared = declared  # type: ignore[attr-defined]
        return responder

    return decorate


def _check_response(checker: Any, answer: Json) -> None:
    found, _ = validation.problems(checker, answer)
    if found:
        raise RuntimeError(f"The answer does not fit its schema: {found}")


def _field_names(response: Schema | None) -> Mapping[str, Any]:
    """Fields of the resource inside a response's envelope."""
    for schema in (response or {}).get("properties", {}).values():
        inner = schema.get("items", schema)
        found: Mapping[str, Any] = inner.get("properties", {})
        return found
    return {}


def _pick(answer: Json, fields: Sequence[str]) -> Json:
    name = next(iter(answer))
    inner = answer[name]
    if isinstance(inner, list):
        picked: Any = [{key: item[key] for key in fields} for item in inner]
    else:
        picked = {key: inner[key] for key in fields}
    return {**answer, name: picked}
