"""The topology: as a picture, as a table, and kept up to date."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Page, expect

from servicevmclient.v1 import Client
from tests.dashboard.browser.conftest import PageAs, unique
from tests.dashboard.browser.test_overview import QUICK

URL = "/project/servicevm_topology/"
CONFIG = Path(__file__).resolve().parents[3] / "examples" / "web.yaml"

Make = Callable[..., Any]


@pytest.fixture
def edge(make_device: Make, member: Client) -> Any:
    """A device with a load balancer with two members."""
    device = make_device(unique("edge"))
    service = member.create_service(
        name=unique("web"),
        device_id=device.id,
        service_type="loadbalancer",
        config=yaml.safe_load(CONFIG.read_text()),
    )
    member.wait_for_service(service.id)
    return device


def node(page: Page, label: str) -> Any:
    """By the beginning of what is read of it."""
    return page.locator(f'.servicevm-picture [aria-label^="{label}"]')


def test_the_picture_has_networks_devices_services_and_members(
    page_as: PageAs, edge: Any, screenshot: Make, axe: Make, api_calls: Make
) -> None:
    page = page_as("red-member")
    with api_calls() as calls:
        page.goto(f"{URL}?name_prefix={edge.name}")
    assert len(calls) <= 2, calls
    expect(node(page, f"Device {edge.name}, Online")).to_be_visible()
    expect(node(page, "Load balancer, web-")).to_be_visible()
    expect(node(page, "Network ingress, 1 interface")).to_be_visible()
    expect(node(page, "Member b1 of web-")).to_be_visible()
    table = page.locator("#servicevm-topology-table")
    expect(table).to_contain_text("servers / b1")
    screenshot(page, "topology")
    axe(page)


def test_nodes_are_reached_by_keyboard_and_lead_to_their_pages(
    page_as: PageAs, edge: Any
) -> None:
    page = page_as("red-member")
    page.goto(f"{URL}?name_prefix={edge.name}")
    device = node(page, f"Device {edge.name}")
    expect(device).to_be_visible()
    page.locator(".servicevm-filter button").focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        if device.evaluate("(one) => one === document.activeElement"):
            break
    expect(device).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(edge.name)


def test_it_changes_by_itself_and_the_focus_stays(
    page_as: PageAs, make_device: Make, make_template: Make
) -> None:
    prefix = unique("live")
    slow = make_template(infra_options={"create_seconds": 4})
    first = make_device(f"{prefix}-1", wait=False, template_id=slow.id)
    page = page_as("red-member")
    page.add_init_script(QUICK)
    page.goto(f"{URL}?name_prefix={prefix}")
    drawn = node(page, f"Device {first.name}")
    expect(drawn).to_have_attribute(
        "aria-label", f"Device {first.name}, Building"
    )
    drawn.focus()
    expect(drawn).to_have_attribute(
        "aria-label", f"Device {first.name}, Online", timeout=30_000
    )
    expect(drawn).to_be_focused()
    make_device(f"{prefix}-2")
    expect(node(page, f"Device {prefix}-2")).to_be_visible()


@pytest.mark.parametrize("width", [1024, 1280, 1366])
def test_the_picture_is_as_wide_as_the_page_has_room_for(
    page_as: PageAs, edge: Any, screenshot: Make, width: int
) -> None:
    page = page_as("red-member", viewport={"width": width, "height": 800})
    page.goto(f"{URL}?name_prefix={edge.name}")
    expect(node(page, f"Device {edge.name}")).to_be_visible()
    screenshot(page, f"topology-{width}")
    beyond = page.locator(".servicevm-picture").evaluate(
        "(one) => one.scrollWidth - one.clientWidth"
    )
    # On a small one it scrolls rather than that nobody could read it.
    assert (beyond > 0) == (width < 1280)


def test_on_a_telephone_the_table_comes_first(
    page_as: PageAs, edge: Any, screenshot: Make
) -> None:
    page = page_as("red-member", viewport={"width": 390, "height": 844})
    page.goto(f"{URL}?name_prefix={edge.name}")
    expect(node(page, f"Device {edge.name}")).to_be_attached()
    screenshot(page, "topology-phone")
    top = "(one) => one.getBoundingClientRect().top"
    table = page.locator(".servicevm-rows").evaluate(top)
    assert table < page.locator(".servicevm-picture").evaluate(top)
    right = page.evaluate(
        "document.querySelector('.servicevm').getBoundingClientRect().right"
    )
    assert right <= 390
