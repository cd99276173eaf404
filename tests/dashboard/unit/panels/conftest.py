"""A template, and the way to a device of it."""

from typing import Any

import django.test
import pytest
from django.urls import reverse

from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit.panels.wizard_browser import Browser


@pytest.fixture
def template(service: FakeServicevm) -> dict[str, Any]:
    return service.store.add(
        "device_templates",
        {
            "name": "lb",
            "slots": 4,
            "infra_options": {"vcpus": 2, "memory_mib": 512},
            "service_types": ["loadbalancer"],
            "interfaces": [
                {"role": "mgmt", "network": "user"},
                {
                    "role": "ingress",
                    "network": "bridge:br0",
                    "cidr": "192.0.2.0/24",
                    "pool_start": "192.0.2.10",
                    "pool_end": "192.0.2.99",
                },
            ],
        },
    )


@pytest.fixture
def review(member: django.test.Client, template: dict[str, Any]) -> Browser:
    """The last step."""
    page = Browser(member, reverse("horizon:project:servicevm_devices:create"))
    page.go(**{"template/id": template["id"]})
    page.go(**{"details/name": "lb1"})
    page.go(**{"addresses/1": "192.0.2.33"})
    assert page.step == "review"
    return page
