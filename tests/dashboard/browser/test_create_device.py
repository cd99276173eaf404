"""A device, made by mouse and by keyboard."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from servicevmclient.v1 import Client, Device
from tests.dashboard.browser.conftest import PageAs, remove, unique
from tests.dashboard.browser.filling import (
    DEVICES,
    SIZES,
    begin,
    begin_balancer,
    button,
    errors,
    field,
    fill_balancer,
    no_wider_than_the_screen,
    tab_to,
    wrong,
)


@pytest.fixture
def tidy(admin: Client, member: Client) -> Iterator[Callable[[str], None]]:
    """``tidy(name)``: devices of this name are deleted after the test."""
    names: list[str] = []
    yield names.append
    found = [each.id for name in names for each in member.devices(name=name)]
    remove(admin, found)


@pytest.fixture
def template(make_template: Callable[..., Any]) -> Any:
    options = {"create_seconds": 0, "vcpus": 1, "memory_mib": 192}
    return make_template(infra_options=options)


@pytest.mark.parametrize("size", SIZES)
def test_a_device_is_made_in_four_steps(
    page_as: PageAs,
    member: Client,
    template: Any,
    tidy: Callable[[str], None],
    axe: Callable[..., None],
    screenshot: Callable[..., object],
    size: str,
) -> None:
    page = page_as("red-member", viewport=SIZES[size])
    name = unique("it's lb")
    tidy(name)
    page.goto(f"{DEVICES}create/")
    expect(page.locator("h2")).to_be_focused()
    axe(page)
    screenshot(page, f"create-device-1-{size}")
    page.get_by_label(template.name, exact=True).check()
    button(page, "Next").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Tags").fill("web, blue")
    page.get_by_role("button", name="Add property").click()
    page.keyboard.type("rack")
    page.keyboard.press("Tab")
    page.keyboard.type("12")
    axe(page)
    screenshot(page, f"create-device-2-{size}")
    assert no_wider_than_the_screen(page)
    page.keyboard.press("Enter")
    expect(page.locator("h2")).to_contain_text("Addresses")
    axe(page)
    screenshot(page, f"create-device-3-{size}")
    button(page, "Next").click()
    expect(page.get_by_text("in use; this takes 1.").first).to_be_visible()
    axe(page)
    screenshot(page, f"create-device-4-{size}")
    assert no_wider_than_the_screen(page)
    button(page, "Create Device").click()
    expect(page.locator("h1")).to_contain_text(name)
    (made,) = member.devices(name=name)
    assert made.tags == ["blue", "web"]
    assert made.properties == {"rack": "12"}


def test_an_address_that_is_taken_is_told_next_to_its_field(
    page: Page,
    member: Client,
    template: Any,
    tidy: Callable[[str], None],
    make_device: Callable[..., Device],
    screenshot: Callable[..., object],
) -> None:
    other = make_device(template_id=template.id)
    taken = next(
        one["address"] for one in other.interfaces if one["role"] == "ingress"
    )
    name = unique("device")
    tidy(name)
    begin(page, template, name)
    address = page.get_by_label("Incoming traffic")
    address.fill(str(taken))
    button(page, "Next").click()
    button(page, "Create Device").click()
    expect(page.locator("h2")).to_contain_text("Addresses")
    expect(page.locator(".servicevm-problems")).to_be_focused()
    expect(page.locator(".servicevm-problems")).to_contain_text(str(taken))
    expect(address).to_have_attribute("aria-invalid", "true")
    problem = page.locator(".servicevm-problems a")
    problem.click()
    expect(address).to_be_focused()
    screenshot(page, "create-device-refused")
    page.get_by_role("link", name="Cancel", exact=True).click()
    assert not list(member.devices(name=name))


def test_an_address_that_is_none_is_told_where_it_is_written(
    page: Page,
    template: Any,
    make_device: Callable[..., Device],
    screenshot: Callable[..., object],
) -> None:
    """Before anything is sent, in whatever form asks for one."""
    begin(page, template, unique("device"))
    incoming = page.get_by_label("Incoming traffic")
    wrong(page, incoming, "192.0.2.300")
    # What its network is, the page knows when it is sent.
    incoming.fill("203.0.113.7")
    button(page, "Next").click()
    expect(page.locator("h2")).to_contain_text("Addresses")
    expect(incoming).to_have_attribute("aria-invalid", "true")
    expect(errors(page, incoming)).to_contain_text("It must be an address in")
    begin_balancer(page, make_device(), unique("web"))
    fill_balancer(page)
    address = field(page, "config/pools/0/members/1/address")
    for text in ("10.20.1.300", "10.20.1", "2001:db8::1::2", "fe80:"):
        wrong(page, address, text)
        expect(errors(page, address)).to_contain_text(
            "It must be an IPv4 or IPv6 address."
        )
    screenshot(page, "create-service-address")
    for text in ("2001:db8::7", "::ffff:192.0.2.1", "10.20.1.30"):
        address.fill(text)
        expect(address).not_to_have_attribute("aria-invalid", "true")
        expect(errors(page, address)).to_be_empty()
    button(page, "Next").click()
    expect(page.locator("h2")).to_contain_text("Review")


@pytest.fixture
def quota(admin: Client, member: Client) -> Iterator[Callable[..., None]]:
    """``quota(devices=0)``, of project red, until the test ends."""
    own = member.get_quota().project_id

    def set_(**limits: int) -> None:
        admin.update_quota(own, **limits)

    yield set_
    admin.delete_quota(own)


def test_the_line_for_the_terminal_is_copied(
    page_as: PageAs, template: Any
) -> None:
    allowed = ["clipboard-read", "clipboard-write"]
    page = page_as("red-member", permissions=allowed)
    begin(page, template, "lb 1")
    button(page, "Next").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    line = f"openstack servicevm device create --template {template.name}"
    assert copied.replace("\\\n    ", "") == f"{line} 'lb 1'"


def test_a_device_is_made_by_keyboard_alone(
    page: Page, member: Client, template: Any, tidy: Callable[[str], None]
) -> None:
    name = unique("keys")
    tidy(name)
    page.goto(f"{DEVICES}create/")
    expect(page.locator("h2")).to_be_focused()
    tab_to(page, page.get_by_role("radio").first)
    page.keyboard.press("Space")
    chosen = page.get_by_label(template.name, exact=True)
    while not chosen.is_checked():
        page.keyboard.press("ArrowDown")
    tab_to(page, button(page, "Next"))
    page.keyboard.press("Enter")
    expect(page.locator("h2")).to_contain_text("Details")
    expect(page.locator("h2")).to_be_focused()
    tab_to(page, page.get_by_label("Name"))
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(page.locator("h2")).to_contain_text("Addresses")
    tab_to(page, button(page, "Next"))
    page.keyboard.press("Enter")
    expect(page.locator("h2")).to_contain_text("Review")
    tab_to(page, button(page, "Create Device"))
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(name)
    (made,) = member.devices(name=name)
    assert made.template_id == template.id


def test_a_reader_gets_no_wizard(page_as: PageAs) -> None:
    page = page_as("red-reader")
    page.goto(DEVICES)
    expect(page.get_by_role("link", name="Create Device")).to_have_count(0)
    page.goto(f"{DEVICES}create/")
    expect(page.get_by_text("You are not allowed to do that.")).to_be_visible()


def test_over_the_quota_nothing_can_be_chosen(
    page: Page,
    template: Any,
    quota: Callable[..., None],
    axe: Callable[..., None],
    screenshot: Callable[..., object],
) -> None:
    quota(vcpus=0)
    page.goto(f"{DEVICES}create/")
    card = page.get_by_label(template.name, exact=True)
    expect(card).to_be_disabled()
    expect(page.locator("#servicevm-refused")).to_be_focused()
    expect(page.get_by_text("this takes 1")).to_have_count(1)
    expect(page.get_by_text("Ask an administrator")).to_be_visible()
    axe(page)
    screenshot(page, "create-device-quota")


def test_back_leads_back_and_makes_nothing(
    page_as: PageAs, member: Client, template: Any
) -> None:
    page = page_as("red-member")
    name = unique("back")
    begin(page, template, name)
    button(page, "Next").click()
    expect(button(page, "Create Device")).to_be_visible()
    for step in ("Addresses", "Details", "Template"):
        button(page, "Back").click()
        expect(page.locator("h2")).to_contain_text(step)
    button(page, "Next").click()
    expect(field(page, "details/name")).to_have_value(name)
    button(page, "Next").click()
    button(page, "Next").click()
    steps = page.get_by_role("navigation", name="Steps")
    steps.get_by_role("button", name="Details").click()
    expect(field(page, "details/name")).to_have_value(name)
    assert list(member.devices(name=name)) == []
