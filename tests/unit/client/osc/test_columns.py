import pytest

from servicevmclient.osc import _columns
from servicevmclient.v1 import (
    Api,
    Conductor,
    Device,
    DeviceTemplate,
    Event,
    Operation,
    Relay,
    Service,
    ServiceType,
)

TABLES = {
    Device: _columns.DEVICE,
    DeviceTemplate: _columns.DEVICE_TEMPLATE,
    Service: _columns.SERVICE,
    ServiceType: _columns.SERVICE_TYPE,
    Operation: _columns.OPERATION,
    Event: _columns.EVENT,
    Conductor: _columns.PROCESS,
    Api: _columns.PROCESS,
    Relay: _columns.RELAY,
}


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.__name__)
def test_every_declared_field_has_one_column(kind: type) -> None:
    shown = [column.field for column in TABLES[kind]]
    assert sorted(shown) == sorted(kind.fields)  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.__name__)
def test_headers_are_unique(kind: type) -> None:
    headers = [column.header for column in TABLES[kind]]
    assert len(set(headers)) == len(headers)


def test_headers_are_title_case() -> None:
    assert _columns.Column("template_id").header == "Template ID"
    assert _columns.Column("id").header == "ID"


def test_show_adds_what_a_newer_service_sends() -> None:
    names, values = _columns.of_show(
        _columns.SERVICE_TYPE, {"name": "x", "colour": "red"}
    )
    assert names[-1] == "colour"
    assert values[-1].machine_readable() == "red"
