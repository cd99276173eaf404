"""Links of the OpenAPI document: which answer has what another path takes.

Made of the shape of the API alone: an item is below its collection, an
answer that has an ``operation_id`` leads to the operation, and a field that
names another resource is filled from that one's creation.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from servicevm.api.method import Method

#: Field of a request to the collection that it names one of.
REFERENCES = {
    "template_id": "/v1/device-templates",
    "device_id": "/v1/devices",
}

_OPERATIONS = "/v1/operations"
_BELOW = re.compile(r"/{(?P<name>\w+)}")

Declared = Mapping[tuple[str, str], Method]


def operation_id(path: str, verb: str) -> str:
    """``get_v1_devices_id``."""
    words = [word for word in re.split(r"[^A-Za-z0-9]+", path) if word]
    return "_".join([verb, *words])


def links(path: str, verb: str, declared: Declared) -> dict[str, Any]:
    """The links of an operation's answer.

    :param declared: path and verb to the method there, of the whole API
    """
    found: dict[str, Any] = {}
    if verb == "get" and (path, "post") in declared:
        # A list may be empty; what was made is there.
        return found
    for name, schema, pointer in _items(declared[path, verb].response):
        fields = schema.get("properties", {})
        if "{" not in path:
            for other, below in declared:
                match = _BELOW.match(other.removeprefix(path))
                if not other.startswith(path) or match is None:
                    continue
                if match["name"] in fields:
                    found |= _link(other, below, match["name"], pointer)
        if "operation_id" in fields:
            for other, below in declared:
                if other.startswith(f"{_OPERATIONS}/{{id}}"):
                    found |= _link(other, below, "id", pointer, "operation_id")
        if verb == "post":
            found |= _creations(path, name, declared)
    return found


def _items(
    response: Mapping[str, Any] | None,
) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """Envelope, schema and place of the resource in an answer."""
    for name, schema in (response or {}).get("properties", {}).items():
        if "items" in schema:
            yield name, schema["items"], f"{name}/0"
        else:
            yield name, schema, name
        return


def _link(
    path: str, verb: str, parameter: str, pointer: str, field: str = ""
) -> dict[str, Any]:
    target = operation_id(path, verb)
    return {
        f"{target}_by_{field or parameter}": {
            "operationId": target,
            "parameters": {
                f"path.{parameter}": (
                    f"$response.body#/{pointer}/{field or parameter}"
                )
            },
        }
    }


def _creations(path: str, name: str, declared: Declared) -> dict[str, Any]:
    """Links to what can be made of the thing that was just made."""
    found = {}
    for (other, verb), method in declared.items():
        if verb != "post" or method.request is None:
            continue
        for envelope, schema in method.request.get("properties", {}).items():
            for field, collection in REFERENCES.items():
                if collection == path and field in schema.get(
                    "properties", {}
                ):
                    target = operation_id(other, verb)
                    found[f"{target}_with_{field}"] = {
                        "operationId": target,
                        "requestBody": {
                            envelope: {field: f"$response.body#/{name}/id"}
                        },
                    }
    return found
