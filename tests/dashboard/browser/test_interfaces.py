"""Interfaces of a device, attached and detached by mouse."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from servicevmclient.v1 import Client, Device
from tests.dashboard.browser.conftest import PageAs
from tests.dashboard.browser.filling import (
    DEVICES,
    SIZES,
    button,
    errors,
    field,
    no_wider_than_the_screen,
)


def show(page: Page, device: Device) -> None:
    page.goto(f"{DEVICES}{device.id}/?tab=device__interfaces")


def rows(page: Page) -> Locator:
    table = page.get_by_role("region", name="Interfaces", exact=True)
    return table.locator("tbody tr")


def attach(page: Page) -> Locator:
    return page.get_by_role("link", name="Attach Interface", exact=True)


@pytest.mark.parametrize("size", SIZES)
def test_an_interface_is_attached_and_detached_while_the_device_runs(
    page_as: PageAs,
    member: Client,
    make_device: Callable[..., Device],
    axe: Callable[..., None],
    screenshot: Callable[..., object],
    size: str,
) -> None:
    page = page_as("red-member", viewport=SIZES[size])
    device = make_device()
    before = len(device.interfaces)
    show(page, device)
    expect(rows(page)).to_have_count(before)
    axe(page)
    screenshot(page, f"interfaces-{size}")
    attach(page).click()
    expect(page.locator("h2")).to_be_focused()
    axe(page)
    screenshot(page, f"attach-1-{size}")
    assert no_wider_than_the_screen(page)
    # What is missing is asked for where it is missing.
    button(page, "Next").click()
    network = field(page, "interface/network")
    expect(network).to_have_attribute("aria-invalid", "true")
    expect(errors(page, network)).to_contain_text("Choose a network")
    network.fill("backstage")
    page.get_by_label("Used For").select_option("Outgoing traffic")
    field(page, "interface/address").fill("198.51.100.7")
    button(page, "Next").click()
    expect(page.locator("#servicevm-terminal")).to_contain_text(
        "device interface attach"
    )
    axe(page)
    screenshot(page, f"attach-2-{size}")
    assert no_wider_than_the_screen(page)
    button(page, "Attach Interface").click()
    expect(page.get_by_text("Attaching an interface to")).to_be_visible()
    # It comes without a click.
    expect(rows(page)).to_have_count(before + 1)
    new = rows(page).filter(has_text="198.51.100.7")
    expect(new).to_contain_text("backstage")
    expect(new.get_by_role("link", name="Detach")).not_to_have_attribute(
        "aria-disabled", "true"
    )
    (plugged,) = (
        one
        for one in member.get_device(device.id).interfaces
        if one["network"] == "backstage"
    )
    assert (plugged["role"], plugged["attached"]) == ("egress", True)
    new.get_by_role("link", name="Detach").click()
    expect(page.locator("#servicevm-terminal")).to_contain_text(
        f"device interface detach {device.name} {plugged['index']}"
    )
    axe(page)
    screenshot(page, f"detach-{size}")
    assert no_wider_than_the_screen(page)
    button(page, "Detach Interface").click()
    expect(page.get_by_text("Detaching an interface from")).to_be_visible()
    expect(rows(page)).to_have_count(before)
    assert member.wait_for_device(device.id).provisioning_status == "ACTIVE"


def test_an_interface_that_can_not_be_detached_says_why(
    page: Page, make_device: Callable[..., Device]
) -> None:
    device = make_device()
    show(page, device)
    mgmt = rows(page).filter(has_text="Management")
    link = mgmt.get_by_role("link", name="Detach")
    expect(link).to_have_attribute("aria-disabled", "true")
    why = "Without it the device could not be managed any more."
    expect(link).to_have_accessible_description(why)
    link.focus()
    expect(page.get_by_role("tooltip")).to_have_text(why)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(device.name)


def test_while_a_device_is_built_its_interfaces_wait(
    page: Page,
    make_template: Callable[..., Any],
    make_device: Callable[..., Device],
) -> None:
    slow = make_template(infra_options={"create_seconds": 3600})
    show(page, make_device(template_id=slow.id, wait=False))
    expect(attach(page)).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#servicevm-attach__why")).to_have_text(
        "It is still being built."
    )


def test_a_reader_looks_at_interfaces_and_changes_none(
    page_as: PageAs, make_device: Callable[..., Device]
) -> None:
    page = page_as("red-reader")
    device = make_device()
    show(page, device)
    expect(rows(page)).to_have_count(len(device.interfaces))
    expect(attach(page)).to_have_count(0)
    expect(page.get_by_role("link", name="Detach")).to_have_count(0)
