"""Details of devices, services and operations."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from servicevmclient.v1 import Client, Service
from tests.dashboard.browser.clock import Clock
from tests.dashboard.browser.conftest import PageAs, unique
from tests.dashboard.browser.gate import Gate
from tests.dashboard.browser.test_live import QUICK
from tests.dashboard.browser.watch import Watch

Make = Callable[..., Any]

CONFIG: dict[str, Any] = {
    "listeners": [
        {"name": "web", "protocol": "http", "port": 80, "default_pool": "p"}
    ],
    "pools": [
        {
            "name": "p",
            "algorithm": "round_robin",
            "members": [
                {"name": "m1", "address": "192.0.2.7", "port": 8080},
                {"name": "m2", "address": "192.0.2.8", "port": 8080},
            ],
        }
    ],
}


@pytest.fixture
def make_service(member: Client, make_device: Make) -> Callable[..., Service]:
    """``make_service()``: a load balancer on a device of its own."""

    def make(name: str | None = None) -> Service:
        device = make_device()
        service = member.create_service(
            name=name or unique("web"),
            device_id=device.id,
            service_type="loadbalancer",
            config=CONFIG,
        )
        return member.wait_for_service(service.id)

    return make


@pytest.fixture
def quick(page_as: PageAs) -> Page:
    page = page_as("red-member")
    page.add_init_script(QUICK)
    return page


def device_url(device: Any, query: str = "") -> str:
    return f"/project/servicevm_devices/{device.id}/{query}"


def service_url(service: Any, query: str = "") -> str:
    return f"/project/servicevm_services/{service.id}/{query}"


def opened(page: Page, tab: str) -> Any:
    """Open a tab by its name; its content, once it is there."""
    page.locator(".nav-tabs").get_by_text(tab, exact=True).click()
    pane = page.locator(".tab-pane.active")
    expect(pane.locator(".servicevm-detail")).to_be_visible()
    return pane


def test_a_device_that_is_built_is_watched_to_its_end(
    quick: Page,
    make_device: Make,
    make_template: Make,
    member: Client,
    screenshot: Callable[..., object],
) -> None:
    slow = make_template(infra_options={"create_seconds": 4})
    device = make_device(wait=False, template_id=slow.id)
    quick.goto(device_url(device))
    overview = quick.locator("#device__overview")
    expect(overview).to_contain_text("It is being built.")
    expect(overview).to_contain_text("Step 3 of 5")
    screenshot(quick, "device-building")
    expect(overview).to_contain_text("It is in service.", timeout=20_000)
    expect(overview.locator("[data-servicevm-said]")).to_contain_text(
        f"{device.name}: Online"
    )
    # What can be done is another by now, without a reload.
    quick.get_by_role("button", name="More actions").click()
    reboot = quick.get_by_role("button", name="Reboot Device")
    expect(reboot).not_to_have_attribute("aria-disabled", "true")
    reboot.click()
    sure = quick.get_by_role("dialog", name="Confirm Reboot Device")
    expect(sure).to_contain_text(device.name)
    expect(sure.get_by_role("status")).to_have_text("No services run there.")
    assert member.get_device(device.id).provisioning_status == "ACTIVE"
    sure.get_by_text("Reboot Device", exact=True).last.click()
    expect(quick.locator(".alert-success")).to_contain_text("Rebooting")
    assert quick.url.endswith(device_url(device))


def test_who_stops_services_is_told_which(
    page_as: PageAs,
    make_service: Make,
    member: Client,
    axe: Callable[..., None],
    screenshot: Callable[..., object],
) -> None:
    service = make_service()
    device = member.get_device(service.device_id)
    page = page_as("red-member")
    page.goto(f"/project/servicevm_devices/?name_prefix={device.name}")
    page.get_by_role("checkbox", name="Select all").focus()
    page.keyboard.press("Space")
    sure = page.get_by_role("dialog")
    told = sure.get_by_role("status")
    page.get_by_role("button", name="Reboot Devices").click()
    expect(told).to_contain_text("This service does not serve meanwhile:")
    expect(told.get_by_role("listitem")).to_have_text([service.name])
    page.keyboard.press("Escape")
    expect(sure).to_be_hidden()
    page.goto(device_url(device))
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("button", name="Delete Device").click()
    expect(told).to_contain_text("This service is deleted, too:")
    expect(told.get_by_role("listitem")).to_have_text([service.name])
    axe(page)
    screenshot(page, "device-delete")
    page.keyboard.press("Escape")
    expect(sure).to_be_hidden()
    found = member.get_device(device.id)
    assert found.provisioning_status == "ACTIVE"
    assert found.operating_status == "ONLINE"


def test_a_dead_device_says_what_to_do(
    quick: Page,
    make_device: Make,
    make_template: Make,
    screenshot: Callable[..., object],
) -> None:
    dying = make_template(
        infra_options={"create_seconds": 0, "die_after_seconds": 1},
        # Nothing is done by itself, or that is what the page says.
        healing={"ladder": []},
    )
    device = make_device(wait=False, template_id=dying.id)
    quick.goto(device_url(device))
    overview = quick.locator("#device__overview")
    expect(overview).to_contain_text("It does not run any more.")
    expect(overview).to_contain_text("Reboot the device to start it again.")
    screenshot(quick, "device-dead")


def test_tabs_are_read_when_they_are_opened(
    page_as: PageAs,
    make_service: Make,
    api_calls: Make,
    screenshot: Callable[..., object],
    axe: Callable[..., None],
    member: Client,
) -> None:
    service = make_service()
    device = member.get_device(service.device_id)
    page = page_as("red-member")
    with api_calls() as calls:
        page.goto(device_url(device))
    assert len(calls) <= 3
    axe(page)
    for tab, text in {
        "Interfaces": "Incoming traffic",
        "Services": service.name,
        "Operations": "Put into service",
        "Events": "Newest events",
        "Console Log": "Download",
        "Certificate": "needs none",
    }.items():
        with api_calls() as calls:
            expect(opened(page, tab)).to_contain_text(text)
        assert len(calls) <= 2, tab
        axe(page)
        screenshot(page, f"device-{tab.split()[0].lower()}")


def test_only_the_tab_that_is_looked_at_is_read_again(
    page_as: PageAs, make_device: Make, api_calls: Make
) -> None:
    device = make_device()
    clock = Clock(page_as("red-member"))
    clock.page.goto(device_url(device))
    opened(clock.page, "Events")
    clock.stop()
    clock.look()
    for _look in range(2):
        with api_calls() as calls:
            clock.look()
        assert [call.path.split("?")[0] for call in calls] == ["/v1/events"]


def test_a_console_log_is_read_again_on_demand_and_can_be_kept(
    page_as: PageAs, make_device: Make, api_calls: Make
) -> None:
    device = make_device()
    clock = Clock(page_as("red-member"))
    page = clock.page
    page.goto(device_url(device))
    pane = opened(page, "Console Log")
    clock.stop()
    clock.asked()
    clock.run(60)
    assert clock.asked() == []
    with api_calls() as calls:
        pane.get_by_role("button", name="Refresh").click()
        clock.look(0.1)
        clock.run(60)
    assert len(calls) == 1
    with page.expect_download() as kept:
        pane.get_by_role("link", name="Download").click()
    assert kept.value.suggested_filename == f"{device.id}.log"


def stats(total: int, epoch: str = "a") -> dict[str, Any]:
    listener = {
        "name": "web",
        "connections_active": 3,
        "connections_total": total,
        "requests_total": total,
        "bytes_in": total * 100,
        "bytes_out": total * 1000,
        "errors_total": 0,
    }
    return {"stats": {"epoch": epoch, "listeners": [listener], "pools": []}}


def test_charts_show_rates_and_notice_when_counting_began_anew(
    page_as: PageAs,
    make_service: Make,
    gate: Gate,
    screenshot: Callable[..., object],
    axe: Callable[..., None],
) -> None:
    service = make_service()
    clock = Clock(page_as("red-member"))
    page = clock.page
    path = f"GET /v1/services/{service.id}/stats"
    pane = page.locator("#service__statistics")
    now = pane.locator("[data-servicevm-now=in]")
    waiting = pane.get_by_text("Collecting: the first values come in 5 s.")
    lines = pane.locator("svg path.servicevm-line")
    with gate.answering(200, path, body=stats(1000)):
        page.goto(service_url(service, "?tab=service__statistics"))
        expect(waiting).to_have_count(2)
        clock.stop()
        expect(waiting.first).to_be_visible()
        expect(lines).to_have_count(0)
        screenshot(page, "service-statistics-begun")
        clock.look()
        expect(waiting.first).to_be_hidden()
        expect(now).to_have_text("0 bytes per second")
        expect(pane.get_by_role("row", name="Listener web")).to_contain_text(
            "1000"
        )
    expect(lines).to_have_count(4)
    expect(pane.locator("svg .servicevm-unit")).to_have_text(
        [
            "Connections; new ones per second",
            "Time of day",
            "Bytes per second",
            "Time of day",
        ]
    )
    with gate.answering(200, path, body=stats(9000)):
        clock.look()
        expect(now).to_have_text(re.compile("^(?!0 ).+ bytes per second$"))
        expect(pane.get_by_role("row", name="Listener web")).to_contain_text(
            "9000"
        )
        screenshot(page, "service-statistics")
        assert pane.locator("[data-servicevm-now=active]").inner_text() == "3"
    with gate.answering(200, path, body=stats(5, "b")):
        clock.look()
        expect(now).to_have_text("-")
        clock.look()
        expect(now).to_have_text("0 bytes per second")
    clock.go()
    axe(page)


def test_charts_keep_what_they_have_over_a_reload(
    page_as: PageAs, make_service: Make, gate: Gate
) -> None:
    service, other = make_service(), make_service()
    clock = Clock(page_as("red-member"))
    page = clock.page
    pane = page.locator("#service__statistics")
    lines = pane.locator("svg path.servicevm-line")
    tab = "?tab=service__statistics"
    path = f"GET /v1/services/{service.id}/stats"
    with gate.answering(200, path, body=stats(1000)):
        page.goto(service_url(service, tab))
        clock.stop()
        clock.look()
        expect(lines).to_have_count(4)
        before = page.locator(
            "#service__statistics svg path.servicevm-line-a"
        ).first.get_attribute("d")
        clock.go()
        page.reload()
        # No new look was needed for it.
        expect(lines).to_have_count(4)
        assert before
        after = lines.first.get_attribute("d") or ""
        assert after.count("L") > before.count("L")
    # Those of another service are not taken for its own.
    page.goto(service_url(other, tab))
    waiting = pane.get_by_text("Collecting: the first values come in 5 s.")
    expect(waiting.first).to_be_visible()
    stored = page.evaluate("sessionStorage.getItem('servicevm.charts')")
    assert len(json.loads(stored)) == 2
    # Whatever somebody else leaves there does no harm.
    page.evaluate("sessionStorage.setItem('servicevm.charts', '[null, 7]')")
    page.reload()
    expect(waiting.first).to_be_visible()


def test_statistics_of_a_device_that_is_away_come_back(
    quick: Page, make_service: Make, gate: Gate, watch: Watch
) -> None:
    watch.expect("503")
    service = make_service()
    path = f"GET /v1/services/{service.id}/stats"
    with gate.answering(503, path):
        quick.goto(service_url(service, "?tab=service__statistics"))
        pane = quick.locator("#service__statistics")
        expect(pane.locator(".alert-danger")).to_be_visible()
    expect(pane.locator(".alert-danger")).to_have_count(0, timeout=20_000)
    expect(pane.get_by_role("row", name="Listener web")).to_be_visible()


def test_a_service_has_its_tabs(
    page_as: PageAs,
    make_service: Make,
    api_calls: Make,
    screenshot: Callable[..., object],
    axe: Callable[..., None],
) -> None:
    service = make_service()
    page = page_as("red-member")
    with api_calls() as calls:
        page.goto(service_url(service))
    assert len(calls) <= 3
    axe(page)
    screenshot(page, "service-overview")
    for tab, text in {
        "Members": "192.0.2.7",
        "Configuration": "listeners:",
        "Operations": "Send the configuration",
        "Events": "Newest events",
    }.items():
        with api_calls() as calls:
            expect(opened(page, tab)).to_contain_text(text)
        assert len(calls) <= 2, tab
        axe(page)
        screenshot(page, f"service-{tab.lower()}")


def test_an_operation_is_cancelled_and_retried(
    quick: Page,
    make_device: Make,
    make_template: Make,
    screenshot: Callable[..., object],
    axe: Callable[..., None],
) -> None:
    slow = make_template(infra_options={"create_seconds": 20})
    device = make_device(wait=False, template_id=slow.id)
    quick.goto(device_url(device))
    quick.get_by_role("link", name=f"Create device {device.name}").click()
    expect(quick.locator("h1")).to_have_text(f"Create device {device.name}")
    expect(quick.locator(".servicevm-steps")).to_contain_text("To come")
    axe(quick)
    screenshot(quick, "operation-running")
    quick.get_by_role("button", name="Cancel Operation").click()
    overview = quick.locator("#operation__overview")
    state = overview.locator("dd").first
    expect(state).to_contain_text("Cancelled", timeout=20_000)
    quick.get_by_role("button", name="Retry Operation").click()
    expect(state).not_to_contain_text("Cancelled")


def test_a_device_that_is_no_more_leads_to_the_list(
    quick: Page, make_device: Make, member: Client
) -> None:
    device = make_device()
    quick.goto(device_url(device))
    expect(quick.locator("#device__overview")).to_contain_text("in service")
    member.delete_device(device.id)
    note = quick.locator("#device__overview [data-servicevm-stale]")
    expect(note).to_contain_text("It is gone.")
    note.get_by_role("link", name="Back to the list").click()
    expect(quick.locator("h1")).to_have_text("Devices")


@pytest.mark.parametrize("how", ["down", "failing"])
def test_a_page_opens_without_the_api(
    page_as: PageAs,
    make_device: Make,
    gate: Gate,
    how: str,
    screenshot: Callable[..., object],
    axe: Callable[..., None],
) -> None:
    device = make_device()
    page = page_as("red-member")
    with gate.down() if how == "down" else gate.answering(500):
        page.goto(device_url(device))
        expect(page.locator(".alert-danger")).to_be_visible()
        axe(page)
        screenshot(page, f"device-{how}")
    page.get_by_role("link", name="Try again").click()
    expect(page.locator("h1")).to_have_text(device.name)
