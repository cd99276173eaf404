"""The fleet at a glance, as who is to look after it sees it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from servicevmclient.v1 import Client
from tests.dashboard.browser.conftest import PageAs, unique
from tests.dashboard.browser.gate import Gate
from tests.dashboard.browser.watch import Watch

URL = "/project/servicevm_overview/"
#: The page looks every five seconds; a test has no time for that.
QUICK = """document.addEventListener('DOMContentLoaded', () =>
    document.querySelectorAll('[data-interval="5000"]').forEach(
        (box) => { box.dataset.interval = '400'; }))"""

Make = Callable[..., Any]


def failing(page: Page) -> Any:
    return page.locator("#servicevm-failing-table")


@pytest.fixture
def dead(make_device: Make, make_template: Make, member: Client) -> Any:
    """A device that is dead by the time it is looked at."""
    dying = make_template(
        infra_options={
            "create_seconds": 0,
            "die_after_seconds": 1,
            "vcpus": 1,
            "memory_mib": 192,
        }
    )
    return make_device(unique("dead"), template_id=dying.id)


def test_what_fails_stands_first_with_its_reason_and_leads_there(
    page_as: PageAs, dead: Any, screenshot: Make, axe: Make
) -> None:
    page = page_as("red-member")
    page.add_init_script(QUICK)
    page.goto(URL)
    # It died before or dies now: the page notices by itself.
    row = failing(page).locator("tr", has_text=dead.name)
    expect(row).to_contain_text("Dead")
    expect(row).to_contain_text("The device died")
    screenshot(page, "overview")
    axe(page)
    row.get_by_role("link", name=dead.name).click()
    expect(page.locator("h1")).to_have_text(dead.name)


def test_operations_come_and_go_by_themselves_and_the_focus_stays(
    page_as: PageAs, make_device: Make, make_template: Make
) -> None:
    page = page_as("red-member")
    page.add_init_script(QUICK)
    page.goto(URL)
    page.evaluate("window.untouched = true")
    slow = make_template(infra_options={"create_seconds": 4})
    name = unique("slow")
    make_device(name, wait=False, template_id=slow.id)
    running = page.locator("#servicevm-running-table tr", has_text=name)
    expect(running).to_contain_text("Create device")
    expect(running).to_contain_text("Step")
    expect(running).to_have_count(0, timeout=30_000)
    # The pies are drawn again, one each.
    pies = page.locator(".pie-chart-usage")
    expect(pies.first.locator("svg")).to_have_count(1)
    assert page.locator(".pie-chart-usage svg").count() == pies.count()
    assert page.evaluate("window.untouched")


def test_numbers_lead_to_the_list_of_those(
    page_as: PageAs, make_device: Make
) -> None:
    make_device(unique("edge"))
    page = page_as("red-member")
    page.goto(URL)
    table = page.get_by_role("table", name="By status").first
    row = table.get_by_role("row", name="Active")
    row.get_by_role("link").click()
    expect(page).to_have_url(re.compile("provisioning_status=ACTIVE"))
    expect(page.locator("h1")).to_have_text("Devices")


def test_where_all_is_well_it_takes_three_calls_at_most(
    page_as: PageAs, api_calls: Make
) -> None:
    page = page_as("blue-member")
    with api_calls() as calls:
        page.goto(URL)
    assert len(calls) <= 3, calls


def test_it_opens_while_the_service_is_down(
    page_as: PageAs, gate: Gate, watch: Watch
) -> None:
    watch.expect("503")
    page = page_as("red-member")
    with gate.down():
        page.goto(URL)
        expect(page.locator("#content_body .alert")).to_contain_text(
            "does not answer"
        )


def test_it_fits_a_telephone(
    page_as: PageAs, dead: Any, screenshot: Make
) -> None:
    page = page_as("red-member", viewport={"width": 390, "height": 844})
    page.goto(URL)
    expect(page.locator("h2").first).to_be_visible()
    screenshot(page, "overview-phone")
    right = page.evaluate(
        "document.querySelector('.servicevm').getBoundingClientRect().right"
    )
    assert right <= 390


@pytest.mark.parametrize("panel", ["overview", "topology", "devices"])
def test_no_name_is_taken_for_a_program(
    page_as: PageAs, make_device: Make, make_template: Make, panel: str
) -> None:
    # Horizon's AngularJS would count that; where Horizon escapes a text, it
    # is written with other signs.
    name = unique("{$ 6*7 $}")
    slow = make_template(infra_options={"create_seconds": 900})
    make_device(name, wait=False, template_id=slow.id)
    page = page_as("red-member")
    page.goto(f"/project/servicevm_{panel}/")
    expect(page.locator(".servicevm").first).to_contain_text("6*7")
