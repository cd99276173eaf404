"""A load balancer, made by mouse and by keyboard."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from servicevmclient.v1 import Client, Device
from tests.dashboard.browser.conftest import PageAs, unique
from tests.dashboard.browser.filling import (
    SERVICES,
    SIZES,
    begin_balancer,
    button,
    errors,
    field,
    fill_balancer,
    make_balancer,
    no_wider_than_the_screen,
)
from tools.horizon.lab import Lab


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


@pytest.mark.parametrize("meanwhile", [False, True])
def test_a_port_that_is_taken_is_told_next_to_its_field(
    page: Page,
    member: Client,
    make_device: Callable[..., Device],
    screenshot: Callable[..., object],
    meanwhile: bool,
) -> None:
    """At its step; or at the end, if it was taken only then."""
    device = make_device()
    if not meanwhile:
        first = make_balancer(member, device)
    begin_balancer(page, device, unique("web"))
    fill_balancer(page)
    button(page, "Next").click()
    if meanwhile:
        first = make_balancer(member, device)
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
