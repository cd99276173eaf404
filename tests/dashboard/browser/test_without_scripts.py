"""What pages do where no script runs, as the manual says."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.dashboard.browser.conftest import PageAs, unique

DEVICES = "/project/servicevm_devices/"

Make = Callable[..., Any]


def shown(page: Page) -> None:
    """As with DISALLOW_IFRAME_EMBED = False: else a script shows the page."""
    page.evaluate(
        "document.body.style.setProperty('display', 'block', 'important')"
    )


def test_lists_details_forms_and_actions_do_without_scripts(
    page_as: PageAs, make_device: Make, screenshot: Make
) -> None:
    prefix = unique("plain")
    device = make_device(f"{prefix}-one")
    make_device(f"{prefix}-two")
    page = page_as("red-member", java_script_enabled=False)
    page.goto(DEVICES)
    expect(page.locator("#content_body")).to_be_hidden()
    shown(page)
    page.get_by_label("Name begins with").fill(f"{prefix}-o")
    page.get_by_role("button", name="Filter").click()
    rows = page.locator("tr[data-display]")
    expect(rows).to_have_count(1)
    shown(page)
    page.get_by_role("link", name="Name", exact=True).click()
    shown(page)
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute(
        "aria-sort", "ascending"
    )
    screenshot(page, "plain-list")
    # What is selected is done at once: nothing asks first.
    page.get_by_label(f"Select {device.name}").check(force=True)
    page.get_by_role("button", name="Reboot Devices").click()
    shown(page)
    expect(page.locator(".alert-success")).to_contain_text(device.name)
    page.get_by_role("link", name=device.name, exact=True).click()
    shown(page)
    expect(page.locator("#device__overview")).to_be_visible()
    page.get_by_role("link", name="Interfaces").click()
    shown(page)
    expect(page.locator("#device__interfaces")).to_contain_text("Gateway")
    screenshot(page, "plain-details")
    page.get_by_role("link", name="Create Service").click()
    shown(page)
    expect(page.get_by_label("Name")).to_be_visible()
