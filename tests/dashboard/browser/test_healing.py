"""Devices that are lost, and what becomes of them on their pages."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from servicevmclient.v1 import Device
from tests.dashboard.browser.conftest import PageAs
from tests.dashboard.browser.test_details import opened
from tests.dashboard.browser.test_live import QUICK

Make = Callable[..., Any]

#: Milliseconds: just after its start a conductor blames nobody for a while.
LONG = 150_000


@pytest.fixture
def make_mortal(make_template: Make, make_device: Make) -> Make:
    """``make_mortal(after=1)``: a device that soon dies, healed like this."""

    def make(**healing: Any) -> Device:
        template = make_template(
            infra_options={"create_seconds": 0, "die_after_seconds": 3},
            healing=healing,
        )
        found: Device = make_device(template_id=template.id)
        return found

    return make


def shown(page: Page, device: Device) -> Any:
    """Its overview, in which a second look comes soon."""
    page.add_init_script(QUICK)
    page.goto(f"/project/servicevm_devices/{device.id}/")
    return page.locator("#device__overview")


def test_a_lost_device_tells_how_it_is_healed_until_it_is(
    page_as: PageAs,
    make_mortal: Make,
    axe: Callable[..., None],
    screenshot: Make,
) -> None:
    page = page_as("red-member")
    overview = shown(page, make_mortal(after=8, ladder=["reboot"]))
    expect(overview).to_contain_text("It does not run any more.")
    healing = overview.locator("dt:text('Healing') + dd")
    expect(healing).to_contain_text("Reboot, ", timeout=LONG)
    expect(overview).to_contain_text("Nothing: it is about to be healed.")
    screenshot(page, "device-healing")
    axe(page, "#device__overview")
    expect(healing).to_contain_text("1 attempt so far.", timeout=LONG)
    told = opened(page, "Events")
    expect(told).to_contain_text("Reboot, attempt 1")


def test_a_lost_device_is_healed_at_once_by_hand(
    page_as: PageAs, make_mortal: Make, screenshot: Make
) -> None:
    page = page_as("red-member", viewport={"width": 390, "height": 844})
    overview = shown(page, make_mortal(ladder=[]))
    expect(overview).to_contain_text("It does not run any more.")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("button", name="Heal Device").click()
    sure = page.get_by_role("dialog", name="Confirm Heal Device")
    expect(sure).to_contain_text("It is restarted or built anew at once")
    screenshot(page, "heal-phone")
    sure.get_by_text("Heal Device", exact=True).last.click()
    expect(page.locator(".alert-success")).to_contain_text("Healing Device")
    expect(overview).to_contain_text("It is in service.")
