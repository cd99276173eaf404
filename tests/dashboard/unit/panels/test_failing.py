"""Every page, while the service is down, fails, forbids or has it not."""

from collections.abc import Callable

import django.test
import pytest
from django.urls import reverse

from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit.panels import world

AJAX = {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}
NOWHERE = "00000000-0000-0000-0000-000000000000"
LISTS = [
    "servicevm_devices:index",
    "servicevm_services:index",
    "servicevm_operations:index",
    "servicevm_operations:events",
]
LIVE = ["servicevm_overview:index", "servicevm_topology:index"]
THINGS = ["servicevm_devices", "servicevm_services", "servicevm_operations"]
TABS = [
    *[
        ("servicevm_devices", f"device__{tab}")
        for tab in (
            "interfaces",
            "services",
            "operations",
            "events",
            "console",
            "certificate",
        )
    ],
    *[
        ("servicevm_services", f"service__{tab}")
        for tab in (
            "members",
            "statistics",
            "configuration",
            "operations",
            "events",
        )
    ],
]
ANSWERS = [
    (500, "internal_error"),
    (503, "unavailable"),
    (403, "forbidden"),
    (404, "not_found"),
]


def page_of(name: str, *args: str) -> str:
    return reverse(f"horizon:project:{name}", args=args)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(("status", "code"), ANSWERS)
def test_a_list_opens_and_says_why_it_is_empty(
    member: django.test.Client,
    service: FakeServicevm,
    name: str,
    status: int,
    code: str,
) -> None:
    with service.failing("GET", status, code, "The sky fell."):
        answer = member.get(page_of(name))
        poll = member.get(f"{page_of(name)}?fragment=rows", **AJAX)
    assert answer.status_code == 200
    assert "The sky fell." in answer.content.decode()
    assert "create" not in answer.context["table"].get_empty_message()
    assert poll.status_code == 503
    assert "sky" in poll.json()["error"]


@pytest.mark.parametrize("name", THINGS)
@pytest.mark.parametrize(("status", "code"), ANSWERS)
def test_a_details_page_opens_and_says_what_is_wrong(
    member: django.test.Client,
    service: FakeServicevm,
    name: str,
    status: int,
    code: str,
) -> None:
    with service.failing("GET", status, code, "The sky fell."):
        answer = member.get(page_of(f"{name}:detail", NOWHERE), follow=True)
        poll = member.get(
            f"{page_of(f'{name}:detail', NOWHERE)}?fragment=overview", **AJAX
        )
        acted = member.post(
            page_of(f"{name}:detail", NOWHERE), {"action": "x__delete__y"}
        )
    assert answer.status_code == 200
    assert "The sky fell." in answer.content.decode()
    assert acted.status_code in (200, 302)
    if status == 404:
        assert poll.json() == {"gone": True}
    else:
        assert poll.status_code == 503


@pytest.mark.parametrize(("name", "tab"), TABS)
@pytest.mark.parametrize("status", [500, 403, 404])
def test_a_tab_opens_and_says_what_is_wrong(
    member: django.test.Client,
    service: FakeServicevm,
    name: str,
    tab: str,
    status: int,
) -> None:
    with service.failing("GET", status, "code", "The sky fell."):
        answer = member.get(
            f"{page_of(f'{name}:detail', NOWHERE)}?tab={tab}", **AJAX
        )
    assert answer.status_code == 200
    assert "The sky fell." in answer.content.decode()
    assert "Try again" in answer.content.decode()


@pytest.mark.parametrize("name", LISTS)
def test_nobody_who_is_logged_out_is_told_of_a_failure(
    member: django.test.Client, service: FakeServicevm, name: str
) -> None:
    with service.failing("GET", 401, "unauthenticated", "No token."):
        poll = member.get(f"{page_of(name)}?fragment=rows", **AJAX)
    assert poll.status_code == 401


@pytest.mark.parametrize("name", LIVE)
def test_who_is_logged_out_on_a_page_that_is_open_learns_it(
    member: django.test.Client, service: FakeServicevm, name: str
) -> None:
    with service.failing("GET", 401, "unauthenticated", "No token."):
        poll = member.get(f"{page_of(name)}?fragment=region", **AJAX)
        page = member.get(page_of(name))
    assert poll.status_code == 401
    # Horizon's own page, which has the way to log in.
    assert page.status_code == 403
    assert "/auth/login/" in page.content.decode()


def test_a_page_waits_for_a_silent_service_once(
    as_user: Callable[..., django.test.Client],
    monkeypatch: pytest.MonkeyPatch,
    service: FakeServicevm,
) -> None:
    monkeypatch.setattr("servicevm_dashboard.api.servicevm.TIMEOUT", 0.3)
    world.device(service)
    with service.failing("GET", seconds=1.5):
        answer = as_user("member", "reader").get(page_of(LISTS[0]))
    assert answer.status_code == 200
    assert "does not answer" in answer.content.decode()
    assert len(world.calls(service)) == 1


def test_a_service_that_is_down_leaves_pages_open_and_says_so(
    as_user: Callable[..., django.test.Client],
) -> None:
    with FakeServicevm() as gone:
        url = gone.url
    member = as_user("member", "reader", url=url)
    for name in LISTS:
        answer = member.get(page_of(name))
        assert answer.status_code == 200
        assert b"does not answer" in answer.content
    answer = member.get(page_of("servicevm_devices:detail", NOWHERE))
    assert answer.status_code == 200
    assert b"does not answer" in answer.content
    assert b"Back to the list" in answer.content


def test_a_region_that_does_not_say_where_it_is_leaves_pages_open(
    as_user: Callable[..., django.test.Client],
) -> None:
    member = as_user("member", "reader", interfaces=["admin"])
    for name in (*LISTS, *LIVE):
        answer = member.get(page_of(name))
        assert answer.status_code == 200
        assert b"catalog" in answer.content
    answer = member.get(page_of("servicevm_devices:detail", NOWHERE))
    assert answer.status_code == 200
    assert b"catalog" in answer.content
