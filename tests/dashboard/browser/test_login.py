"""Who may log in, and where there are panels of servicevm at all."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.browser.conftest import PageAs
from tests.dashboard.browser.people import People
from tests.dashboard.browser.watch import Watch
from tools.cluster import keystone_people
from tools.horizon.lab import Lab

_ELSEWHERE = "Elsewhere"


@pytest.fixture
def elsewhere(lab: Lab) -> Iterator[str]:
    """A region in which Keystone's catalogue has no servicevm."""
    identity = lab.keystone.identity()
    # Regions that have nothing but a Keystone are not offered.
    keystone_people.register(
        identity, "http://127.0.0.1:1", _ELSEWHERE, kind="key-manager"
    )
    yield _ELSEWHERE
    keystone_people.forget(identity, _ELSEWHERE)


def groups(page: Page) -> list[str]:
    """Names of the sidebar's panel groups, those that are folded in too."""
    return [
        " ".join(text.split())
        for text in page.locator(
            "#sidebar-accordion .openstack-panel-group > a"
        ).all_text_contents()
    ]


@pytest.mark.parametrize("user", ["admin", "red-member", "red-reader"])
def test_everybody_gets_to_the_overview_after_the_login(
    people: People,
    watch: Watch,
    user: str,
    screenshot: Callable[..., object],
) -> None:
    context = people.stranger({}, watch)
    page = context.new_page()
    people.log_in(page, user)
    expect(page.locator("h1")).to_have_text("Overview")
    assert "Service VMs" in groups(page)
    screenshot(page, f"after-login-{user}")
    context.close()


def test_an_admin_has_the_panels_of_all_projects_too(page_as: PageAs) -> None:
    page = page_as("admin")
    page.goto("/")
    assert groups(page).count("Service VMs") == 2


def test_without_servicevm_in_the_region_there_are_no_panels(
    people: People, watch: Watch, elsewhere: str
) -> None:
    context = people.stranger({}, watch)
    people.in_region(context, elsewhere)
    page = context.new_page()
    people.log_in(page, "red-member")
    expect(page).to_have_title("Projects - OpenStack Dashboard")
    assert "Service VMs" not in groups(page)
    context.close()
