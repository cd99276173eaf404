"""A Horizon to look at, a browser to look with, and a gate to the API.

With SERVICEVM_LAB=FOLDER the lab that runs there (tools/horizon up) is used
and left running, which saves half a minute: for who writes tests. Its
templates and people are there; quotas and devices may be others'.
"""

import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from servicevmclient.exceptions import NotFound
from servicevmclient.v1 import Client, Device
from tests.dashboard.browser import audit
from tests.dashboard.browser.gate import Call, Gate
from tests.dashboard.browser.people import ARGUMENTS, TIMEOUT, People
from tests.dashboard.browser.watch import Watch
from tools.cluster import keystone_people
from tools.cluster.member import marked
from tools.horizon.content import TEMPLATES
from tools.horizon.lab import Lab

ROOT = Path(__file__).resolve().parents[3]
SCREENSHOTS = ROOT / ".cache" / "screenshots"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")

expect.set_options(timeout=TIMEOUT)


class PageAs(Protocol):
    def __call__(self, user: str, /, **options: Any) -> Page: ...


# -- what there is, once for all tests --------------------------------------


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Keystone, servicevm and Horizon."""
    running = os.environ.get("SERVICEVM_LAB")
    if running:
        found = Lab.found(Path(running))
        assert found is not None, f"There is no lab in {running}."
        yield found
        return
    folder = Path(tempfile.mkdtemp(prefix="svm-"))
    try:
        with Lab(folder) as made:
            yield made
        assert not marked(folder), "processes are left"
        assert made.keystone.pid is None
    finally:
        logs = ROOT / ".cache" / "dashboard-logs"
        shutil.rmtree(logs, ignore_errors=True)
        with contextlib.suppress(FileNotFoundError):
            shutil.copytree(folder / "log", logs)
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def gate(lab: Lab) -> Iterator[Gate]:
    """Between Horizon and the API; the tests' own calls go around it."""
    with Gate(lab.endpoint) as made:
        yield made


@pytest.fixture(scope="session")
def region(lab: Lab, gate: Gate) -> Iterator[str]:
    """Where Keystone's catalogue names the gate as the API."""
    if not os.environ.get("SERVICEVM_LAB"):
        lab.keystone.register(gate.url)
        yield "RegionOne"
        return
    # Others use the lab as well: theirs stays as it is.
    name = f"tests-{os.getpid()}"
    lab.keystone.register(gate.url, name)
    yield name
    identity = lab.keystone.identity()
    keystone_people.forget(identity, name)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=CHROMIUM, headless=True, args=ARGUMENTS
        )
        yield made
        made.close()


@pytest.fixture(scope="session")
def people(browser: Browser, lab: Lab, region: str) -> People:
    return People(browser, lab, region)


# -- for one test -----------------------------------------------------------


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fails the test on errors in its pages; see `Watch.expect`."""
    made = Watch()
    yield made
    problems = made.problems()
    assert not problems, "\n".join(problems)


@pytest.fixture
def page_as(
    people: People, watch: Watch, request: pytest.FixtureRequest
) -> Iterator[PageAs]:
    """``page_as("red-member", viewport=...)``: a page, logged in.

    Options are those of a browser's context. A test that fails leaves a
    picture of every page.
    """
    with contextlib.ExitStack() as contexts:
        pages: list[Page] = []

        def make(user: str, /, **options: Any) -> Page:
            context = people.context(user, options, watch)
            contexts.callback(context.close)
            page = context.new_page()
            pages.append(page)
            return page

        yield make
        if request.session.testsfailed > request.node.stash.get(_FAILED, 0):
            for number, page in enumerate(pages):
                if not page.is_closed():
                    name = f"failed-{request.node.name}-{number}"
                    _take(page, name.replace("/", "-"))


_FAILED = pytest.StashKey[int]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.stash[_FAILED] = item.session.testsfailed


@pytest.fixture
def page(page_as: PageAs) -> Page:
    """A page of the member of project red."""
    return page_as("red-member")


@pytest.fixture
def screenshot() -> Callable[[Page, str], Path]:
    """``screenshot(page, "devices")`` is kept in .cache/screenshots."""
    return _take


def _take(page: Page, name: str) -> Path:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=path, full_page=True, animations="disabled")
    return path


@pytest.fixture
def axe() -> Callable[..., None]:
    """``axe(page)``: nothing of ours on it breaks a rule of WCAG 2.2 AA.

    ``axe(page, "#selector")`` looks only there.
    """

    def check(page: Page, within: str | None = None) -> None:
        found = audit.violations(page, within)
        assert not found, "\n".join(found)

    return check


@pytest.fixture
def api_calls(gate: Gate) -> Callable[[], AbstractContextManager[list[Call]]]:
    """``with api_calls() as calls``: those of Horizon to the API."""
    return gate.counting


# -- the API, for who prepares what is to be seen ---------------------------


@pytest.fixture(scope="session")
def sdk(lab: Lab) -> Iterator[Callable[[str], Client]]:
    """``sdk("admin")``: the API in a user's name, past the gate."""
    with contextlib.ExitStack() as stack:
        clients: dict[str, Client] = {}

        def client(user: str) -> Client:
            if user not in clients:
                clients[user] = stack.enter_context(lab.client(user))
            return clients[user]

        yield client


@pytest.fixture(scope="session")
def admin(sdk: Callable[[str], Client]) -> Client:
    return sdk("admin")


@pytest.fixture(scope="session")
def member(sdk: Callable[[str], Client]) -> Client:
    """Of project red."""
    return sdk("red-member")


@pytest.fixture
def make_template(admin: Client) -> Iterator[Callable[..., Any]]:
    """``make_template(infra_options={"die_after_seconds": 5})``.

    What is not told is as in the lab's template ``lb``, and what noop can be
    made to do is in servicevm/drivers/{infra,mgmt}/noop.py. It is deleted
    after the test, after the devices that `make_device` made.
    """
    made: list[str] = []

    def make(**told: Any) -> Any:
        wanted = {**TEMPLATES["noop"][0], "name": unique("template"), **told}
        if told.get("infra_driver", "noop") != "noop":
            wanted = told
        template = admin.create_device_template(**wanted)
        made.append(template.id)
        return template

    yield make
    for each in made:
        with contextlib.suppress(NotFound):
            admin.delete_device_template(each)


@pytest.fixture
def vm_template(lab: Lab, make_template: Callable[..., Any]) -> Any:
    """A template of real virtual machines; the image is made once."""
    lab.build_image()
    return make_template(**{**TEMPLATES["qemu"][0], "name": unique("vm")})


@pytest.fixture
def make_device(
    admin: Client, member: Client, make_template: Callable[..., Any]
) -> Iterator[Callable[..., Device]]:
    """``make_device("edge", wait=True, **more)``: of project red.

    It runs at once, unless a `template_id` says otherwise, and is deleted
    after the test with its services.
    """
    made: list[str] = []
    quick: list[str] = []

    def make(
        name: str | None = None, *, wait: bool = True, **more: Any
    ) -> Device:
        if "template_id" not in more:
            if not quick:
                options = {"create_seconds": 0, "vcpus": 1, "memory_mib": 192}
                quick.append(make_template(infra_options=options).id)
            more["template_id"] = quick[0]
        device = member.create_device(name=name or unique("device"), **more)
        made.append(device.id)
        return member.wait_for_device(device.id) if wait else device

    yield make
    remove(admin, made)


def remove(admin: Client, device_ids: list[str]) -> None:
    """Delete devices, whatever has become of them, and their services."""
    left = []
    for each in device_ids:
        with contextlib.suppress(NotFound):
            for service in admin.services(device_id=each):
                with contextlib.suppress(NotFound):
                    admin.delete_service(service.id)
                    admin.wait_for_service_gone(service.id)
            admin.delete_device(each)
            left.append(each)
    for each in left:
        admin.wait_for_device_gone(each)


def unique(noun: str) -> str:
    """A name that nothing else has."""
    return f"{noun}-{uuid.uuid4().hex[:6]}"
