"""The reference of the REST API, from the OpenAPI of the application."""

from collections.abc import Iterator, Mapping
from typing import Any

from servicevm_docs import Rendered, schema_lines, table, type_of

METHODS = ("get", "post", "patch", "put", "delete")

#: Said once, at the top of the page.
EVERYWHERE = {"OpenStack-API-Version"}

Document = Mapping[str, Any]


def document() -> Document:
    """What ``GET /v1/openapi.json`` answers."""
    from servicevm.api import app, openapi

    return openapi.document(app.ROUTES, "keystone")


def heading(text: str, mark: str) -> list[str]:
    return [text, mark * len(text), ""]


def by_resource(
    paths: Document,
) -> dict[str, list[tuple[str, str, Document]]]:
    """Path, method and operation, by the resource's name in the path."""
    found: dict[str, list[tuple[str, str, Document]]] = {}
    for path, item in paths.items():
        noun = [*path.split("/"), "", ""][2] or "versions"
        name = noun.replace("-", " ").capitalize()
        for method in METHODS:
            if method in item:
                found.setdefault(name, []).append((path, method, item[method]))
    return found


def parameters(operation: Document) -> Iterator[str]:
    rows = [
        (
            f"``{one['name']}``",
            one["in"],
            " ".join(str(one.get("description", "")).split()),
        )
        for one in operation.get("parameters", [])
        if one["name"] not in EVERYWHERE
    ]
    if rows:
        yield from table(["Parameter", "In", ""], rows)


def body_of(holder: Document) -> Document | None:
    for media in holder.get("content", {}).values():
        found: Document = media["schema"]
        return found
    return None


def answers(operation: Document) -> Iterator[str]:
    for status, answer in operation["responses"].items():
        if not status.startswith("2"):
            continue
        schema = body_of(answer)
        if schema is None:
            yield from [f"Answer: {status}, without a body.", ""]
            continue
        named = [
            f"``{name}``: {type_of(below)}"
            for name, below in schema.get("properties", {}).items()
            if not name.endswith("_links")
        ]
        what = "; ".join(named) or type_of(schema)
        yield from [f"Answer: {status}, {what}.", ""]


def operation_lines(
    path: str, method: str, operation: Document
) -> Iterator[str]:
    yield from heading(f"{method.upper()} {path}", "-")
    yield from [f"{operation['summary']}.", ""]
    rule = operation.get("x-openstack-policy")
    if rule:
        yield from [f"Policy: ``{rule}``.", ""]
    yield from parameters(operation)
    schema = body_of(operation.get("requestBody", {}))
    if schema is not None:
        yield from schema_lines(schema)
    yield from answers(operation)


class Api(Rendered):
    """Every path, method, parameter and field."""

    def lines(self) -> list[str]:
        root = document()
        lines: list[str] = []
        for name, operations in by_resource(root["paths"]).items():
            lines += heading(name, "=")
            for path, method, operation in operations:
                lines += operation_lines(path, method, operation)
        lines += heading("Types", "=")
        for name, schema in sorted(root["components"]["schemas"].items()):
            lines += heading(name, "-")
            lines += schema_lines(schema, answer=True)
        return lines
