"""Every page for everybody: with a screen reader, and on a telephone.

Each page is looked at as wide as a desk and as narrow as a hand. What is
nearer to one panel (focus, keyboard, what is announced) is tested with it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from servicevmclient.v1 import Client
from tests.dashboard.browser import audit
from tests.dashboard.browser.conftest import PageAs, remove, unique
from tests.dashboard.browser.filling import button, field
from tests.dashboard.browser.test_details import CONFIG, opened

Make = Callable[..., Any]

SIZES: Mapping[str, ViewportSize] = {
    "desktop": {"width": 1366, "height": 820},
    "phone": {"width": 390, "height": 844},
}


class Fleet(NamedTuple):
    """What the pages are about: ids and a name."""

    device: str
    broken: str
    service: str
    operation: str
    template: str
    device_name: str


@pytest.fixture(scope="module")
def fleet(admin: Client, member: Client) -> Iterator[Fleet]:
    """One device that is well, with a load balancer of which a member is
    down, and one that failed.
    """
    told = {
        "infra_driver": "noop",
        "mgmt_driver": "noop",
        "mgmt_options": {"offline_members": ["m2"]},
        "interfaces": [
            {"role": "ingress", "network": "a", "cidr": "10.99.0.0/24"}
        ],
        "service_types": ["loadbalancer"],
        "slots": 4,
    }
    fails = {"create": {"times": 1, "code": "disk_full", "transient": False}}
    good = admin.create_device_template(
        name=unique("good"), infra_options={}, **told
    )
    bad = admin.create_device_template(
        name=unique("bad"), infra_options={"fail": fails}, **told
    )
    made: list[str] = []
    try:
        device = member.create_device(name=unique("edge"), template_id=good.id)
        made.append(device.id)
        broken = member.create_device(name=unique("bad"), template_id=bad.id)
        made.append(broken.id)
        service = member.create_service(
            name=unique("web"),
            device_id=device.id,
            service_type="loadbalancer",
            config=CONFIG,
        )
        service = member.wait_for_service(service.id)
        yield Fleet(
            device.id,
            broken.id,
            service.id,
            service.operation_id,
            good.id,
            device.name,
        )
    finally:
        remove(admin, made)
        for one in (good, bad):
            admin.delete_device_template(one.id)


@pytest.fixture(params=SIZES)
def size(request: pytest.FixtureRequest) -> ViewportSize:
    return SIZES[str(request.param)]


def wide(page: Page) -> int:
    """Pixels of the page that are beyond the screen."""
    found: int = page.evaluate(
        "document.documentElement.scrollWidth - window.innerWidth"
    )
    return found


def problems(page: Page, where: str, within: str | None = None) -> list[str]:
    """Rules that it breaks, scrolling sideways, and states that only a
    colour tells.

    :param within: a selector, of what covers the rest
    """
    found = audit.violations(page, within)
    if wide(page) > 0:
        found.append(f"{wide(page)} pixels too wide")
    silent = page.locator(".servicevm-status").evaluate_all(
        "all => all.filter((one) => !one.textContent.trim())"
        ".map((one) => one.outerHTML)"
    )
    found += [f"only a colour tells how it is: {one}" for one in silent]
    return [f"{where}: {one}" for one in found]


PROJECT = {
    "overview": "servicevm_overview/",
    "topology": "servicevm_topology/",
    "devices": "servicevm_devices/",
    "services": "servicevm_services/",
    "templates": "servicevm_templates/",
    "template": "servicevm_templates/{template}/",
    "operations": "servicevm_operations/",
    "events": "servicevm_operations/events/",
    "operation": "servicevm_operations/{operation}/",
    "device that failed": "servicevm_devices/{broken}/",
    "edit device": "servicevm_devices/{device}/edit/",
    "edit service": "servicevm_services/{service}/edit/",
}
ADMIN = {
    "overview": "servicevm_overview/",
    "devices": "servicevm_devices/",
    "services": "servicevm_services/",
    "templates": "servicevm_templates/",
    "operations": "servicevm_operations/",
    "processes": "servicevm_processes/",
    "quotas": "servicevm_quotas/",
    "holds": "servicevm_holds/",
    "device": "servicevm_devices/{device}/",
    "edit template": "servicevm_templates/{template}/edit/",
}


@pytest.mark.parametrize("user", ["red-member", "admin"])
def test_pages_are_for_everybody(
    page_as: PageAs,
    fleet: Fleet,
    user: str,
    size: ViewportSize,
    screenshot: Make,
) -> None:
    page = page_as(user, viewport=size)
    dashboard, paths = ("admin", ADMIN)
    if user != "admin":
        dashboard, paths = ("project", PROJECT)
    found = []
    for name, path in paths.items():
        page.goto(f"/{dashboard}/{path.format(**fleet._asdict())}")
        expect(page.locator(".servicevm").first).to_be_visible()
        found += problems(page, name)
        screenshot(
            page, f"{dashboard}-{'-'.join(name.split())}-{size['width']}"
        )
    assert not found, "\n".join(found)


@pytest.mark.parametrize("kind", ["device", "service"])
def test_tabs_are_for_everybody(
    page_as: PageAs, fleet: Fleet, kind: str, size: ViewportSize
) -> None:
    page = page_as("red-member", viewport=size)
    page.goto(f"/project/servicevm_{kind}s/{getattr(fleet, kind)}/")
    found = problems(page, "first tab")
    for tab in page.locator(".nav-tabs a").all_inner_texts()[1:]:
        opened(page, tab.strip())
        found += problems(page, tab)
    assert not found, "\n".join(found)


def test_dialogues_are_for_everybody(
    page_as: PageAs, fleet: Fleet, size: ViewportSize, screenshot: Make
) -> None:
    page = page_as("red-member", viewport=size)
    page.goto(f"/project/servicevm_devices/{fleet.device}/")
    page.get_by_role("button", name="More actions").click()
    found = problems(page, "menu", ".open > .dropdown-menu")
    page.get_by_role("button", name="Delete Device").click()
    dialogue = page.locator(".modal.in")
    expect(dialogue).to_contain_text(fleet.device_name)
    found += problems(page, "delete one", ".modal.in")
    screenshot(page, f"confirm-{size['width']}")
    expect(dialogue).to_have_role("dialog")
    expect(dialogue).to_have_accessible_name("Confirm Delete Device")
    expect(dialogue.get_by_text("Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialogue).to_have_count(0)
    expect(page.get_by_role("button", name="More actions")).to_be_focused()

    page.goto(f"/project/servicevm_devices/?name_prefix={fleet.device_name}")
    page.get_by_role("checkbox", name="Select all").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Delete Devices").click()
    expect(dialogue).to_contain_text(fleet.device_name)
    found += problems(page, "delete many", ".modal.in")
    assert not found, "\n".join(found)


def test_limits_are_for_everybody(
    page_as: PageAs, fleet: Fleet, size: ViewportSize
) -> None:
    page = page_as("admin", viewport=size)
    page.goto("/admin/servicevm_quotas/")
    page.locator('tr[data-display="red"]').get_by_role(
        "link", name="Edit Limits"
    ).click()
    expect(page.locator(".modal.in").get_by_label("Devices")).to_be_visible()
    found = problems(page, "edit limits", ".modal.in")
    assert not found, "\n".join(found)


def test_steps_to_a_template_are_for_everybody(
    page_as: PageAs, size: ViewportSize
) -> None:
    page = page_as("admin", viewport=size)
    page.goto("/admin/servicevm_templates/create/")
    found = problems(page, "details")
    field(page, "details/name").fill(unique("template"))
    button(page, "Next").click()
    found += problems(page, "drivers")
    for kind, label in {
        "infra": "No machine, for trials",
        "mgmt": "No management, for trials",
    }.items():
        field(page, f"drivers/{kind}_driver").select_option(label=label)
    button(page, "Next").click()
    found += problems(page, "options")
    button(page, "Next").click()
    expect(field(page, "hosting/slots")).to_be_visible()
    found += problems(page, "hosting")
    # What is wrong is told in words, and to whom can not see it.
    button(page, "Create Template").click()
    expect(page.locator("[aria-invalid=true]").first).to_be_focused()
    found += problems(page, "refused")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("width", [390, 1366])
def test_the_menu_of_a_row_is_seen_whole(
    page_as: PageAs, fleet: Fleet, screenshot: Make, width: int
) -> None:
    page = page_as("red-member", viewport={"width": width, "height": 700})
    page.goto(f"/project/servicevm_devices/?name_prefix={fleet.device_name}")
    row = page.locator(f'tr[data-object-id="{fleet.device}"]')
    row.get_by_role("button", name="More actions").click()
    menu = row.locator(".dropdown-menu")
    expect(menu).to_be_visible()
    screenshot(page, f"row-menu-{width}")
    whole = """(menu) => {
        const box = menu.getBoundingClientRect();
        const seen = (x, y) => menu.contains(document.elementFromPoint(x, y));
        return box.left >= 0 && box.right <= innerWidth &&
            box.top >= 0 && box.bottom <= innerHeight &&
            seen(box.left + 3, box.top + 3) &&
            seen(box.right - 3, box.bottom - 3);
    }"""
    assert menu.evaluate(whole)
    assert wide(page) <= 0
    page.mouse.wheel(0, 120)
    expect(menu).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    row.get_by_role("button", name="More actions").click()
    menu.get_by_role("link", name="Edit Device").click()
    expect(page.locator("h1")).to_contain_text("Edit Device")
