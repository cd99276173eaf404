"""The OpenAPI 3.1 document, made of the declarations that are in force.

A schema that has a ``title`` becomes a component; everything else is
written where it is used.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import falcon

from servicevm.api import microversion
from servicevm.api.method import Method
from servicevm.api.parameters import Parameter
from servicevm.api.schemas import common
from servicevm.errors import REASONS

_VERBS = ("get", "post", "patch", "delete")
_PATH_PARAMETER = re.compile(r"{(\w+)}")


def document(routes: Mapping[str, object]) -> dict[str, Any]:
    """The whole document.

    :param routes: URI template to the resource there
    """
    components: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for path, resource in routes.items():
        for verb in _VERBS:
            responder = getattr(resource, f"on_{verb}", None)
            declared = getattr(responder, "declared", None)
            if declared is not None:
                item = paths.setdefault(path, {})
                item[verb] = _operation(path, verb, declared, components)
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
        "security": [{"http_basic": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "http_basic": {"type": "http", "scheme": "basic"}
            },
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


def _operation(
    path: str, verb: str, declared: Method, components: dict[str, Any]
) -> dict[str, Any]:
    words = [word for word in re.split(r"[^A-Za-z0-9]+", path) if word]
    found: dict[str, Any] = {
        "operationId": "_".join([verb, *words]),
        "summary": declared.summary,
        "tags": [_tag(path)],
        "parameters": [
            *_path_parameters(path),
            *_query_parameters(declared.query),
            *_headers(verb, declared),
        ],
        "responses": {
            **{
                str(status): _answer(declared, components)
                for status in declared.statuses
            },
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


def _tag(path: str) -> str:
    """``device-templates``: what the path is about."""
    parts = path.strip("/").split("/")
    return parts[1] if len(parts) > 1 else "versions"


def _answer(declared: Method, components: dict[str, Any]) -> dict[str, Any]:
    if declared.response is None:
        return {"description": "Done; there is no body."}
    return {
        "description": "Done.",
        "content": _json(_refer(declared.response, components)),
    }


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
            "schema": {"type": "string"},
        }
        for name in _PATH_PARAMETER.findall(path)
    ]


def _query_parameters(
    declared: Mapping[str, Parameter],
) -> list[dict[str, Any]]:
    found = []
    for name, parameter in declared.items():
        schema: Mapping[str, Any] = parameter.schema
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
    names = [(microversion.HEADER, "servicevm 1.N, or servicevm latest.")]
    if declared.idempotent:
        names.append(
            ("Idempotency-Key", "The same request again makes nothing new.")
        )
    if verb in ("patch", "delete"):
        names.append(
            ("If-Match", "Refuse (412) unless this ETag is the present one.")
        )
    return [
        {
            "name": name,
            "in": "header",
            "description": text,
            "schema": {"type": "string"},
        }
        for name, text in names
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
