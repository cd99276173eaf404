"""Devices and load balancers, changed."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from servicevmclient.v1 import Client, Device, Service
from tests.dashboard.browser.conftest import unique
from tests.dashboard.browser.filling import (
    CONFIG,
    DEVICES,
    SERVICES,
    field,
    make_balancer,
)


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
    page.get_by_role("button", name="Show as Command Line").click()
    line = page.locator("#servicevm-terminal")
    expect(line).to_contain_text("openstack servicevm service set --config -")
    expect(line).to_contain_text(made.id)
    expect(line).to_contain_text('"port": 82')
    axe(page)
    screenshot(page, "edit-service-terminal")
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


def test_a_device_is_renamed(
    page: Page, member: Client, make_device: Callable[..., Device]
) -> None:
    device, name = make_device(), unique("renamed")
    page.goto(f"{DEVICES}{device.id}/edit/")
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_contain_text(name)
    assert member.get_device(device.id).name == name
