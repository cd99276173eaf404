"""Create Service, as a browser sends it, over HTTP to the service."""

from typing import Any

import django.test
import pytest
from django.urls import reverse

from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit.panels.wizard_browser import Browser
from tests.dashboard.unit.schema_form.test_form import FIREWALL

URL = reverse("horizon:project:servicevm_services:create")


@pytest.fixture
def device(service: FakeServicevm) -> dict[str, Any]:
    service.store.add(
        "service_types",
        {
            "name": "firewall",
            "version": 1,
            "description": "Lets things pass.",
            "slots": 1,
            "actions": {},
            "config_schema": FIREWALL,
        },
    )
    template = service.store.add(
        "device_templates", {"name": "edge", "service_types": ["firewall"]}
    )
    return service.store.add(
        "devices",
        {
            "name": "fw1",
            "template_id": template["id"],
            "slots": {"total": 2, "used": 0},
        },
    )


def test_the_way_to_a_service_of_a_type_that_nobody_knew(
    member: django.test.Client,
    service: FakeServicevm,
    device: dict[str, Any],
) -> None:
    page = Browser(member, URL)
    assert "Create Firewall" in page.html
    assert page.step == "device"
    page.go(**{"device/id": device["id"]})
    page.go(**{"details/name": "outer"})
    page.go(**{"config/rules/0/port": "443"})
    assert page.step == "review"
    assert "service create --type firewall --device fw1" in page.html
    page.go("create")
    (made,) = service.store.rows["services"].values()
    assert page.answer.url.endswith(f"{made['id']}/")
    assert made["config"] == {
        "policy": "accept",
        "zones": [{"name": "zone-1"}],
        "rules": [{"zone": "zone-1", "port": 443}],
    }
