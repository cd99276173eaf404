"""Whole stories: from nothing to nothing again, without a reload.

What one page or one action promises is tested elsewhere; here somebody who
has a job to do goes from page to page by what the pages offer.
"""

import http.client
import os
import re
import secrets
import signal
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from servicevmclient.v1 import Client
from tests.dashboard.browser.conftest import PageAs, remove, unique
from tests.dashboard.browser.filling import button, field
from tests.dashboard.browser.people import People
from tests.dashboard.browser.test_details import CONFIG, opened
from tests.dashboard.browser.test_live import QUICK
from tests.dashboard.browser.watch import Watch
from tests.functional.agent.backends import Backend
from tools.horizon.lab import Lab

DEVICES = "/project/servicevm_devices/"
SERVICES = "/project/servicevm_services/"
#: Milliseconds for what takes the service a while.
LONG = 60_000
#: Of traffic that there is.
RATE = re.compile(r"^(?!0 ).+ bytes per second$")

Make = Callable[..., Any]


@pytest.fixture
def newcomer(lab: Lab, admin: Client, people: People) -> Iterator[str]:
    """The only member of a project that has nothing yet."""
    identity = lab.keystone.identity()
    name, password = unique("newcomer"), secrets.token_urlsafe()
    project = identity(
        "POST",
        "/projects",
        {"project": {"name": name, "domain_id": "default"}},
    )["project"]["id"]
    user = identity(
        "POST",
        "/users",
        {
            "user": {
                "name": name,
                "domain_id": "default",
                "password": password,
            }
        },
    )["user"]["id"]
    role = identity.find("roles", "member")
    assert role is not None
    identity("PUT", f"/projects/{project}/users/{user}/roles/{role['id']}")
    people.know(name, password)
    try:
        yield name
    finally:
        devices = admin.devices(all_projects=True, project_id=project)
        remove(admin, [one.id for one in devices])
        identity("DELETE", f"/users/{user}")
        identity("DELETE", f"/projects/{project}")


def panel(page: Page, name: str) -> None:
    """Open one of the project's panels by the sidebar, which may be folded
    in.
    """
    link = page.locator(
        f'#sidebar-accordion a[href="/project/servicevm_{name}/"]'
    )
    if not link.is_visible():
        page.locator(
            "#sidebar-accordion .openstack-panel-group > a", has_text="Service"
        ).first.click()
    link.click()


def overview(page: Page) -> Locator:
    """The first tab of a details page."""
    return page.locator(".tab-pane[id$=__overview]")


def untouched(page: Page) -> None:
    """From here on nobody reloads the page: see `still_untouched`."""
    page.evaluate("window.untouched = true")


def still_untouched(page: Page) -> bool:
    return bool(page.evaluate("window.untouched"))


def do(page: Page, name: str) -> None:
    """An action of a details page; of one that asks first, say yes."""
    head = page.locator(".detail-actions")
    head.get_by_role("button", name="More actions").click()
    head.get_by_role("button", name=name).click()
    confirm(page, name)


def confirm(page: Page, name: str) -> None:
    """Say yes to what asks whether to do this."""
    sure = page.locator(".modal.in")
    sure.locator(".modal-footer").get_by_text(name, exact=True).click()


def create_device(page: Page, template: Any, name: str) -> None:
    """The wizard, with what it offers by itself."""
    page.get_by_role("link", name="Create Device", exact=True).first.click()
    page.get_by_label(template.name, exact=True).check()
    button(page, "Next").click()
    page.get_by_label("Name").fill(name)
    button(page, "Next").click()
    button(page, "Next").click()
    button(page, "Create Device").click()
    expect(page.locator("h1")).to_have_text(name)


def create_balancer(
    page: Page, name: str, *members: tuple[str, int], checked: bool = False
) -> None:
    """The wizard, from a device's page.

    :param checked: with a health monitor, as it is offered
    """
    page.get_by_role("link", name="Create Service", exact=True).click()
    page.get_by_label("Name").fill(name)
    button(page, "Next").click()
    field(page, "config/listeners/0/port").fill("80")
    for number, (address, port) in enumerate(members):
        if number:
            page.get_by_role("button", name="Add member").click()
        add_member(page, number, f"b{number + 1}", address, port)
    if checked:
        page.get_by_label("Health monitor").check()
    button(page, "Next").click()
    button(page, "Create Load Balancer").click()
    expect(page.locator("h1")).to_have_text(name)


def add_member(
    page: Page, number: int, name: str, address: str, port: int
) -> None:
    where = f"config/pools/0/members/{number}"
    field(page, f"{where}/name").fill(name)
    field(page, f"{where}/address").fill(address)
    field(page, f"{where}/port").fill(str(port))


def test_a_newcomer_makes_breaks_heals_and_deletes_a_load_balancer(
    make_template: Make, newcomer: str, page_as: PageAs, screenshot: Make
) -> None:
    page = page_as(newcomer)
    page.add_init_script(QUICK)
    page.goto("/")
    template = make_template(
        infra_options={
            "create_seconds": 1,
            "fail": {
                "create": {
                    "times": 1,
                    "code": "network_missing",
                    "transient": False,
                }
            },
        },
        mgmt_options={"offline_members": ["b3"]},
    )
    panel(page, "devices")
    expect(page.locator("tr.empty")).to_contain_text("No devices yet")
    create_device(page, template, "edge")

    # It fails. The page says why and what to do, and that helps.
    untouched(page)
    about = overview(page)
    expect(about).to_contain_text("Something went wrong with it.")
    expect(about).to_contain_text("Injected failure 1 of 1 of create.")
    expect(about).to_contain_text(
        "Tell your administrator; then retry the operation."
    )
    screenshot(page, "story-failed")
    assert still_untouched(page)
    about.get_by_role("link", name="Create device edge").click()
    page.get_by_role("button", name="Retry Operation").click()
    state = overview(page).locator("dd").first
    expect(state).to_contain_text("Succeeded", timeout=LONG)
    overview(page).get_by_role("link", name="edge", exact=True).click()
    expect(overview(page)).to_contain_text("It is in service.")

    pane = opened(page, "Services")
    expect(pane).to_contain_text("No services on this device yet.")
    create_balancer(page, "web", ("192.0.2.11", 8080), ("192.0.2.12", 8080))
    untouched(page)
    about = overview(page)
    expect(about).to_contain_text("It is in service.")
    expect(about).to_contain_text("2 of 2 up")
    expect(about).to_contain_text("Nobody checks the members of")
    expect(opened(page, "Members")).to_contain_text("192.0.2.12")
    charts = opened(page, "Statistics")
    expect(charts.locator("svg path.servicevm-line")).to_have_count(4)
    traffic = charts.locator("[data-servicevm-now=in]")
    expect(traffic).to_have_text(RATE)
    screenshot(page, "story-serving")
    assert still_untouched(page)

    # A member that is down: the page notices, and names it.
    page.get_by_role("link", name="Edit Service").click()
    page.get_by_role("button", name="Add member").click()
    add_member(page, 2, "b3", "192.0.2.13", 8080)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_have_text("web")
    untouched(page)
    about = overview(page)
    expect(about).to_contain_text("It is in service, but not all of it works.")
    expect(about).to_contain_text("2 of 3 up")
    expect(about).to_contain_text("Not up: b3")
    expect(about).to_contain_text(
        "See which of its parts do not work; repair them or take them out."
    )
    screenshot(page, "story-degraded")
    down = opened(page, "Members").get_by_role("row", name="b3")
    expect(down).to_contain_text("Offline")
    assert still_untouched(page)

    page.get_by_role("link", name="Edit Service").click()
    page.get_by_role("button", name="Remove Member 3").click()
    page.get_by_role("button", name="Save").click()
    about = overview(page)
    expect(about).to_contain_text("It is in service.")
    expect(about).to_contain_text("2 of 2 up")

    do(page, "Delete Service")
    expect(page.locator("h1")).to_have_text("Services")
    expect(page.locator("tr.empty")).to_contain_text("No services yet")
    panel(page, "devices")
    page.get_by_role("link", name="edge", exact=True).click()
    do(page, "Delete Device")
    expect(page.locator("h1")).to_have_text("Devices")
    expect(page.locator("tr.empty")).to_contain_text("No devices yet")


def test_a_load_balancer_of_a_dead_device_leads_to_what_revives_it(
    page_as: PageAs,
    make_device: Make,
    make_template: Make,
    member: Client,
    screenshot: Make,
) -> None:
    dying = make_template(
        infra_options={"create_seconds": 0, "die_after_seconds": 6}
    )
    device = make_device(template_id=dying.id)
    service = member.create_service(
        name=unique("web"),
        device_id=device.id,
        service_type="loadbalancer",
        config=CONFIG,
    )
    page = page_as("red-member")
    page.add_init_script(QUICK)
    page.goto(f"{SERVICES}{service.id}/")
    untouched(page)
    about = overview(page)
    expect(about).to_contain_text("It does not run any more.")
    expect(about).to_contain_text("Reboot the device to start it again.")
    screenshot(page, "story-dead")
    assert still_untouched(page)
    about.get_by_role("link", name=device.name).click()
    expect(overview(page)).to_contain_text("It does not run any more.")
    do(page, "Reboot Device")
    untouched(page)
    expect(overview(page)).to_contain_text("It is in service.")
    # Its services come back with it.
    line = opened(page, "Services").get_by_role("row", name=service.name)
    expect(line).to_contain_text("Online")
    assert still_untouched(page)


def test_a_reader_sees_all_of_it_and_is_offered_nothing(
    page_as: PageAs, make_device: Make, member: Client, watch: Watch
) -> None:
    watch.expect("403")
    device = make_device()
    service = member.create_service(
        name=unique("web"),
        device_id=device.id,
        service_type="loadbalancer",
        config=CONFIG,
    )
    member.wait_for_service(service.id)
    page = page_as("red-reader")
    page.goto("/")
    pages = {
        "overview": "Overview",
        "topology": "Topology",
        "templates": "Templates",
        "operations": "Operations",
        "devices": "Devices",
    }
    for name, heading in pages.items():
        panel(page, name)
        expect(page.locator("h1")).to_have_text(heading)
        nothing_is_offered(page)
    page.goto(f"{DEVICES}?name_prefix={device.name}")
    page.get_by_role("link", name=device.name, exact=True).click()
    expect(overview(page)).to_contain_text("It is in service.")
    nothing_is_offered(page)
    for tab in ("Interfaces", "Operations", "Events", "Certificate"):
        opened(page, tab)
        nothing_is_offered(page)
    opened(page, "Services").get_by_role("link", name=service.name).click()
    expect(overview(page)).to_contain_text("It is in service.")
    for tab in ("Members", "Statistics", "Configuration", "Operations"):
        opened(page, tab)
        nothing_is_offered(page)
    page.get_by_role("link", name=f"Create service {service.name}").click()
    expect(overview(page)).to_contain_text("Succeeded")
    nothing_is_offered(page)
    # Nor where somebody told the address.
    for url in (
        f"{DEVICES}create/",
        f"{DEVICES}{device.id}/edit/",
        f"{DEVICES}{device.id}/interfaces/attach/",
        f"{DEVICES}{device.id}/interfaces/1/detach/",
        f"{SERVICES}create/",
        f"{SERVICES}{service.id}/edit/",
    ):
        page.goto(url)
        expect(page.locator("form[data-schema-form]")).to_have_count(0)


def nothing_is_offered(page: Page) -> None:
    """No button or link that would change something."""
    offered = page.locator(
        ".servicevm .btn-primary:not(.servicevm-filter *),"
        ".servicevm .btn-danger, .servicevm .data-table-action,"
        ".servicevm [type=checkbox]:visible, .servicevm a[href*='/create/'],"
        ".servicevm a[href*='/edit/'], .servicevm a[href*='/attach/'],"
        ".servicevm a[href*='/detach/'], .actions_column .btn"
    )
    assert offered.all_text_contents() == []


def test_limits_that_an_admin_sets_stop_the_member_with_a_sentence(
    page_as: PageAs, newcomer: str, lab: Lab, screenshot: Make
) -> None:
    project = lab.keystone.identity().find("projects", newcomer)
    assert project is not None
    theirs = page_as(newcomer)
    theirs.goto(DEVICES)
    create = theirs.get_by_role("link", name="Create Device").first
    expect(create).not_to_have_attribute("aria-disabled", "true")
    page = page_as("admin")
    page.goto(f"/admin/servicevm_quotas/?project_id={project['id']}")
    row = page.locator(f'tr[data-display="{newcomer}"]')
    row.get_by_role("link", name="Edit Limits").click()
    modal = page.locator(".modal.in")
    modal.get_by_label("Devices").fill("0")
    modal.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("Its own")
    theirs.reload()
    expect(create).to_have_attribute("aria-disabled", "true")
    why = (
        "Devices: 0 of 0 in use; this takes 1. "
        "Ask an administrator for a larger quota."
    )
    expect(create).to_have_accessible_description(why)
    create.focus()
    expect(theirs.get_by_role("tooltip")).to_have_text(why)
    screenshot(theirs, "story-quota")
    theirs.keyboard.press("Enter")
    expect(theirs.locator("h1")).to_have_text("Devices")


@pytest.fixture
def backends() -> Iterator[tuple[Backend, Backend]]:
    """Two real servers."""
    both = Backend("b1"), Backend("b2")
    yield both
    for one in both:
        one.close()


def answer(url: str) -> str:
    """Who answers there."""
    place = urlsplit(url)
    assert place.hostname is not None
    connection = http.client.HTTPConnection(
        place.hostname, place.port, timeout=10
    )
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def machine(lab: Lab) -> int:
    """Process id of the only virtual machine."""
    (pid,) = (lab.folder / "state" / "devices").glob("[!.]*/pid")
    return int(pid.read_text())


@pytest.mark.vm
def test_a_real_load_balancer_is_made_broken_healed_and_deleted(
    vm_template: Any,
    newcomer: str,
    backends: tuple[Backend, Backend],
    page_as: PageAs,
    lab: Lab,
    screenshot: Make,
) -> None:
    page = page_as(newcomer)
    page.add_init_script(QUICK)
    page.goto(DEVICES)
    create_device(page, vm_template, "edge")
    expect(overview(page)).to_contain_text("It is in service.", timeout=LONG)
    console = opened(page, "Console Log")
    expect(console).to_contain_text("servicevm-agent")
    screenshot(page, "story-console")

    opened(page, "Services")
    servers = [("127.0.0.1", one.port) for one in backends]
    create_balancer(page, "web", *servers, checked=True)
    about = overview(page)
    expect(about).to_contain_text("2 of 2 up", timeout=LONG)
    link = about.locator("dd a[rel=noreferrer]")
    url = link.get_attribute("href") or ""
    charts = opened(page, "Statistics")
    total = charts.get_by_role("row", name="Listener").locator("td").nth(1)
    expect(total).to_have_text("0")
    assert {answer(url) for _ in range(20)} == {"b1", "b2"}
    expect(total).to_have_text("20")
    expect(charts.locator("[data-servicevm-now=out]")).to_have_text(RATE)
    screenshot(page, "story-traffic")

    # A server stops: the page names it, and the other one serves.
    untouched(page)
    backends[1].close()
    about = opened(page, "Overview")
    expect(about).to_contain_text("Not up: b2", timeout=LONG)
    assert {answer(url) for _ in range(4)} == {"b1"}
    screenshot(page, "story-member-down")

    # Its machine is killed: the page says so, and how to have it back.
    os.kill(machine(lab), signal.SIGKILL)
    expect(about).to_contain_text("It does not run any more.")
    expect(about).to_contain_text("Reboot the device to start it again.")
    screenshot(page, "story-killed")
    assert still_untouched(page)
    about.get_by_role("link", name="edge", exact=True).click()
    expect(overview(page)).to_contain_text("It does not run any more.")
    do(page, "Heal Device")
    untouched(page)
    expect(overview(page)).to_contain_text("It is in service.", timeout=LONG)
    pane = opened(page, "Services")
    expect(pane.get_by_role("row", name="web")).to_contain_text(
        "b1: Online", timeout=LONG
    )
    assert still_untouched(page)
    assert answer(url) == "b1"

    page.goto(DEVICES)
    page.get_by_role("link", name="edge", exact=True).click()
    do(page, "Delete Device")
    expect(page.locator("tr.empty")).to_contain_text(
        "No devices yet", timeout=LONG
    )
    panel(page, "services")
    expect(page.locator("tr.empty")).to_contain_text("No services yet")
    with pytest.raises(ConnectionRefusedError):
        answer(url)
    assert not list((lab.folder / "state" / "devices").glob("[!.]*"))
