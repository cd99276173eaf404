"""The OpenAPI 3.1 document, made of the declarations that are in force.

A schema that has a ``title`` becomes a component; everything else is
written where it is used.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import falcon

from servicevm.api import (
    idempotency,
    microversion,
    openapi_links,
    parameters,
)
from servicevm.api.method import Method
from servicevm.api.schemas import common
from servicevm.errors import REASONS

_VERBS = ("get", "post", "patch", "delete")
_UUID = {"type": "string", "format": "uuid"}
_REQUEST_ID = ("X-Openstack-Request-Id", "Under which the logs have it.")

#: Auth strategy to its OpenAPI security schemes.
_SECURITY: Mapping[str, Mapping[str, Any]] = {
    "none": {},
    "http_basic": {"http_basic": {"type": "http", "scheme": "basic"}},
    "keystone": {
        "keystone": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Auth-Token",
        }
    },
}
_PATH_PARAMETER = re.compile(r"{(\w+)}")


def document(
    routes: Mapping[str, object], auth_strategy: str
) -> dict[str, Any]:
    """The whole document.

    :param routes: URI template to the resource there
    :param auth_strategy: as in ``[api] auth_strategy``
    """
    components: dict[str, Any] = {}
    declared: dict[tuple[str, str], Method] = {}
    for path, resource in routes.items():
        for verb in _VERBS:
            responder = getattr(resource, f"on_{verb}", None)
            if responder is not None:
                declared[path, verb] = responder.declared
    paths: dict[str, Any] = {}
    for path, verb in declared:
        paths.setdefault(path, {})[verb] = _operation(
            path, verb, declared, components
        )
    components[_name(common.ERRORS)] = _refer(
        common.ERRORS, components, top=True
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "servicevm",
            "version": str(microversion.MAX),
            "summary": "The Service VM / Device Manager for OpenStack",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{name: []} for name in _SECURITY[auth_strategy]],
        "paths": paths,
        "components": {
            "securitySchemes": _SECURITY[auth_strategy],
            "responses": {"Error": _error()},
            "schemas": components,
        },
    }


class OpenApi:
    """``GET /v1/openapi.json``.

    :param text: the document; it does not change while the process runs
    """

    open = True

    def __init__(self, text: bytes) -> None:
        self._text = text

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.data = self._text

    on_head = on_get


def _operation(
    path: str,
    verb: str,
    methods: openapi_links.Declared,
    components: dict[str, Any],
) -> dict[str, Any]:
    declared = methods[path, verb]
    answer = _answer(path, verb, declared, components)
    links = openapi_links.links(path, verb, methods)
    linked = {**answer, "links": links} if links else answer
    answers = {str(status): linked for status in declared.statuses}
    if verb == "post" and "dry_run" in declared.query:
        answers["200"] = _tried(answer)
    found: dict[str, Any] = {
        "operationId": openapi_links.operation_id(path, verb),
        "summary": declared.summary,
        "tags": [_tag(path)],
        "parameters": [
            *_path_parameters(path),
            *_query_parameters(declared),
            *_headers(verb, declared),
        ],
        "responses": {
            **answers,
            "default": {"$ref": "#/components/responses/Error"},
        },
    }
    if declared.rule is None:
        found["security"] = []
    else:
        found["x-openstack-policy"] = f"servicevm:{declared.rule}"
    if declared.request is not None:
        found["requestBody"] = {
            "required": not declared.optional_body,
            "content": _json(_refer(declared.request, components)),
        }
    return found


def _tried(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a dry run: nothing was made that could be looked for."""
    headers = {k: v for k, v in answer["headers"].items() if k != "Location"}
    return {
        **answer,
        "description": "What it would be (dry_run).",
        "headers": headers,
    }


def _tag(path: str) -> str:
    """``device-templates``: what the path is about."""
    parts = path.strip("/").split("/")
    return parts[1] if len(parts) > 1 else "versions"


def _answer(
    path: str, verb: str, declared: Method, components: dict[str, Any]
) -> dict[str, Any]:
    names = [_REQUEST_ID, (microversion.HEADER, "The version answered in.")]
    tagged = verb != "delete" and declared.rule is not None
    if tagged and _one_resource(declared.response):
        names.append(("ETag", "Of this state; see If-Match."))
    if verb == "post" and "{" not in path:
        names.append(("Location", "Where the new resource is."))
    headers = {
        name: {
            "description": text,
            "required": True,
            "schema": {"type": "string"},
        }
        for name, text in names
    }
    if declared.response is None:
        return {"description": "Done; there is no body.", "headers": headers}
    return {
        "description": "Done.",
        "headers": headers,
        "content": _json(_refer(_chosen(declared), components)),
    }


def _chosen(declared: Method) -> Mapping[str, Any]:
    """The answer's schema, where ``fields`` may leave some of them out."""
    whole = declared.response or {}
    if "fields" not in declared.query:
        return whole
    name, inner = next(iter(whole["properties"].items()))
    listed = "items" in inner
    item = inner["items"] if listed else inner
    part = {key: value for key, value in item.items() if key != "required"}
    part |= {
        "title": f"{item['title']}Part",
        "minProperties": 1,
        "description": "What the parameter fields asked for.",
    }
    either: dict[str, Any] = {"anyOf": [item, part]}
    if listed:
        either = {**inner, "items": either}
    return {**whole, "properties": {**whole["properties"], name: either}}


def _one_resource(response: Mapping[str, Any] | None) -> bool:
    """Whether it is a resource in its envelope, which has a tag."""
    (inner, *_) = (response or {}).get("properties", {}).values() or ({},)
    resource = "title" in inner and "properties" in inner
    return resource and "x-untagged" not in inner


def _error() -> dict[str, Any]:
    codes = ", ".join(sorted(REASONS))
    return {
        "description": f"Refused. The codes are: {codes}.",
        "content": _json(
            {"$ref": f"#/components/schemas/{_name(common.ERRORS)}"}
        ),
    }


def _json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": _UUID if name == "id" else {"type": "string"},
        }
        for name in _PATH_PARAMETER.findall(path)
    ]


def _query_parameters(declared: Method) -> list[dict[str, Any]]:
    found = []
    for name, parameter in declared.query.items():
        schema: Mapping[str, Any] = parameter.schema
        if parameter is parameters.FIELDS_ONLY.get(name):
            schema = parameters.comma_separated("|".join(declared.fields))
        if parameter.many:
            schema = {"type": "array", "items": schema}
        found.append(
            {
                "name": name,
                "in": "query",
                "description": parameter.description,
                "schema": schema,
            }
        )
    return found


def _headers(verb: str, declared: Method) -> Sequence[dict[str, Any]]:
    names: list[tuple[str, str, Mapping[str, Any]]] = [
        (microversion.HEADER, "servicevm 1.N, or servicevm latest.", {})
    ]
    if declared.idempotent:
        names.append(
            (
                idempotency.HEADER,
                "The same request again makes nothing new.",
                {"minLength": 1, "maxLength": idempotency.MAX_LENGTH},
            )
        )
    if verb in ("patch", "delete"):
        names.append(
            (
                "If-Match",
                "Refuse (412) unless this ETag is the present one.",
                {},
            )
        )
    return [
        {
            "name": name,
            "in": "header",
            "description": text,
            "schema": {"type": "string", **schema},
        }
        for name, text, schema in names
    ]


def _name(schema: Mapping[str, Any]) -> str:
    return str(schema["title"])


def _refer(
    schema: Any, components: dict[str, Any], *, top: bool = False
) -> Any:
    """The schema with every titled part replaced by a reference."""
    if isinstance(schema, list):
        return [_refer(item, components) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    # A field that is called title has a schema, not a string.
    if not top and isinstance(schema.get("title"), str):
        name = _name(schema)
        if name not in components:
            components[name] = None
            components[name] = _refer(schema, components, top=True)
        return {"$ref": f"#/components/schemas/{name}"}
    return {key: _refer(value, components) for key, value in schema.items()}
