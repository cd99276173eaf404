"""The pages in other languages, and in the other theme of Horizon."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.dashboard.browser.conftest import PageAs
from tests.dashboard.browser.filling import no_wider_than_the_screen
from tests.dashboard.browser.people import People
from tests.dashboard.browser.watch import Watch
from tools.cluster.ports import Ports
from tools.dashboard.messages import languages
from tools.horizon.lab import Lab
from tools.horizon.web import Web

DEVICES = "/project/servicevm_devices/"
PAGES = {
    "devices": DEVICES,
    "overview": "/project/servicevm_overview/",
    "topology": "/project/servicevm_topology/",
    "wizard": "/project/servicevm_services/create/",
}
WIDTHS = {"desktop": 1366, "phone": 390}

#: title, heading of a column, button, what the script says of a box
WORDS = {
    "de": ("Geräte", "Betriebszustand", "Gerät erstellen", "Alle auswählen"),
    "ja": ("デバイス", "稼働状態", "デバイスの作成", "すべて選択"),
}

Make = Callable[..., Any]


def prefer(page: Page, lab: Lab, **cookies: str) -> None:
    """As Horizon keeps what somebody has chosen in its settings."""
    page.context.add_cookies(
        [
            {"name": name, "value": value, "url": lab.web.url}
            for name, value in cookies.items()
        ]
    )


def test_every_language_that_there_is_is_looked_at() -> None:
    assert list(WORDS) == languages()


@pytest.mark.parametrize("size", WIDTHS)
@pytest.mark.parametrize("language", WORDS)
def test_devices_are_told_of_in_the_language_that_was_chosen(
    page_as: PageAs,
    lab: Lab,
    make_device: Make,
    axe: Make,
    screenshot: Make,
    language: str,
    size: str,
) -> None:
    title, heading, verb, box = WORDS[language]
    make_device()
    viewport = {"width": WIDTHS[size], "height": 820}
    page = page_as("red-member", viewport=viewport)
    prefer(page, lab, horizon_language=language)
    page.goto(DEVICES)
    expect(page.locator("h1")).to_have_text(title)
    expect(page.get_by_role("columnheader", name=heading)).to_be_attached()
    expect(page.get_by_role("link", name=verb).first).to_be_visible()
    # The scripts' words come from a catalog of their own.
    expect(page.get_by_label(box)).to_be_attached()
    assert no_wider_than_the_screen(page)
    axe(page)
    screenshot(page, f"devices-{language}-{size}")


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("name", sorted(set(PAGES) - {"devices"}))
def test_longer_words_fit_on_a_phone(
    page_as: PageAs, lab: Lab, make_device: Make, language: str, name: str
) -> None:
    make_device()
    page = page_as("red-member", viewport={"width": 390, "height": 820})
    prefer(page, lab, horizon_language=language)
    page.goto(PAGES[name])
    assert no_wider_than_the_screen(page)


@pytest.fixture(scope="module")
def material(
    browser: Browser,
    lab: Lab,
    region: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[People]:
    """Who looks at a Horizon of the other theme, before the same service.

    Compressed beforehand, a Horizon has the styles of one theme only.
    """
    folder = tmp_path_factory.mktemp("material")
    (folder / "run").mkdir()
    ports = Ports(folder / "run" / "ports.json")
    web = Web(folder, ports.of("horizon"), theme="material")
    web.configure(lab.keystone.auth_url)
    web.build()
    other = copy.copy(lab)
    other.web = web
    try:
        web.member.start()
        yield People(browser, other, region)
    finally:
        web.member.stop()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_its_styles_in_the_theme_material(
    material: People,
    watch: Watch,
    make_device: Make,
    axe: Make,
    screenshot: Make,
    name: str,
) -> None:
    make_device()
    context = material.context("red-member", {}, watch)
    try:
        page = context.new_page()
        page.goto(PAGES[name])
        assert page.evaluate(_RULES, "materialdesignicons"), "another theme"
        assert page.evaluate(_RULES, ".servicevm-"), "nothing of ours"
        axe(page)
        screenshot(page, f"{name}-material")
    finally:
        context.close()


#: Whether there is anything of a name in the style sheets.
_RULES = """(name) => [...document.styleSheets].some((sheet) =>
    [...sheet.cssRules].some((rule) => rule.cssText.includes(name)))"""
