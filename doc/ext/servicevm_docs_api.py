"""The reference of the REST API, from the OpenAPI of the application."""

from collections.abc import Iterator, Mapping
from typing import Any

from servicevm_docs import Rendered, resolve, schema_lines, table

METHODS = ("get", "post", "patch", "put", "delete")

Document = Mapping[str, Any]


def document() -> Document:
    """What ``GET /v1/openapi.json`` answers."""
    from servicevm.api import openapi

    return openapi.document()


def heading(text: str, mark: str) -> list[str]:
    return [text, mark * len(text), ""]


def groups(paths: Document) -> dict[str, list[str]]:
    """Paths by their first word below /v1."""
    found: dict[str, list[str]] = {}
    for path in sorted(paths):
        words = path.strip("/").split("/")
        below = words[0] == "v1" and len(words) > 1
        name = words[1] if below and "." not in words[1] else "service"
        found.setdefault(name, []).append(path)
    return found


def parameters(operation: Document, root: Document) -> Iterator[str]:
    rows = []
    for one in operation.get("parameters", []):
        one = resolve(one, root)
        rows.append(
            (
                f"``{one['name']}``",
                one["in"],
                " ".join(str(one.get("description", "")).split()),
            )
        )
    if rows:
        yield from table(["Parameter", "In", ""], rows)


def body_of(content: Document) -> Document | None:
    for media in content.values():
        if "schema" in media:
            found: Document = media["schema"]
            return found
    return None


def operation_lines(
    method: str, path: str, operation: Document, root: Document
) -> Iterator[str]:
    yield from heading(f"{method.upper()} {path}", "-")
    for key in ("summary", "description"):
        if operation.get(key):
            yield from [" ".join(operation[key].split()), ""]
    yield from parameters(operation, root)
    request = resolve(operation.get("requestBody", {}), root)
    schema = body_of(request.get("content", {}))
    if schema is not None:
        yield from ["Request:", "", *schema_lines(schema, root)]
    rows = []
    answer = None
    for status, response in sorted(operation.get("responses", {}).items()):
        response = resolve(response, root)
        rows.append((str(status), response.get("description", "")))
        if str(status).startswith("2"):
            answer = answer or body_of(response.get("content", {}))
    yield from table(["Status", ""], rows)
    if answer is not None:
        lines = schema_lines(answer, root)
        yield from ["Answer:", "", *lines] if lines else []


class Api(Rendered):
    """Every path, method, parameter and field."""

    def lines(self) -> list[str]:
        root = document()
        lines: list[str] = []
        for name, paths in groups(root["paths"]).items():
            lines += heading(name, "=")
            for path in paths:
                for method in METHODS:
                    if method in root["paths"][path]:
                        operation = root["paths"][path][method]
                        lines += operation_lines(method, path, operation, root)
        return lines
