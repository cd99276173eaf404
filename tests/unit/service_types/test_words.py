"""What forms and manuals say of a field is in its schema.

Of every service type and of every driver's options.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import pytest

from servicevm import drivers
from servicevm.service_types import registry
from servicevm_agent.services.haproxy import config as haproxy
from tests.unit.api.requests import CONFIG

Schema = Mapping[str, Any]

SCHEMAS: dict[str, Schema] = {
    **{
        f"service type {name}": found.config_schema
        for name, found in registry.service_types().items()
    },
    **{
        f"infra driver {name}": drivers.infra_class(name).options_schema
        for name in drivers.driver_names(drivers.INFRA)
    },
    **{
        f"mgmt driver {name}": drivers.mgmt_class(name).options_schema
        for name in drivers.driver_names(drivers.MGMT)
    },
}

every_schema = pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)


def _fields(schema: Schema, path: str = "$") -> Iterator[tuple[str, Schema]]:
    for name, field in schema.get("properties", {}).items():
        yield f"{path}.{name}", field
        yield from _fields(field, f"{path}.{name}")
    if "items" in schema:
        yield f"{path}[*]", schema["items"]
        yield from _fields(schema["items"], f"{path}[*]")


@every_schema
def test_every_field_has_a_short_title(schema: Schema) -> None:
    for path, field in _fields(schema):
        assert re.fullmatch(r"[A-Z][^.]{1,29}", field["title"]), path


@every_schema
def test_every_pattern_has_a_sentence(schema: Schema) -> None:
    for path, field in _fields(schema):
        if "pattern" in field:
            assert re.fullmatch(r"It .*\.", field["x-sentence"]), path


@every_schema
def test_words_are_for_all_values_of_an_enumeration(schema: Schema) -> None:
    for path, field in _fields(schema):
        if "x-enum-titles" in field:
            assert [*field["x-enum-titles"]] == field["enum"], path


@every_schema
def test_a_reference_is_to_a_field_that_there_is(schema: Schema) -> None:
    paths = dict(_fields(schema))
    for path, field in paths.items():
        assert field.get("x-reference", path) in paths


@every_schema
def test_a_default_fits_and_is_of_what_need_not_be_there(
    schema: Schema,
) -> None:
    required = {
        f"{path}.{name}"
        for path, field in [("$", schema), *_fields(schema)]
        for name in field.get("required", [])
    }
    for path, field in _fields(schema):
        if "default" in field:
            assert path not in required
            jsonschema.Draft202012Validator(field).validate(field["default"])


def _filled(schema: Schema, value: Any) -> Any:
    """The value with every default of the schema that it does not have."""
    if isinstance(value, list):
        return [_filled(schema["items"], item) for item in value]
    if not isinstance(value, dict):
        return value
    fields = schema["properties"]
    defaults = {
        name: field["default"]
        for name, field in fields.items()
        if "default" in field
    }
    return defaults | {
        name: _filled(fields[name], item) for name, item in value.items()
    }


@pytest.mark.parametrize("kind", ["source_ip", "cookie"])
def test_the_defaults_of_a_load_balancer_are_those_of_the_agent(
    kind: str,
) -> None:
    schema = SCHEMAS["service type loadbalancer"]
    (pool,) = CONFIG["pools"]
    more = {"health_monitor": {"type": "http"}, "persistence": {"type": kind}}
    config = {**CONFIG, "pools": [{**pool, **more}]}
    filled = _filled(schema, config)
    assert filled["listeners"][0]["client_timeout_ms"] == 30000
    assert filled["pools"][0]["persistence"].pop("cookie_name") == "SVM"
    if kind == "cookie":
        filled["pools"][0]["persistence"]["cookie_name"] = "SVM"
    assert haproxy.parse(filled) == haproxy.parse(config)
    assert filled != config
