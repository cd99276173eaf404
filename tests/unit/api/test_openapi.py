"""The document describes the application, and every answer fits it."""

from typing import Any

import openapi_spec_validator
import pytest
from falcon import testing

from servicevm import policy
from servicevm.api import app


@pytest.fixture
def document(api: testing.TestClient) -> dict[str, Any]:
    answer = api.simulate_get("/v1/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json
    return found


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    openapi_spec_validator.validate(document)
    assert document["openapi"].startswith("3.1")


def test_every_route_and_method_is_in_it(document: dict[str, Any]) -> None:
    expected = {
        (path, verb)
        for path, resource in app.ROUTES.items()
        for verb in ("get", "post", "patch", "delete")
        if hasattr(resource, f"on_{verb}")
    }
    found = {
        (path, verb)
        for path, item in document["paths"].items()
        for verb in item
    }
    assert found == expected


def test_tags_are_the_names_of_the_resources(
    document: dict[str, Any],
) -> None:
    for path, item in document["paths"].items():
        expected = [*path.strip("/").split("/"), "versions"][1]
        for operation in item.values():
            assert operation["tags"] == [expected], path


def test_every_operation_id_is_its_own(document: dict[str, Any]) -> None:
    ids = [
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
    ]
    assert len(ids) == len(set(ids))


def test_every_route_under_v1_has_a_rule_that_is_documented(
    document: dict[str, Any],
) -> None:
    documented: dict[str, set[tuple[str, str]]] = {
        rule.name: {
            (operation["method"].lower(), operation["path"])
            for operation in getattr(rule, "operations", ())
        }
        for rule in policy.list_rules()
    }
    for path, item in document["paths"].items():
        for verb, operation in item.items():
            rule = operation.get("x-openstack-policy")
            if path in ("/", "/v1", "/healthcheck"):
                assert rule is None
            else:
                assert (verb, path) in documented[rule]


def test_every_object_of_the_api_itself_refuses_unknown_fields(
    document: dict[str, Any],
) -> None:
    def walk(schema: Any) -> None:
        if isinstance(schema, list):
            for item in schema:
                walk(item)
        elif isinstance(schema, dict):
            if "properties" in schema and schema.get("type") == "object":
                assert schema["additionalProperties"] is False, schema
            for item in schema.values():
                walk(item)

    walk(document["components"]["schemas"])
    walk(document["paths"])
