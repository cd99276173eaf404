"""What a manifest may say, and where it is wrong."""

from typing import Any

import pytest

from servicevmclient.exceptions import InvalidInput
from servicevmclient.v1 import Device, DeviceTemplate, Service, manifest

TEMPLATE = {"name": "lb", "infra_driver": "noop", "interfaces": []}
DEVICE = {"name": "lb-1", "template": "lb"}
SERVICE = {
    "name": "web",
    "device": "lb-1",
    "service_type": "loadbalancer",
    "config": {},
}


def test_what_needs_another_comes_after_it() -> None:
    found = manifest.parse(
        {
            "services": [SERVICE],
            "devices": [DEVICE],
            "templates": [TEMPLATE],
            "label": "shop",
        }
    )
    assert [(one.kind, one.name, one.reference) for one in found.entries] == [
        (DeviceTemplate, "lb", None),
        (Device, "lb-1", "lb"),
        (Service, "web", "lb-1"),
    ]
    assert found.tag == "applied:shop"


def test_one_may_say_nothing() -> None:
    found = manifest.parse({})
    assert (found.label, found.tag, found.entries) == (None, None, [])


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"colour": "red"}, "$.colour"),
        ({"label": "a b"}, "$.label"),
        ({"devices": [{"name": "x"}]}, "$.devices[0].template"),
        ({"devices": [{**DEVICE, "ram": 1}]}, "$.devices[0].ram"),
        ({"services": [{**SERVICE, "config": []}]}, "$.services[0].config"),
        ({"devices": [DEVICE, DEVICE]}, "$.devices[1].name"),
        ([], "$"),
    ],
)
def test_a_mistake_is_named_by_its_path(document: Any, path: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        manifest.parse(document)
    assert set(caught.value.fields) == {path}
