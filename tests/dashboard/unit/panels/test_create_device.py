"""Create Device, as a browser sends it, over HTTP to the service."""

from typing import Any

import django.test
import pytest
from django.urls import reverse

from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit.panels.wizard_browser import Browser

URL = reverse("horizon:project:servicevm_devices:create")


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


def test_the_way_to_a_device(
    member: django.test.Client,
    service: FakeServicevm,
    template: dict[str, Any],
) -> None:
    page = Browser(member, URL)
    assert "2 vCPUs" in page.html
    assert "192.0.2.0/24" in page.html
    page.go(**{"template/id": template["id"]})
    page.go(
        **{
            "details/name": "it's lb 1",
            "details/tags": "web, blue",
            "details/properties": "0",
            "details/properties/0/key": "rack",
            "details/properties/0/value": "12",
        }
    )
    assert "192.0.2.10 to 192.0.2.99" in page.html
    page.go(**{"addresses/1": "192.0.2.33"})
    assert "0 of 10 in use, 1 more" in page.html
    assert "512 more" in page.html
    assert "--interface role=ingress,address=192.0.2.33" in page.html
    page.go("create")
    assert page.answer.status_code == 302
    (made,) = service.store.rows["devices"].values()
    assert page.answer.url.endswith(f"{made['id']}/")
    assert made["name"] == "it's lb 1"
    assert made["tags"] == ["web", "blue"]
    assert made["properties"] == {"rack": "12"}
    assert made["template_id"] == template["id"]
    assert made["interfaces"] == [{"role": "ingress", "address": "192.0.2.33"}]
