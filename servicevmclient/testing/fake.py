"""A small Service VM API in memory, over real HTTP on loopback."""

import base64
import contextlib
import json
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from servicevmclient.testing import _holds
from servicevmclient.testing._quotas import DEFAULTS, Quotas
from servicevmclient.testing._store import PLANS, Store, etag_of, fails
from servicevmclient.testing._summary import summary
from servicevmclient.testing._usage import Usages

Json = dict[str, Any]

_PATHS = {
    "device-templates": "device_templates",
    "devices": "devices",
    "services": "services",
    "service-types": "service_types",
    "drivers": "drivers",
    "operations": "operations",
    "events": "events",
    "conductors": "conductors",
    "relays": "relays",
    "relay-groups": "relay_groups",
    "holds": "holds",
    "apis": "apis",
    "breakers": "breakers",
}
#: of these, a list has only those of the caller's own project
_OWNED = ("devices", "services", "operations", "events")
#: unless it is asked for others
_PROJECTS = frozenset({"project_id", "all_projects"})
_CONTROL = ("limit", "marker", "sort", "fields", "all_projects")


@dataclass
class _Refused(Exception):
    """An answer with an error."""

    status: int
    code: str
    detail: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class _Answer:
    status: int
    body: Json | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class _Fault:
    """What is to happen to requests that begin so, but for the first."""

    begins: str
    seconds: float
    error: _Refused
    passing: int


class FakeServicevm:
    """The API, with everything in memory.

    It keeps what it is given, pages, filters by equality, has ETags,
    If-Match and Idempotency-Key, and begins operations; each look at an
    operation carries out one step of it, so nothing depends on time. It
    does not validate: that is what the real one is for.

    :param username: if given, requests need it and `password` (basic auth)
    """

    def __init__(
        self, *, username: str | None = None, password: str = ""
    ) -> None:
        self.store = Store()
        #: what projects may have; it is shown, but refuses nothing
        self.quotas = Quotas(self.store)
        #: what projects have used: what it is told
        self.usage = Usages()
        self._refusals: dict[tuple[str, str], _Refused] = {}
        #: method and path of every request, in order
        self.requests: list[tuple[str, str]] = []
        self._auth: str | None = None
        if username is not None:
            pair = f"{username}:{password}".encode()
            self._auth = f"Basic {base64.b64encode(pair).decode()}"
        self._answers: dict[str, _Answer] = {}
        self._faults: list[_Fault] = []
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        if self._server is None:
            raise RuntimeError("FakeServicevm is not started")
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "FakeServicevm":
        fake = self

        class Handler(_Handler):
            service = fake

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    @contextlib.contextmanager
    def failing(
        self,
        begins: str,
        status: int = 500,
        code: str = "internal_error",
        detail: str = "It was told to fail.",
        *,
        seconds: float = 0,
        passing: int = 0,
    ) -> Iterator[None]:
        """Refuse some requests while the block lasts.

        :param begins: of ``METHOD /path``, e.g. ``GET /v1/devices``
        :param seconds: wait that long before
        :param passing: let so many of them pass first
        """
        refused = _Refused(status, code, detail)
        fault = _Fault(begins, seconds, refused, passing)
        self._faults.append(fault)
        try:
            yield
        finally:
            self._faults.remove(fault)

    def _fail(self, method: str, target: str) -> None:
        for fault in self._faults:
            if f"{method} {target}".startswith(fault.begins):
                with self.store.lock:
                    fault.passing -= 1
                    if fault.passing >= 0:
                        continue
                    self.requests.append((method, target))
                time.sleep(fault.seconds)
                raise fault.error

    def refuse_next(
        self,
        method: str,
        path: str,
        status: int,
        code: str,
        detail: str,
        fields: Mapping[str, str] | None = None,
    ) -> None:
        """Refuse the next request of this kind, as the real one might.

        :param path: without a query, e.g. ``/v1/devices``
        :param fields: path of a field to a sentence about it
        """
        refused = _Refused(status, code, detail, dict(fields or {}))
        self._refusals[method, path] = refused

    def answer(
        self, method: str, target: str, headers: Any, body: Json
    ) -> _Answer:
        """What the service answers to one request."""
        url = urlsplit(target)
        self._fail(method, target)
        with self.store.lock:
            self.requests.append((method, target))
            if self._auth and headers.get("Authorization") != self._auth:
                raise _Refused(401, "unauthenticated", "No credentials.")
            refused = self._refusals.pop((method, url.path), None)
            if refused is not None:
                raise refused
            key = headers.get("Idempotency-Key")
            if key in self._answers:
                return self._answers[key]
            parts = [unquote(one) for one in url.path.strip("/").split("/")]
            if parts[:2] == ["v1", "quotas"] and len(parts) < 4:
                asked = parse_qs(url.query).get("project_id", [])
                return self._quota(method, parts[2:], headers, body, asked)
            if parts[:2] == ["v1", "usage"] and len(parts) < 4:
                asked_of = parse_qs(url.query)
                return _Answer(200, self.usage.answer(parts[2:], asked_of))
            if parts == ["v1", "summary"]:
                counts = summary(self.store, self.quotas, parse_qs(url.query))
                return _Answer(200, {"summary": counts})
            if parts[0] != "v1" or len(parts) < 2 or parts[1] not in _PATHS:
                raise _Refused(404, "not_found", f"No {url.path}.")
            plural = _PATHS[parts[1]]
            if len(parts) == 2 and method == "GET":
                return self._list(plural, url.path, parse_qs(url.query))
            dry_run = parse_qs(url.query).get("dry_run") == ["true"]
            with self.store.tried() if dry_run else contextlib.nullcontext():
                if len(parts) == 2:
                    found = self._create(plural, body)
                else:
                    found = self._one(method, plural, parts[2:], headers, body)
            if dry_run:
                return _Answer(200, found.body)
            if key:
                self._answers[key] = found
            return found

    def _quota(
        self,
        method: str,
        below: list[str],
        headers: Any,
        body: Json,
        asked: list[str],
    ) -> _Answer:
        if not below:
            named = [self.quotas.show(one) for one in asked]
            return _Answer(200, {"quotas": named or self.quotas.all()})
        if below == ["defaults"]:
            return _Answer(200, {"quota_defaults": dict(DEFAULTS)})
        project = "fake" if below == ["own"] else below[0]
        row = self.quotas.show(project)
        wanted = headers.get("If-Match")
        if wanted not in (None, "*", etag_of(row)):
            raise _Refused(412, "precondition_failed", f"It is not {wanted}.")
        if method == "DELETE":
            self.quotas.delete(project)
            return _Answer(204)
        if method == "PATCH":
            self.quotas.change(project, body["quota"])
            row = self.quotas.show(project)
        return _Answer(200, {"quota": row}, {"ETag": etag_of(row)})

    def _list(self, plural: str, path: str, query: Any) -> _Answer:
        rows = list(self.store.rows[plural].values())
        if plural in _OWNED and not query.keys() & _PROJECTS:
            rows = [row for row in rows if row["project_id"] == "fake"]
        for key, values in query.items():
            if key == "tags":
                wanted = set(",".join(values).split(","))
                rows = [row for row in rows if wanted <= set(row["tags"])]
            elif key == "name_prefix":
                rows = [row for row in rows if row["name"].startswith(*values)]
            elif key == "failing":
                rows = [row for row in rows if _equals(fails(row), values)]
            elif key not in _CONTROL:
                rows = [row for row in rows if _equals(row.get(key), values)]
        for term in reversed(",".join(query.get("sort", [])).split(",")):
            name, _, direction = term.partition(":")
            if name:
                rows.sort(
                    key=lambda row: str(row.get(name)),
                    reverse=direction == "desc",
                )
        return _Answer(200, self._page(plural, path, query, rows))

    def _page(
        self, plural: str, path: str, query: Any, rows: list[Json]
    ) -> Json:
        limit = int(query.get("limit", ["1000"])[0])
        start = 0
        if "marker" in query:
            ids = [row["id"] for row in rows]
            if query["marker"][0] not in ids:
                sentence = "There is no such item; it may be gone by now."
                raise _Refused(
                    400, "invalid_field", sentence, {"marker": sentence}
                )
            start = ids.index(query["marker"][0]) + 1
        shown = [
            self.store.shown(plural, row)
            for row in rows[start : start + limit]
        ]
        page: Json = {plural: shown}
        links = []
        if len(rows) > start + limit:
            links.append(("next", rows[start + limit - 1]["id"]))
        if start:
            # The first page has no marker.
            before = rows[start - limit - 1]["id"] if start > limit else None
            links.append(("previous", before))
        page[f"{plural}_links"] = [
            {"rel": rel, "href": self._link(path, query, marker)}
            for rel, marker in links
        ]
        return page

    def _link(self, path: str, query: Any, marker: str | None) -> str:
        asked = {**query, "marker": [] if marker is None else [marker]}
        return f"{self.url}{path}?{urlencode(asked, doseq=True)}"

    def _create(self, plural: str, body: Json) -> _Answer:
        given = body[plural.removesuffix("s")]
        if plural == "holds":
            given = _holds.row(given, self.store.rows[plural])
        if (
            plural == "relay_groups"
            and given["name"] in self.store.rows[plural]
        ):
            raise _Refused(409, "conflict", f"There is a {given['name']}.")
        row = self.store.add(plural, given)
        if (plural.removesuffix("s"), "create") in PLANS:
            self.store.begin(plural, row, "create")
        at_once = plural in ("device_templates", "relay_groups", "holds")
        return self._answer(plural, row, 201 if at_once else 202)

    def _one(
        self,
        method: str,
        plural: str,
        parts: list[str],
        headers: Any,
        body: Json,
    ) -> _Answer:
        kind = plural.removesuffix("s")
        rows = self.store.rows[plural]
        row = rows.get(parts[0])
        if row is None:
            raise _Refused(404, "not_found", f"No {kind} {parts[0]}.")
        wanted = headers.get("If-Match")
        if wanted not in (None, "*", etag_of(row)):
            raise _Refused(412, "precondition_failed", f"It is not {wanted}.")
        if len(parts) > 1:
            return self._below(plural, row, parts[1:], body)
        if method == "PATCH":
            row |= body[kind]
            if "config" in body[kind]:
                row["generation"] += 1
                self.store.begin(plural, row, "update")
        elif method == "DELETE":
            if (kind, "delete") not in PLANS:
                del rows[row["id"]]
                return _Answer(204)
            operation = self.store.begin(plural, row, "delete")
            shown = self.store.shown("operations", operation)
            return _Answer(202, {"operation": shown})
        elif plural == "operations":
            self.store.advance(row)
        return self._answer(plural, row, 200)

    def _below(
        self, plural: str, row: Json, parts: list[str], body: Json
    ) -> _Answer:
        if parts in (["reboot"], ["rebuild"], ["heal"]):
            self.store.begin(plural, row, parts[0])
            return self._answer(plural, row, 202)
        if parts == ["interfaces"]:
            self.store.plug(row, body["interface"])
            self.store.begin(plural, row, "attach")
            return self._answer(plural, row, 202)
        if parts[0] == "interfaces":
            self.store.unplug(row, int(parts[1]))
            self.store.begin(plural, row, "detach")
            return self._answer(plural, row, 202)
        if parts == ["cancel"]:
            self.store.end(row, "CANCELLED", "cancelled", "It was cancelled.")
            return self._answer(plural, row, 202)
        if parts == ["retry"]:
            row |= {"state": "PENDING", "finished_at": None, "steps": []}
            return self._answer(plural, row, 202)
        if parts == ["console-log"]:
            text = self.store.consoles.get(
                row["id"], f"Booting {row['name']}\n"
            )
            return _Answer(200, {"console_log": text})
        if parts == ["stats"]:
            return _Answer(200, {"stats": row.get("stats", {})})
        if parts[0] == "actions":
            return _Answer(200, {"result": row.get(parts[1], {})})
        raise _Refused(404, "not_found", f"No {'/'.join(parts)}.")

    def _answer(self, plural: str, row: Json, status: int) -> _Answer:
        # A copy, because an Idempotency-Key gets the first answer again.
        shown = self.store.shown(plural, row)
        body = json.loads(json.dumps({plural.removesuffix("s"): shown}))
        return _Answer(status, body, {"ETag": etag_of(row)})


def _equals(value: Any, wanted: list[str]) -> bool:
    if isinstance(value, bool):
        return str(value).lower() in [one.lower() for one in wanted]
    return str(value) in wanted


class _Handler(BaseHTTPRequestHandler):
    service: FakeServicevm
    protocol_version = "HTTP/1.1"
    #: headers and body in one segment, else Nagle costs 40 ms an answer
    wbufsize = -1

    def _handle(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size) or b"{}")
        request_id = f"req-{uuid.uuid4()}"
        try:
            answer = self.service.answer(
                self.command, self.path, self.headers, body
            )
        except _Refused as error:
            answer = _Answer(
                error.status,
                {
                    "errors": [
                        {
                            "request_id": request_id,
                            "status": error.status,
                            "code": error.code,
                            "title": "Refused.",
                            "detail": error.detail,
                            "hint": "",
                            "links": [],
                            "fields": error.fields,
                        }
                    ]
                },
            )
        data = b"" if answer.body is None else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("X-Openstack-Request-Id", request_id)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_DELETE = _handle

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a test's output is the test's."""
