"""Lists that keep themselves up to date, as somebody who looks at one."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from servicevmclient.v1 import Client
from tests.dashboard.browser.clock import Clock
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
def clock(page_as: PageAs) -> Clock:
    """Of a member's page, on which time passes as the test says."""
    return Clock(page_as("red-member"))


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
    clock: Clock, api_calls: Make, prefix: str, make_device: Make
) -> None:
    make_device(f"{prefix}-one")
    with api_calls() as calls:
        listed(clock.page, prefix)
    assert len(calls) <= 2
    clock.stop()
    for _look in range(2):
        with api_calls() as calls:
            clock.look()
        assert len(calls) == 1
        assert calls[0].path.startswith("/v1/devices")


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
    clock: Clock, prefix: str, make_device: Make
) -> None:
    device = make_device(f"{prefix}-one")
    page = clock.page
    listed(page, prefix)
    clock.stop()
    clock.look()
    clock.asked()
    row(page, device.name).get_by_role("button", name="More actions").click()
    clock.run(60)
    assert clock.asked() == []
    expect(row(page, device.name).locator(".dropdown-menu")).to_be_visible()
    page.keyboard.press("Escape")
    clock.look()
    assert len(clock.asked()) == 1


def test_nothing_is_asked_while_nobody_can_see_it(
    clock: Clock, prefix: str, make_device: Make
) -> None:
    device = make_device(f"{prefix}-one")
    page = clock.page
    listed(page, prefix)
    clock.stop()
    clock.look()
    clock.asked()
    hide(page, True)
    clock.run(60)
    assert clock.asked() == []
    other = make_device(f"{prefix}-two")
    hide(page, False)
    clock.look(0.1)
    expect(row(page, other.name)).to_be_visible()
    row(page, device.name).get_by_role("button", name="More").click()
    row(page, device.name).get_by_role("button", name="Delete Device").click()
    expect(page.locator(".modal.in").get_by_role("status")).to_have_text(
        "No services run there."
    )
    clock.asked()
    clock.run(60)
    assert clock.asked() == []


def test_a_page_that_nobody_uses_stops_and_goes_on_when_asked_to(
    clock: Clock,
    prefix: str,
    make_device: Make,
    screenshot: Callable[..., object],
) -> None:
    make_device(f"{prefix}-one")
    page = clock.page
    listed(page, prefix)
    clock.stop()
    clock.look()
    page.keyboard.press("Shift")
    clock.skip(29 * 60)
    clock.look(1)
    clock.asked()
    clock.skip(2 * 60)
    expect(stale(page)).to_contain_text("Nothing was done here for 30 minutes")
    clock.run(60 * 60)
    assert clock.asked() == []
    screenshot(page, "devices-resting")
    other = make_device(f"{prefix}-two")
    # As a screen reader or a voice does: there is no pointer and no key.
    stale(page).get_by_role("button", name="Go on refreshing").evaluate(
        "button => button.click()"
    )
    clock.look(0.1)
    expect(row(page, other.name)).to_be_visible()
    expect(stale(page)).to_be_hidden()
    clock.look()


def test_what_is_typed_into_the_filter_outlives_a_reload(
    quick: Page, prefix: str, make_device: Make
) -> None:
    listed(quick, prefix)
    expect(quick.locator("tr.empty")).to_be_visible()
    field = quick.get_by_label("Name begins with")
    field.focus()
    field.press("End")
    field.type("-on")
    quick.get_by_label("Health").select_option("ONLINE")
    field.focus()
    field.press("ArrowLeft")
    device = make_device(f"{prefix}-one")
    expect(row(quick, device.name)).to_be_visible()
    expect(field).to_have_value(f"{prefix}-on")
    expect(quick.get_by_label("Health")).to_have_value("ONLINE")
    expect(field).to_be_focused()
    quick.keyboard.type("!")
    expect(field).to_have_value(f"{prefix}-o!n")


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
    clock: Clock, prefix: str, make_device: Make, gate: Gate
) -> None:
    make_device(f"{prefix}-one")
    listed(clock.page, prefix)
    clock.stop()
    clock.look()
    clock.asked()
    with gate.slow(60):
        clock.run(50)
        assert len(clock.asked()) == 1
        clock.run(5)
        assert clock.asked() == []
    clock.looked(1)


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
    clock: Clock, prefix: str, make_device: Make, watch: Watch
) -> None:
    watch.expect("401|403")
    make_device(f"{prefix}-one")
    page = clock.page
    listed(page, prefix)
    clock.stop()
    # An answer that is on its way would bring the cookie back.
    clock.look()
    page.context.clear_cookies(name="sessionid")
    clock.run(5)
    expect(stale(page)).to_contain_text("no longer logged in")
    expect(stale(page).get_by_role("link", name="Log in")).to_be_visible()
    clock.asked()
    clock.run(120)
    assert clock.asked() == []


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
    quick.evaluate("window.untouched = true")
    quick.keyboard.press("Enter")
    # Had it been done, the page would be another by now.
    expect(quick.get_by_role("dialog")).to_have_count(0)
    expect(row(quick, device.name)).to_contain_text("Building")
    assert quick.evaluate("window.untouched")


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
