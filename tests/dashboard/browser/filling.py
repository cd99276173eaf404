"""Forms and wizards, filled in as somebody does."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from servicevmclient.v1 import Client, Device, Service
from tests.dashboard.browser.conftest import unique

DEVICES = "/project/servicevm_devices/"
SERVICES = "/project/servicevm_services/"

SIZES = {
    "desktop": {"width": 1366, "height": 820},
    "phone": {"width": 390, "height": 844},
}

CONFIG: dict[str, Any] = {
    "listeners": [
        {"name": "web", "protocol": "tcp", "port": 80, "default_pool": "all"}
    ],
    "pools": [{"name": "all", "algorithm": "round_robin", "members": []}],
}


def button(page: Page, name: str) -> Locator:
    return page.locator(".servicevm-buttons").get_by_role(
        "button", name=name, exact=True
    )


def field(page: Page, name: str) -> Locator:
    """By the name of an input: ``config/listeners/0/port``."""
    return page.locator(f'[name="{name}"]')


def no_wider_than_the_screen(page: Page) -> bool:
    """Of what is ours; Horizon's own header is."""
    return bool(
        page.evaluate(
            "document.querySelector('.servicevm').getBoundingClientRect()"
            ".right <= window.innerWidth"
        )
    )


def begin(page: Page, template: Any, name: str) -> None:
    """Create Device, up to its addresses."""
    page.goto(DEVICES)
    page.get_by_role("link", name="Create Device", exact=True).click()
    page.get_by_label(template.name, exact=True).check()
    button(page, "Next").click()
    page.get_by_label("Name").fill(name)
    button(page, "Next").click()


def errors(page: Page, wanted: Locator) -> Locator:
    """What is said next to a field."""
    return page.locator(f"#{wanted.get_attribute('id')}-errors")


def wrong(page: Page, wanted: Locator, text: str) -> None:
    """It is refused when it is left, and one can not go on."""
    heading = page.locator("h2").inner_text()
    wanted.fill(text)
    wanted.press("Tab")
    expect(wanted).to_have_attribute("aria-invalid", "true")
    button(page, "Next").click()
    expect(wanted).to_be_focused()
    expect(page.locator("h2")).to_have_text(heading)


def fill_balancer(page: Page) -> None:
    """Two members, from the keyboard where somebody would use it."""
    field(page, "config/listeners/0/port").fill("80")
    field(page, "config/pools/0/members/0/address").fill("192.0.2.11")
    field(page, "config/pools/0/members/0/port").fill("8080")
    page.get_by_role("button", name="Add member").focus()
    page.keyboard.press("Enter")
    second = field(page, "config/pools/0/members/1/name")
    expect(second).to_be_focused()
    expect(second).to_have_value("member-2")
    page.keyboard.press("Tab")
    page.keyboard.type("192.0.2.12")
    page.keyboard.press("Tab")
    page.keyboard.type("8080")


def begin_balancer(page: Page, device: Device, name: str) -> None:
    """Create Service, up to its configuration."""
    page.goto(f"{SERVICES}create/?device={device.id}")
    page.get_by_label("Name").fill(name)
    button(page, "Next").click()


def make_balancer(member: Client, device: Device) -> Service:
    """Port 80, without members."""
    made = member.create_service(
        name=unique("web"),
        device_id=device.id,
        service_type="loadbalancer",
        config=CONFIG,
    )
    member.wait_for_service(made.id)
    return made


def tab_to(page: Page, wanted: Locator) -> None:
    """From where the focus is, as somebody without a mouse goes."""
    for _step in range(20):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            return
    pytest.fail(f"The focus never came to {wanted}.")
