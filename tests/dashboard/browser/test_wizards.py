"""Devices and load balancers, made and changed by mouse and by keyboard."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from servicevmclient.v1 import Client, Device, Service
from tests.dashboard.browser.conftest import PageAs, remove, unique
from tools.horizon.lab import Lab

DEVICES = "/project/servicevm_devices/"
SERVICES = "/project/servicevm_services/"

SIZES = {
    "desktop": {"width": 1366, "height": 820},
    "phone": {"width": 390, "height": 844},
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


def begin(page: Page, template: Any, name: str) -> None:
    """Create Device, up to its addresses."""
    page.goto(DEVICES)
    page.get_by_role("link", name="Create Device", exact=True).click()
    page.get_by_label(template.name, exact=True).check()
    button(page, "Next").click()
    page.get_by_label("Name").fill(name)
    button(page, "Next").click()


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
    expect(page.get_by_text("and this takes 1.").first).to_be_visible()
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
    wrong(page, page.get_by_label("Incoming traffic"), "192.0.2.300")
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


@pytest.fixture
def quota(admin: Client, member: Client) -> Iterator[Callable[..., None]]:
    """``quota(devices=0)``, of project red, until the test ends."""
    own = member.get_quota().project_id

    def set_(**limits: int) -> None:
        admin.update_quota(own, **limits)

    yield set_
    admin.delete_quota(own)


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


@pytest.mark.parametrize("size", SIZES)
def test_a_load_balancer_with_two_members_is_made(
    page_as: PageAs,
    member: Client,
    make_device: Callable[..., Device],
    axe: Callable[..., None],
    screenshot: Callable[..., object],
    size: str,
) -> None:
    device = make_device()
    name = unique("web")
    page = page_as("red-member", viewport=SIZES[size])
    page.goto(f"{SERVICES}create/")
    expect(page.locator("h1")).to_have_text("Create Load Balancer")
    axe(page)
    page.get_by_label(device.name, exact=True).check()
    screenshot(page, f"create-service-1-{size}")
    button(page, "Next").click()
    page.get_by_label("Name").fill(name)
    button(page, "Next").click()
    # What is missing is said next to its field, before anything is sent.
    button(page, "Next").click()
    port = field(page, "config/listeners/0/port")
    expect(port).to_be_focused()
    expect(port).to_have_attribute("aria-invalid", "true")
    fill_balancer(page)
    expect(port).not_to_have_attribute("aria-invalid", "true")
    pool = field(page, "config/pools/0/name")
    pool.fill("backends")
    pool.press("Tab")
    expect(field(page, "config/listeners/0/default_pool")).to_have_value(
        "backends"
    )
    page.get_by_label("Health monitor").check()
    page.get_by_role("button", name="Add listener").click()
    expect(field(page, "config/listeners/1/default_pool")).to_have_value(
        "backends"
    )
    page.get_by_role("button", name="Remove Listener 2").click()
    expect(page.get_by_role("button", name="Add listener")).to_be_focused()
    expect(page.locator("[data-schema-said]")).to_have_text(
        "Listener 2 was removed."
    )
    axe(page)
    screenshot(page, f"create-service-2-{size}")
    assert no_wider_than_the_screen(page)
    button(page, "Next").click()
    axe(page)
    screenshot(page, f"create-service-3-{size}")
    assert no_wider_than_the_screen(page)
    button(page, "Create Load Balancer").click()
    expect(page.locator("h1")).to_contain_text(name)
    (made,) = member.services(name=name)
    assert made.device_id == device.id
    assert made.config == {
        "listeners": [
            {
                "name": "listener-1",
                "protocol": "http",
                "port": 80,
                "default_pool": "backends",
            }
        ],
        "pools": [
            {
                "name": "backends",
                "algorithm": "round_robin",
                "members": [
                    {
                        "name": f"member-{number}",
                        "address": f"192.0.2.1{number}",
                        "port": 8080,
                    }
                    for number in (1, 2)
                ],
                "health_monitor": {"type": "http"},
            }
        ],
    }


def begin_balancer(page: Page, device: Device, name: str) -> None:
    """Create Service, up to its configuration."""
    page.goto(f"{SERVICES}create/?device={device.id}")
    page.get_by_label("Name").fill(name)
    button(page, "Next").click()


def test_what_only_the_service_knows_is_told_next_to_the_field(
    page: Page,
    member: Client,
    make_device: Callable[..., Device],
    screenshot: Callable[..., object],
) -> None:
    begin_balancer(page, make_device(), unique("web"))
    fill_balancer(page)
    address = field(page, "config/pools/0/members/1/address")
    address.fill("224.0.0.1")
    button(page, "Next").click()
    button(page, "Create Load Balancer").click()
    expect(page.locator(".servicevm-problems")).to_be_focused()
    expect(address).to_have_attribute("aria-invalid", "true")
    group = address.locator("xpath=ancestor::div[@data-schema-item][1]")
    expect(group).to_contain_text("224.0.0.1 is multicast")
    screenshot(page, "create-service-refused")
    address.fill("192.0.2.12")
    button(page, "Next").click()
    button(page, "Create Load Balancer").click()
    expect(page.get_by_text("Creating")).to_be_visible()


def test_the_line_for_the_terminal_makes_the_same(
    page: Page,
    lab: Lab,
    member: Client,
    make_device: Callable[..., Device],
    tmp_path: Path,
) -> None:
    """A shell runs what the page shows."""
    device = make_device()
    name = unique("it's $HOME")
    begin_balancer(page, device, name)
    fill_balancer(page)
    button(page, "Next").click()
    line = page.locator("#servicevm-terminal").inner_text()
    button(page, "Create Load Balancer").click()
    expect(page.locator("h1")).to_contain_text(name)
    (one,) = (each.to_dict_view() for each in member.services(name=name))
    # It has the port that the same asks for.
    member.delete_service(one["id"])
    member.wait_for_service_gone(one["id"])
    # `openstack servicevm` is our program's other name.
    program = tmp_path / "openstack"
    python = Path(sys.executable).parent / "servicevm"
    program.write_text(f'#!/bin/sh\nshift\nexec {python} "$@"\n')
    program.chmod(0o700)
    ended = subprocess.run(
        ["sh", "-c", line],
        env={
            "PATH": f"{tmp_path}:/usr/bin:/bin",
            "HOME": str(tmp_path),
            "LC_ALL": "C.UTF-8",
            "OS_CLIENT_CONFIG_FILE": str(lab.folder / "clouds.yaml"),
            "OS_CLOUD": "red-member",
        },
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr.decode()
    keys = ("config", "device_id", "service_type", "description", "tags")
    (other,) = (each.to_dict_view() for each in member.services(name=name))
    assert [one[key] for key in keys] == [other[key] for key in keys]


CONFIG: dict[str, Any] = {
    "listeners": [
        {"name": "web", "protocol": "tcp", "port": 80, "default_pool": "all"}
    ],
    "pools": [{"name": "all", "algorithm": "round_robin", "members": []}],
}


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


def test_a_port_that_is_taken_is_told_next_to_its_field(
    page: Page,
    member: Client,
    make_device: Callable[..., Device],
    screenshot: Callable[..., object],
) -> None:
    device = make_device()
    first = make_balancer(member, device)
    begin_balancer(page, device, unique("web"))
    fill_balancer(page)
    button(page, "Next").click()
    button(page, "Create Load Balancer").click()
    expect(page.locator("h2")).to_contain_text("Configuration")
    port = field(page, "config/listeners/0/port")
    expect(port).to_have_attribute("aria-invalid", "true")
    expect(errors(page, port)).to_contain_text(first.name)
    screenshot(page, "create-service-port")
    port.fill("81")
    expect(errors(page, port)).to_be_empty()
    button(page, "Next").click()
    button(page, "Create Load Balancer").click()
    expect(page.get_by_text("Creating")).to_be_visible()


def test_members_lead_to_one_more(
    page: Page,
    member: Client,
    make_device: Callable[..., Device],
    axe: Callable[..., None],
    screenshot: Callable[..., object],
) -> None:
    made = make_balancer(member, make_device())
    page.goto(f"{SERVICES}{made.id}/?tab=service__members")
    add = page.get_by_role("link", name="Add Member")
    expect(add).to_be_visible()
    axe(page)
    screenshot(page, "members-add")
    add.click()
    name = field(page, "config/pools/0/members/0/name")
    expect(name).to_be_focused()
    expect(name).to_have_value("member-1")
    expect(name).to_be_in_viewport()
    page.keyboard.press("Tab")
    page.keyboard.type("192.0.2.11")
    page.keyboard.press("Tab")
    page.keyboard.type("8080")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(made.name)
    pools: Any = member.get_service(made.id).config["pools"]
    assert [one["address"] for one in pools[0]["members"]] == ["192.0.2.11"]


def test_a_device_that_leads_to_its_service_is_named(
    page: Page,
    make_device: Callable[..., Device],
    axe: Callable[..., None],
    screenshot: Callable[..., object],
) -> None:
    device = make_device()
    page.goto(f"{SERVICES}create/?device={device.id}")
    expect(page.locator("h2")).to_contain_text("Details")
    chosen = page.locator(".servicevm-answers")
    expect(chosen).to_contain_text(device.name)
    expect(chosen).to_contain_text("Load balancer")
    axe(page)
    screenshot(page, "create-service-from-device")
    page.get_by_label("Name").fill("kept")
    page.get_by_role("button", name="Change: Device").click()
    expect(page.locator("h2")).to_contain_text("Device")
    expect(page.get_by_label(device.name, exact=True)).to_be_checked()
    button(page, "Next").click()
    expect(page.get_by_label("Name")).to_have_value("kept")


def test_a_configuration_is_changed_and_nobody_is_overwritten(
    page: Page,
    member: Client,
    make_device: Callable[..., Device],
    axe: Callable[..., None],
    screenshot: Callable[..., object],
) -> None:
    config = CONFIG
    made = make_balancer(member, make_device())
    page.goto(f"{SERVICES}{made.id}/edit/")
    axe(page)
    port = field(page, "config/listeners/0/port")
    expect(port).to_have_value("80")
    theirs = {**config, "listeners": [{**config["listeners"][0], "port": 81}]}
    member.update_service(made.id, config=theirs)
    member.wait_for_service(made.id)
    port.fill("82")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Somebody else changed the same")).to_be_visible()
    axe(page)
    screenshot(page, "edit-service-differences")
    assert member.get_service(made.id).config == theirs
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_contain_text(made.name)
    listeners: Any = member.get_service(made.id).config["listeners"]
    assert listeners[0]["port"] == 82


def test_a_pool_of_many_members_is_more_than_a_form_may_send(
    page: Page, member: Client, make_device: Callable[..., Device]
) -> None:
    """Django takes 1,000 inputs; a pool has up to 256 members."""
    members = [
        {"name": f"m{number}", "address": f"10.0.0.{number}", "port": 80}
        for number in range(1, 255)
    ]
    pool = {"name": "all", "algorithm": "round_robin", "members": members}
    listener = {
        "name": "web",
        "protocol": "tcp",
        "port": 80,
        "default_pool": "all",
    }
    made: Service = member.create_service(
        name=unique("web"),
        device_id=make_device().id,
        service_type="loadbalancer",
        config={"listeners": [listener], "pools": [pool]},
    )
    page.goto(f"{SERVICES}{made.id}/edit/")
    field(page, "config/pools/0/members/253/port").fill("8080")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_contain_text(made.name)
    pools: Any = member.get_service(made.id).config["pools"]
    changed = {**members[-1], "port": 8080}
    assert pools == [{**pool, "members": [*members[:-1], changed]}]


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


def tab_to(page: Page, wanted: Locator) -> None:
    """From where the focus is, as somebody without a mouse goes."""
    for _step in range(20):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            return
    pytest.fail(f"The focus never came to {wanted}.")


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


def test_a_device_is_renamed(
    page: Page, member: Client, make_device: Callable[..., Device]
) -> None:
    device, name = make_device(), unique("renamed")
    page.goto(f"{DEVICES}{device.id}/edit/")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_contain_text(name)
    assert member.get_device(device.id).name == name


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
