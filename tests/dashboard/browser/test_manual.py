"""The pictures of the manual: of a small fleet with names as people give.

They are kept as ``.cache/screenshots/manual-*.png``; ``python -m
tools.dashboard.pictures`` puts them into the manual.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from playwright.sync_api import Page, expect

from servicevmclient.v1 import Client
from tests.dashboard.browser.conftest import PageAs, remove
from tests.dashboard.browser.filling import button, field
from tests.dashboard.browser.test_overview import QUICK
from tests.dashboard.browser.test_topology import CONFIG, node
from tools.horizon.content import TEMPLATES

#: No higher than what is on them: pictures are of whole pages.
DESKTOP = {"width": 1280, "height": 480}
PHONE = {"width": 390, "height": 600}

Make = Callable[..., Any]


@pytest.fixture(scope="module")
def fleet(admin: Client, sdk: Callable[[str], Client]) -> Iterator[Any]:
    """Devices of project blue by name; one of them is dead."""
    blue = sdk("blue-member")
    sound = {"create_seconds": 0, "vcpus": 1, "memory_mib": 192}
    templates = [
        admin.create_device_template(
            **{
                **TEMPLATES["noop"][0],
                "name": name,
                "description": words,
                "infra_options": options,
            }
        )
        for name, words, options in (
            ("small", "Load balancers, four to a device.", sound),
            (
                "trial",
                "Not for production.",
                {**sound, "die_after_seconds": 1},
            ),
        )
    ]
    made: dict[str, Any] = {}
    try:
        for name, template in (
            ("edge-north", templates[0]),
            ("edge-south", templates[0]),
            ("edge-trial", templates[1]),
        ):
            device = blue.create_device(name=name, template_id=template.id)
            made[name] = blue.wait_for_device(device.id)
        config = yaml.safe_load(CONFIG.read_text())
        for name, device in (("shop", "edge-north"), ("wiki", "edge-south")):
            service = blue.create_service(
                name=name,
                device_id=made[device].id,
                service_type="loadbalancer",
                config=config,
            )
            made[name] = blue.wait_for_service(service.id)
        yield made
    finally:
        remove(admin, [made[name].id for name in made if "edge" in name])
        for template in templates:
            admin.delete_device_template(template.id)


@pytest.fixture
def blue(page_as: PageAs) -> Page:
    page = page_as("blue-member", viewport=DESKTOP)
    page.add_init_script(QUICK)
    return page


def test_the_fleet_at_a_glance(
    blue: Page, page_as: PageAs, fleet: Any, screenshot: Make
) -> None:
    failing = "#servicevm-failing-table"
    blue.goto("/project/servicevm_overview/")
    expect(blue.locator(failing)).to_contain_text("edge-trial")
    screenshot(blue, "manual-overview")
    phone = page_as("blue-member", viewport=PHONE)
    phone.goto("/project/servicevm_overview/")
    expect(phone.locator(failing)).to_contain_text("edge-trial")
    # Horizon draws them by and by.
    pies = phone.locator(".pie-chart-usage")
    expect(pies).to_have_count(5)
    expect(pies.locator("svg")).to_have_count(5)
    screenshot(phone, "manual-phone")


def test_the_list_of_devices(blue: Page, fleet: Any, screenshot: Make) -> None:
    blue.goto("/project/servicevm_devices/")
    row = blue.get_by_role("row", name="edge-trial")
    expect(row).to_contain_text("Dead")
    screenshot(blue, "manual-devices")


def test_the_topology(blue: Page, fleet: Any, screenshot: Make) -> None:
    # So that all of it is seen at once.
    blue.set_viewport_size({**DESKTOP, "width": 1366})
    blue.goto("/project/servicevm_topology/?name_prefix=edge")
    expect(node(blue, "Device edge-north")).to_be_visible()
    screenshot(blue, "manual-topology")


def test_the_configuration_of_a_load_balancer(
    blue: Page, fleet: Any, screenshot: Make
) -> None:
    blue.goto("/project/servicevm_services/create/")
    blue.get_by_label("edge-north", exact=True).check()
    button(blue, "Next").click()
    blue.get_by_label("Name").fill("mail")
    button(blue, "Next").click()
    field(blue, "config/listeners/0/port").fill("80")
    field(blue, "config/pools/0/members/0/address").fill("192.0.2.11")
    field(blue, "config/pools/0/members/0/port").fill("8080")
    # The header of Horizon stays where one has scrolled to.
    blue.evaluate("window.scrollTo(0, 0)")
    screenshot(blue, "manual-wizard")


def test_the_charts_of_a_load_balancer(
    blue: Page, fleet: Any, screenshot: Make
) -> None:
    """Five minutes of readings at once, as the page would have made them."""
    url = f"/project/servicevm_services/{fleet['shop'].id}/"
    # Without the haste: its readings are not to come between.
    page = blue.context.new_page()
    page.goto(f"{url}?tab=service__statistics")
    lines = page.locator("#service__statistics svg path.servicevm-line")
    expect(lines).to_have_count(4)
    page.evaluate(_FEED, [round(_total(n)) for n in range(60)])
    assert page.locator("[data-servicevm-now=active]").inner_text() != "0"
    screenshot(page, "manual-statistics")


def _total(reading: int) -> float:
    """Connections so far, some 40 a second, at one reading every 5 s."""
    return 200 * reading + 250 * math.sin(reading / 7)


#: live.js brings such an event; the first reading here begins anew.
_FEED = """totals => {
    const pane = document.querySelector('#service__statistics');
    const box = pane.querySelector('[data-servicevm-charts]')
        .closest('[data-servicevm-live]') || pane;
    const now = Date.now() / 1000;
    box.servicevmPoints = []; box.servicevmLast = null;
    totals.forEach((total, index) => box.dispatchEvent(
        new CustomEvent('servicevm:live', {bubbles: true, detail: {
            at: now - 5 * (totals.length - index),
            stats: {epoch: 'manual', listeners: [{
                name: 'web', connections_total: total,
                connections_active: 12 + Math.round(5 * Math.sin(index / 5)),
                bytes_in: total * 700, bytes_out: total * 9000}]}}})));
}"""
