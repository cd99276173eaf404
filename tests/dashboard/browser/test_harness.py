"""What the other tests are made with."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.dashboard.browser import audit
from tests.dashboard.browser.conftest import PageAs
from tests.dashboard.browser.watch import Watch


def test_errors_of_a_page_are_noticed_unless_they_are_expected(
    page_as: PageAs, watch: Watch
) -> None:
    page = page_as("red-member")
    page.goto("/project/servicevm_devices/")
    assert watch.problems() == []
    page.evaluate("setTimeout(() => { throw new Error('thrown') })")
    page.evaluate("console.error('told')")
    expect(page.locator("h1")).to_be_visible()
    found = "\n".join(watch.problems())
    assert "thrown" in found
    assert "told" in found
    watch.expect("thrown")
    watch.expect("told")


def test_only_what_is_ours_is_found_inaccessible(page_as: PageAs) -> None:
    page = page_as("red-member")
    page.goto("/identity/")
    page.evaluate(
        """() => document.querySelector('#content_body').insertAdjacentHTML(
            'beforeend', '<p><img src="/static/dashboard/img/logo.svg"></p>')
        """
    )
    found = audit.violations(page, "#content_body p")
    assert [line.partition(":")[0] for line in found] == ["image-alt"]


def test_calls_of_a_page_are_counted(
    page_as: PageAs, api_calls: Callable[..., Any]
) -> None:
    page = page_as("red-member")
    with api_calls() as calls:
        page.goto("/project/servicevm_devices/")
    assert calls
    assert all(call.method == "GET" for call in calls)
