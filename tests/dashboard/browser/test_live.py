"""Lists that keep themselves up to date, as somebody who looks at one."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from servicevmclient.v1 import Client
from tests.dashboard.browser.conftest import PageAs, unique
from tests.dashboard.browser.gate import Gate
from tests.dashboard.browser.watch import Watch

DEVICES = "/project/servicevm_devices/"
#: Milliseconds; it is five seconds for people.
INTERVAL = 400

#: Time flies, for whoever waits for five seconds or longer.
QUICK = f"""(() => {{
    const wait = window.setTimeout;
    window.setTimeout = (what, time, ...more) => wait(
        what, time >= 5000 ? time * {INTERVAL} / 5000 : time, ...more);
}})()"""

Make = Callable[..., Any]


@pytest.fixture
def quick(page_as: PageAs) -> Page:
    """A member's page that looks again in no time."""
    page = page_as("red-member")
    page.add_init_script(QUICK)
    return page


@pytest.fixture
def prefix() -> str:
    """Of names of this test's devices; lists are filtered by it."""
    return unique("live")


def listed(page: Page, prefix: str, query: str = "") -> str:
    """Open the list of the test's devices."""
    url = f"{DEVICES}?name_prefix={prefix}{query}"
    page.goto(url)
    return url


def row(page: Page, name: str) -> Any:
    return page.locator(f'tr[data-display="{name}"]')


def said(page: Page) -> Any:
    return page.locator("[data-servicevm-said]")


def stale(page: Page) -> Any:
    return page.locator("[data-servicevm-stale]")


def hide(page: Page, hidden: bool) -> None:
    """As if another tab of the browser were looked at."""
    page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, 'hidden',
                {value: hidden, configurable: true});
            document.dispatchEvent(new Event('visibilitychange'));
        }""",
        hidden,
    )


def test_rows_appear_change_and_vanish_by_themselves(
    quick: Page,
    prefix: str,
    make_device: Make,
    make_template: Make,
    member: Client,
    screenshot: Callable[..., object],
) -> None:
    make_device(f"{prefix}-first")
    listed(quick, prefix)
    quick.evaluate("window.untouched = true")
    slow = make_template(
        infra_options={"create_seconds": 2, "die_after_seconds": 3}
    )
    device = make_device(f"{prefix}-second", wait=False, template_id=slow.id)
    expect(row(quick, device.name)).to_contain_text("Building")
    expect(said(quick)).to_contain_text(f"{device.name}: Building")
    expect(row(quick, device.name)).to_contain_text("Online")
    # What was well is looked at as well.
    expect(row(quick, device.name)).to_contain_text("Dead")
    expect(said(quick)).to_contain_text("Dead")
    screenshot(quick, "devices-live")
    member.delete_device(device.id)
    expect(row(quick, device.name)).to_have_count(0)
    expect(said(quick)).to_contain_text("no longer in this list")
    assert quick.evaluate("window.untouched")


def test_a_poll_takes_one_call_and_the_page_two(
    page_as: PageAs, api_calls: Make, prefix: str, make_device: Make
) -> None:
    make_device(f"{prefix}-one")
    page = page_as("red-member")
    with api_calls() as calls:
        listed(page, prefix)
    assert len(calls) <= 2
    page.add_init_script(QUICK)
    page.reload()
    with api_calls() as calls:
        page.wait_for_timeout(5 * INTERVAL)
    assert calls
    assert all(call.path.startswith("/v1/devices") for call in calls)
    assert len(calls) <= 6


def test_ticks_and_focus_stay_while_rows_change(
    quick: Page, prefix: str, make_device: Make, make_template: Make
) -> None:
    slow = make_template(infra_options={"create_seconds": 3})
    device = make_device(f"{prefix}-one", wait=False, template_id=slow.id)
    other = make_device(f"{prefix}-two")
    listed(quick, prefix)
    expect(row(quick, device.name)).to_contain_text("Building")
    box = row(quick, device.name).get_by_role("checkbox")
    box.focus()
    quick.keyboard.press("Space")
    link = row(quick, device.name).get_by_role("link", name=device.name)
    link.focus()
    expect(row(quick, device.name)).to_contain_text("Online", timeout=20_000)
    expect(box).to_be_checked()
    expect(link).to_be_focused()
    expect(row(quick, other.name).get_by_role("checkbox")).not_to_be_checked()
    expect(
        quick.get_by_role("button", name="Delete Devices")
    ).not_to_have_class("disabled")


def test_nobody_is_disturbed_in_a_menu(
    quick: Page, prefix: str, make_device: Make, api_calls: Make
) -> None:
    device = make_device(f"{prefix}-one")
    listed(quick, prefix)
    more = row(quick, device.name).get_by_role("button", name="More actions")
    more.click()
    quick.wait_for_timeout(2 * INTERVAL)
    with api_calls() as calls:
        quick.wait_for_timeout(4 * INTERVAL)
    assert calls == []
    expect(row(quick, device.name).locator(".dropdown-menu")).to_be_visible()
    quick.keyboard.press("Escape")
    with api_calls() as calls:
        quick.wait_for_timeout(4 * INTERVAL)
    assert calls


def test_nothing_is_asked_while_nobody_can_see_it(
    quick: Page, prefix: str, make_device: Make, api_calls: Make
) -> None:
    device = make_device(f"{prefix}-one")
    listed(quick, prefix)
    hide(quick, True)
    quick.wait_for_timeout(2 * INTERVAL)
    with api_calls() as calls:
        quick.wait_for_timeout(4 * INTERVAL)
    assert calls == []
    other = make_device(f"{prefix}-two")
    hide(quick, False)
    expect(row(quick, other.name)).to_be_visible()
    row(quick, device.name).get_by_role("button", name="More").click()
    row(quick, device.name).get_by_role("button", name="Delete Device").click()
    expect(quick.locator(".modal.in")).to_be_visible()
    quick.wait_for_timeout(2 * INTERVAL)
    with api_calls() as calls:
        quick.wait_for_timeout(4 * INTERVAL)
    assert calls == []


@pytest.mark.parametrize("how", ["down", "failing"])
def test_an_api_that_is_away_is_told_and_so_is_that_it_is_back(
    quick: Page,
    prefix: str,
    make_device: Make,
    gate: Gate,
    watch: Watch,
    how: str,
    screenshot: Callable[..., object],
) -> None:
    watch.expect("503")
    device = make_device(f"{prefix}-one")
    listed(quick, prefix)
    away = gate.down() if how == "down" else gate.answering(500)
    with away:
        expect(stale(quick)).to_be_visible()
        expect(stale(quick)).to_contain_text("Not up to date since")
        expect(row(quick, device.name)).to_be_visible()
        screenshot(quick, f"devices-stale-{how}")
    expect(stale(quick)).to_be_hidden(timeout=30_000)
    expect(said(quick)).to_contain_text("Up to date again")


@pytest.mark.parametrize("how", ["down", "failing"])
def test_a_list_opens_without_the_api(
    quick: Page,
    gate: Gate,
    watch: Watch,
    how: str,
    screenshot: Callable[..., object],
) -> None:
    watch.expect("503")
    with gate.down() if how == "down" else gate.answering(500):
        quick.goto(DEVICES)
        expect(quick.locator("h1")).to_have_text("Devices")
        expect(quick.locator(".alert-danger").first).to_contain_text(
            "The devices could not be read"
        )
        expect(quick.locator("tr.empty")).to_have_text(
            "The list could not be read."
        )
        screenshot(quick, f"devices-{how}")


def test_a_slow_api_is_asked_one_question_at_a_time(
    quick: Page, prefix: str, make_device: Make, gate: Gate, api_calls: Make
) -> None:
    make_device(f"{prefix}-one")
    listed(quick, prefix)
    with gate.slow(2), api_calls() as calls:
        quick.wait_for_timeout(6 * INTERVAL)
        assert len(calls) <= 1
    quick.wait_for_timeout(2 * INTERVAL)


@pytest.mark.parametrize("how", ["never", "not ours"])
def test_an_answer_that_is_none_is_told(
    quick: Page, prefix: str, make_device: Make, watch: Watch, how: str
) -> None:
    watch.expect("ERR_ABORTED|ERR_FAILED")
    make_device(f"{prefix}-one")
    listed(quick, prefix)
    held: list[Route] = []

    def answer(route: Route) -> None:
        if how == "never":
            held.append(route)
        else:
            route.fulfill(body="<h1>Gateway</h1>", content_type="text/html")

    polls = "**/*fragment=rows*"
    quick.route(polls, answer)
    expect(stale(quick)).to_contain_text("did not answer", timeout=30_000)
    quick.unroute(polls)
    expect(stale(quick)).to_be_hidden(timeout=30_000)


def test_no_reason_outlives_what_it_is_about(
    quick: Page,
    prefix: str,
    make_device: Make,
    make_template: Make,
    member: Client,
) -> None:
    slow = make_template(infra_options={"delete_seconds": 4})
    device = make_device(f"{prefix}-one", template_id=slow.id)
    make_device(f"{prefix}-two")
    listed(quick, prefix)
    member.delete_device(device.id)
    expect(row(quick, device.name)).to_contain_text("Deleting")
    row(quick, device.name).get_by_role("link", name="Create Service").hover()
    expect(quick.get_by_role("tooltip")).to_have_text("It is being deleted.")
    expect(row(quick, device.name)).to_have_count(0, timeout=30_000)
    expect(quick.get_by_role("tooltip")).to_have_count(0)


def test_it_stops_when_nobody_is_logged_in(
    quick: Page,
    prefix: str,
    make_device: Make,
    watch: Watch,
    api_calls: Make,
) -> None:
    watch.expect("401|403")
    make_device(f"{prefix}-one")
    listed(quick, prefix)
    # An answer that is on its way would bring the cookie back.
    hide(quick, True)
    quick.wait_for_timeout(2 * INTERVAL)
    quick.context.clear_cookies(name="sessionid")
    hide(quick, False)
    expect(stale(quick)).to_contain_text("no longer logged in")
    expect(stale(quick).get_by_role("link", name="Log in")).to_be_visible()
    asked: list[str] = []
    quick.on("request", lambda request: asked.append(request.url))
    quick.wait_for_timeout(4 * INTERVAL)
    assert asked == []


def test_what_is_not_possible_says_why_to_everybody(
    quick: Page,
    prefix: str,
    make_device: Make,
    make_template: Make,
    screenshot: Callable[..., object],
) -> None:
    slow = make_template(infra_options={"create_seconds": 30})
    device = make_device(f"{prefix}-one", wait=False, template_id=slow.id)
    listed(quick, prefix)
    row(quick, device.name).get_by_role("button", name="More").click()
    reboot = row(quick, device.name).get_by_role(
        "button", name="Reboot Device"
    )
    why = "It is still being built."
    expect(reboot).to_have_attribute("aria-disabled", "true")
    expect(reboot).to_have_accessible_description(why)
    reboot.hover()
    expect(quick.get_by_role("tooltip")).to_have_text(why)
    screenshot(quick, "devices-refused")
    quick.mouse.move(0, 0)
    expect(quick.get_by_role("tooltip")).to_have_count(0)
    expect(reboot).to_have_accessible_description(why)
    reboot.focus()
    expect(quick.get_by_role("tooltip")).to_have_text(why)
    url = quick.url
    quick.keyboard.press("Enter")
    quick.wait_for_timeout(INTERVAL)
    assert quick.url == url
    expect(row(quick, device.name)).to_contain_text("Building")


def test_each_failure_of_many_has_its_reason(
    quick: Page,
    prefix: str,
    make_device: Make,
    gate: Gate,
    screenshot: Callable[..., object],
) -> None:
    good = make_device(f"{prefix}-good")
    bad = make_device(f"{prefix}-bad")
    listed(quick, prefix)
    quick.get_by_role("checkbox", name="Select all").focus()
    quick.keyboard.press("Space")
    error = {
        "errors": [
            {
                "status": 409,
                "code": "conflict",
                "title": "No.",
                "detail": "It carries what another owns.",
                "hint": "",
            }
        ]
    }
    path = f"POST /v1/devices/{bad.id}/reboot"
    with gate.answering(409, path, body=error):
        quick.get_by_role("button", name="Reboot Devices").click()
        sure = quick.get_by_role("dialog", name="Confirm Reboot Devices")
        expect(sure).to_contain_text(f'"{good.name}"')
        expect(sure).to_contain_text(f'"{bad.name}"')
        sure.get_by_text("Reboot Devices", exact=True).last.click()
        expect(quick.locator(".alert-danger")).to_contain_text(
            f"not possible for {bad.name}. It carries what another owns."
        )
        expect(quick.locator(".alert-success")).to_contain_text(good.name)
    assert f"name_prefix={prefix}" in quick.url
    screenshot(quick, "devices-batch-failure")


def test_pages_filter_and_order_go_together(
    page_as: PageAs, prefix: str, make_device: Make
) -> None:
    for number in range(5):
        make_device(f"{prefix}-{number}", wait=number == 4)
    page = page_as("red-member")
    page.goto(DEVICES)
    page.context.add_cookies(
        [{"name": "API_RESULT_PAGE_SIZE", "value": "2", "url": page.url}]
    )
    page.goto(DEVICES)
    page.get_by_label("Name begins with").fill(prefix)
    page.get_by_role("button", name="Filter").click()
    page.get_by_role("link", name="Name", exact=True).click()

    def shown() -> list[str]:
        names = page.locator("tr[data-display]").evaluate_all(
            "rows => rows.map((row) => row.dataset.display)"
        )
        return [name.removeprefix(f"{prefix}-") for name in names]

    assert shown() == ["0", "1"]
    page.get_by_role("link", name="Next page").click()
    assert shown() == ["2", "3"]
    page.get_by_role("link", name="Next page").click()
    assert shown() == ["4"]
    expect(page.get_by_label("Name begins with")).to_have_value(prefix)
    page.get_by_role("link", name="Previous page").click()
    assert shown() == ["2", "3"]
    header = page.get_by_role("columnheader", name="Name")
    expect(header).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("link", name="Name", exact=True).click()
    assert shown() == ["4", "3"]
    expect(header).to_have_attribute("aria-sort", "descending")
    page.get_by_role("link", name="Show all").click()
    expect(page.get_by_label("Name begins with")).to_have_value("")
