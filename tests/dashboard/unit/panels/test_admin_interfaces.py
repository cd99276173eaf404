"""An administrator attaches and detaches interfaces of any project."""

from collections.abc import Callable

import django.test
import pytest
from django.urls import reverse

from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit.html_form import HtmlForm
from tests.dashboard.unit.panels import world
from tests.dashboard.unit.panels.wizard_browser import Browser

AJAX = {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}
PANEL = "horizon:admin:servicevm_devices"


@pytest.fixture
def admin(as_user: Callable[..., django.test.Client]) -> django.test.Client:
    return as_user("admin", "member", "reader")


@pytest.fixture
def device(service: FakeServicevm) -> world.Json:
    """Of another project."""
    return world.device(service, project_id="p-blue")


def back(row: world.Json) -> str:
    url = reverse(f"{PANEL}:detail", args=[row["id"]])
    return f"{url}?tab=device__interfaces"


def test_the_interfaces_of_anybodys_device_lead_to_more_and_less(
    admin: django.test.Client, device: world.Json
) -> None:
    url = reverse(f"{PANEL}:detail", args=[device["id"]])
    html = admin.get(f"{url}?fragment=interfaces", **AJAX).json()["html"]
    attach = reverse(f"{PANEL}:attach", args=[device["id"]])
    detach = reverse(f"{PANEL}:detach", args=[device["id"], 1])
    assert f'href="{attach}"' in html
    assert f'href="{detach}"' in html


def test_attaching_comes_back_to_the_administrators_page(
    admin: django.test.Client, service: FakeServicevm, device: world.Json
) -> None:
    url = reverse(f"{PANEL}:attach", args=[device["id"]])
    page = Browser(admin, url)
    assert f'href="{back(device)}"' in page.html
    page.go(**{"interface/role": "egress", "interface/network": "net-1"})
    # A name would be looked for in the administrator's own project.
    assert f"attach --role egress --network net-1 \\\n    {device['id']}" in (
        page.html
    )
    page.go("create")
    assert page.answer["Location"] == back(device)
    assert [one["role"] for one in device["interfaces"]][-1] == "egress"


def test_detaching_comes_back_to_the_administrators_page(
    admin: django.test.Client, service: FakeServicevm, device: world.Json
) -> None:
    url = reverse(f"{PANEL}:detach", args=[device["id"], 1])
    form = HtmlForm(admin.get(url).content.decode())
    answer = admin.post(url, form.data())
    assert answer["Location"] == back(device)
    asked = f"DELETE /v1/devices/{device['id']}/interfaces/1"
    assert asked in world.calls(service)


@pytest.mark.parametrize("name", ["attach", "detach"])
def test_a_device_that_is_gone_leads_to_the_administrators_list(
    admin: django.test.Client, device: world.Json, name: str
) -> None:
    more = [1] if name == "detach" else []
    nobody = "00000000-0000-4000-8000-000000000000"
    answer = admin.get(reverse(f"{PANEL}:{name}", args=[nobody, *more]))
    assert answer["Location"] == reverse(f"{PANEL}:index")
