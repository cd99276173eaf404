"""What an administrator does over all projects."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from servicevmclient.v1 import Client
from tests.dashboard.browser.conftest import PageAs, unique
from tests.dashboard.browser.watch import Watch

Make = Callable[..., Any]


@pytest.fixture
def page(page_as: PageAs) -> Page:
    return page_as("admin")


@pytest.fixture
def own_limits(admin: Client, sdk: Callable[[str], Client]) -> Iterator[str]:
    """Project blue, whose limits are the defaults again after the test."""
    project = sdk("blue-member").get_quota().project_id
    admin.delete_quota(project)
    yield project
    admin.delete_quota(project)


@pytest.mark.parametrize(
    "panel",
    [
        "overview",
        "devices",
        "services",
        "templates",
        "operations",
        "processes",
        "quotas",
        "holds",
        "breakers",
        "usage",
    ],
)
def test_each_panel_opens_and_is_accessible(
    page: Page, panel: str, axe: Make, screenshot: Make, make_device: Make
) -> None:
    answer = page.goto(f"/admin/servicevm_{panel}/")
    assert answer is not None
    assert answer.status == 200
    expect(page.locator(".servicevm")).to_be_visible()
    screenshot(page, f"admin-{panel}")
    axe(page, "#content_body .servicevm")


@pytest.mark.parametrize("user", ["red-member", "red-reader"])
def test_nobody_else_gets_there(
    page_as: PageAs, user: str, watch: Watch
) -> None:
    watch.expect("403")
    page = page_as(user)
    page.goto("/project/servicevm_devices/")
    assert page.locator('a[href^="/admin/servicevm"]').count() == 0
    page.goto("/admin/servicevm_devices/")
    expect(page.locator("body")).not_to_contain_text("Filter the list")
    assert page.locator("table.servicevm-table").count() == 0


def test_devices_of_all_projects_are_told_apart_by_project(
    page: Page, make_device: Make
) -> None:
    device = make_device(unique("edge"))
    page.goto(f"/admin/servicevm_devices/?name_prefix={device.name}")
    row = page.locator(f'tr[data-display="{device.name}"]')
    expect(row).to_contain_text("red")
    page.get_by_label("Project").select_option(label="blue")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("table.servicevm-table")).to_contain_text(
        "Nothing fits the filter."
    )


def test_a_template_is_made_changed_and_deleted(
    page: Page, admin: Client, screenshot: Make, axe: Make
) -> None:
    name = unique("made")
    page.goto("/admin/servicevm_templates/")
    page.get_by_role("link", name="Create Template").click()
    page.fill('[name="details/name"]', name)
    page.get_by_role("button", name="Next", exact=True).click()
    page.select_option(
        '[name="drivers/infra_driver"]', label="No machine, for trials"
    )
    page.select_option(
        '[name="drivers/mgmt_driver"]', label="No management, for trials"
    )
    page.get_by_role("button", name="Next", exact=True).click()
    page.fill('[name="options/infra_options/vcpus"]', "2")
    screenshot(page, "admin-template-options")
    page.get_by_role("button", name="Next", exact=True).click()
    page.fill('[name="hosting/interfaces/0/role"]', "ingress")
    page.fill('[name="hosting/interfaces/0/network"]', "ingress")
    page.fill('[name="hosting/slots"]', "3")
    screenshot(page, "admin-template-hosting")
    page.get_by_role("button", name="Create Template").click()
    expect(page.locator("h1")).to_have_text(name)
    template = admin.find_device_template(name)
    assert template.infra_options["vcpus"] == 2
    assert template.slots == 3

    page.get_by_role("link", name="Edit Template").click()
    page.fill('[name="hosting/slots"]', "5")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_have_text(name)
    assert admin.get_device_template(template.id).revision == 2

    page.goto(f"/admin/servicevm_templates/?name_prefix={name}")
    row = page.locator(f'tr[data-display="{name}"]')
    row.get_by_role("button", name="More actions").click()
    row.get_by_role("button", name="Delete Template").click()
    page.locator(".modal.in").get_by_text("Delete Template").last.click()
    expect(row).to_have_count(0)
    assert admin.find_device_template(name, ignore_missing=True) is None


def test_limits_of_a_project_are_changed_and_reset(
    page: Page, admin: Client, own_limits: str, screenshot: Make, axe: Make
) -> None:
    page.goto(f"/admin/servicevm_quotas/?project_id={own_limits}")
    row = page.locator('tr[data-display="blue"]')
    row.get_by_role("link", name="Edit Limits").click()
    modal = page.locator(".modal.in")
    modal.get_by_label("Devices").fill("7")
    screenshot(page, "admin-quota")
    axe(page, ".modal.in form .modal-body")
    modal.get_by_role("button", name="Save").click()
    expect(
        page.locator(".alert-success, .toast-success").first
    ).to_be_visible()
    assert admin.get_quota(own_limits).devices["limit"] == 7
    page.goto(f"/admin/servicevm_quotas/?project_id={own_limits}")
    expect(row).to_contain_text("Its own")
    row.get_by_role("button", name="More actions").click()
    row.get_by_role("button", name="Reset to Defaults").click()
    page.locator(".modal.in").get_by_text("Reset to Defaults").last.click()
    page.goto(f"/admin/servicevm_quotas/?project_id={own_limits}")
    expect(row).to_contain_text("Defaults")


def test_a_relay_is_drained_and_takes_sessions_again(
    page: Page, admin: Client
) -> None:
    (relay,) = admin.relays(alive=True)
    admin.update_relay(relay.id, draining=False)
    page.goto("/admin/servicevm_processes/")
    row = page.locator(f'tr[data-object-id="{relay.name}"]')
    try:
        row.get_by_role("button", name="Drain Relay").click()
        expect(row).to_contain_text("Draining")
        row.get_by_role("button", name="Stop Draining").click()
        expect(row).to_contain_text("Running")
    finally:
        admin.update_relay(relay.id, draining=False)


def test_a_hold_is_set_seen_and_taken_away(
    page: Page, make_device: Make, axe: Make, screenshot: Make
) -> None:
    device = make_device(unique("edge"))
    page.goto("/admin/servicevm_holds/")
    page.get_by_role("link", name="Set Hold").click()
    dialogue = page.locator(".modal.in")
    # Only what is chosen is asked for.
    expect(dialogue.get_by_label("Template")).not_to_be_visible()
    dialogue.get_by_label("ID of the device").fill(device.id)
    dialogue.get_by_label("Reason").fill("Disk is swapped")
    dialogue.get_by_label("Hours").fill("2")
    axe(page, ".modal.in")
    screenshot(page, "admin-set-hold")
    dialogue.get_by_role("button", name="Set Hold").click()
    row = page.locator(f'tr[data-display="Device {device.name}"]')
    expect(row).to_contain_text("Disk is swapped")
    expect(row).to_contain_text("You")
    row.get_by_role("link", name=device.name).click()
    expect(page.get_by_text("Held by operators")).to_be_visible()
    screenshot(page, "admin-held-device")
    page.goto("/admin/servicevm_holds/")
    row.get_by_role("button", name="Take Hold Away").click()
    page.locator(".modal.in").get_by_text("Take Hold Away").last.click()
    expect(page.locator(".alert-success")).to_contain_text(
        f"Device {device.name}"
    )
    expect(row).to_have_count(0)


def test_horizons_own_pages_have_the_quotas(
    page: Page, own_limits: str, admin: Client
) -> None:
    page.goto("/admin/defaults/")
    expect(page.locator("#content_body")).to_contain_text(
        "Limits on service VMs"
    )
    page.goto(f"/identity/{own_limits}/update_quotas/")
    page.fill('[name="servicevm_devices"]', "4")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/identity/**")
    assert admin.get_quota(own_limits).devices["limit"] == 4
