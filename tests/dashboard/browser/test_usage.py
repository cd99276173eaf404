"""What was used, as projects and administrators see it."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from servicevmclient.v1 import Client
from tests.dashboard.browser.conftest import PageAs, unique

Make = Callable[..., Any]


def row(page: Page, name: str) -> Any:
    return page.locator(f'tr[data-display="{name}"]')


def seek(page: Page, name: str) -> Any:
    """The row of what was used; the pages are turned until it is there."""
    while not row(page, name).count():
        with page.expect_navigation():
            page.get_by_role("link", name="Next page").click()
    return row(page, name)


def test_a_project_sees_what_it_uses_also_what_is_gone(
    page_as: PageAs,
    make_device: Make,
    member: Client,
    axe: Callable[..., None],
    screenshot: Make,
) -> None:
    there, gone = make_device(unique("edge")), make_device(unique("gone"))
    member.delete_device(gone.id)
    member.wait_for_device_gone(gone.id)
    page = page_as("red-member")
    page.goto("/project/servicevm_overview/")
    page.get_by_role("link", name="Usage", exact=True).click()
    expect(seek(page, there.name)).to_contain_text("It is there")
    page.get_by_role("link", name="This month").click()
    expect(seek(page, gone.name)).not_to_contain_text("It is there")
    expect(page.locator(".servicevm-totals")).to_contain_text("Device Hours")
    current = page.locator(".servicevm-views .active")
    expect(current).to_have_text("This month")
    axe(page, "#content_body .servicevm")
    screenshot(page, "usage")

    page.get_by_role("link", name="Last month").click()
    expect(current).to_have_text("Last month")
    expect(row(page, there.name)).to_have_count(0)
    page.get_by_label("From").fill("2020-01-01")
    page.get_by_label("To", exact=True).fill("")
    page.get_by_role("button", name="Filter").click()
    expect(current).to_have_count(0)
    expect(page.locator("body")).to_contain_text("From Jan. 1, 2020 to ")
    seek(page, there.name).get_by_role("link").click()
    expect(page.locator("h1")).to_have_text(there.name)


def test_usage_fits_a_telephone(
    page_as: PageAs,
    make_device: Make,
    axe: Callable[..., None],
    screenshot: Make,
) -> None:
    device = make_device(unique("edge"))
    page = page_as("red-member", viewport={"width": 390, "height": 844})
    page.goto("/project/servicevm_usage/")
    expect(seek(page, device.name)).to_be_visible()
    wide = "document.querySelector('.servicevm').scrollWidth"
    assert page.evaluate(wide) <= 390
    axe(page, "#content_body .servicevm")
    screenshot(page, "usage-phone")


def test_an_administrator_goes_from_all_projects_to_one(
    page_as: PageAs, make_device: Make, screenshot: Make
) -> None:
    device = make_device(unique("edge"))
    page = page_as("admin")
    page.goto("/admin/servicevm_usage/")
    screenshot(page, "admin-usage")
    row(page, "red").get_by_role("link", name="red").click()
    expect(page.locator("h1")).to_have_text("Usage of red")
    expect(seek(page, device.name)).to_contain_text("It is there")
    screenshot(page, "admin-usage-project")
    page.get_by_role("link", name="All projects").click()
    expect(row(page, "red")).to_be_visible()
