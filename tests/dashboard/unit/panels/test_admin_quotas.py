"""Quotas of projects, over HTTP to the service."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import django.test
import pytest
from django.core.cache import cache
from django.urls import reverse

from servicevm_dashboard.api import names, projects
from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit import conftest

INDEX = reverse("horizon:admin:servicevm_quotas:index")
EDIT = reverse("horizon:admin:servicevm_quotas:edit", args=["p-blue"])
DEFAULTS = reverse("horizon:admin:defaults:index")
STEP = reverse("horizon:identity:projects:update_quotas", args=["p-blue"])

NOTHING = {
    name: "" for name in ("devices", "services", "vcpus", "ram", "slots")
}


@pytest.fixture
def admin(as_user: Callable[..., django.test.Client]) -> django.test.Client:
    return as_user("admin", "member", "reader")


def limits(service: FakeServicevm) -> Any:
    return service.quotas.limits.get("p-blue", {})


def test_limits_and_use_are_beside_each_other_in_two_calls(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    service.store.add("devices", {"name": "d", "project_id": "p-blue"})
    service.quotas.change("p-blue", {"devices": 1, "slots": -1})
    text = admin.get(INDEX).content.decode()
    for shown in ("blue", "1 of 1", "(all in use)", "0, no limit", "Its own"):
        assert shown in text
    assert len(service.requests) == 2


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Names of the projects that Keystone has."""
    names = [f"team-{number:02}" for number in range(45)]
    made = [
        {"id": f"id-{name}", "name": name, "domain_id": "default"}
        for name in reversed(names)
    ]
    monkeypatch.setattr(conftest, "PROJECTS", made)
    cache.clear()
    yield names
    cache.clear()


def shown(text: str) -> list[str]:
    """Names of the projects of a page."""
    return re.findall(r'<tr[^>]*data-display="([^"]+)"', text)


def test_all_projects_are_there_by_name_whatever_they_have(
    admin: django.test.Client, service: FakeServicevm, many: list[str]
) -> None:
    service.quotas.change("id-team-30", {"devices": 3})
    pages, query = [], ""
    while True:
        service.requests.clear()
        text = admin.get(f"{INDEX}{query}").content.decode()
        # The quotas of the page, and the defaults.
        assert len(service.requests) == 2
        pages.append(shown(text))
        following = re.search(r'rel="next" href="([^"]+)"', text)
        if not following:
            break
        query = unescape(following[1])
    assert [len(page) for page in pages] == [20, 20, 5]
    assert [name for page in pages for name in page] == many
    back = re.search(r'rel="prev" href="([^"]+)"', text)
    assert back
    assert (
        shown(admin.get(f"{INDEX}{unescape(back[1])}").content.decode())
        == (pages[1])
    )


def test_projects_are_found_by_the_beginning_of_their_names(
    admin: django.test.Client, service: FakeServicevm, many: list[str]
) -> None:
    text = admin.get(INDEX, {"name_prefix": "Team-1"}).content.decode()
    assert shown(text) == many[10:20]


def test_those_that_have_something_can_be_seen_alone(
    admin: django.test.Client, service: FakeServicevm, many: list[str]
) -> None:
    service.quotas.change("id-team-30", {"devices": 3})
    service.quotas.change("gone", {"devices": 3})
    text = admin.get(INDEX, {"having": "something"}).content.decode()
    assert shown(text) == ["gone", "team-30"]


def test_a_project_that_is_gone_leads_to_the_first_page(
    admin: django.test.Client, many: list[str]
) -> None:
    answer = admin.get(INDEX, {"marker": "id-nobody"})
    assert answer.status_code == 302
    assert "marker" not in answer["Location"]


@pytest.mark.usefixtures("no_names")
def test_without_keystones_names_those_with_something_are_there(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    service.quotas.change("p-blue", {"devices": 3})
    assert shown(admin.get(INDEX).content.decode()) == ["p-blue"]


def test_of_very_many_projects_the_first_are_listed_and_that_is_said(
    admin: django.test.Client,
    service: FakeServicevm,
    many: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(names, "MOST", 30)
    monkeypatch.setattr(projects, "MOST", 30)
    conftest.ASKED.clear()
    for _look in range(2):
        text = admin.get(INDEX).content.decode()
        assert "Only the first 30 projects by name are listed" in text
    # The next look needs no other answer of Keystone's.
    assert conftest.ASKED.count("/v3/projects") == 1
    query = {"marker": f"id-{many[19]}"}
    assert shown(admin.get(INDEX, query).content.decode()) == many[20:30]


def test_as_many_as_a_page_has_can_be_reset_at_once(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    refs = [f"{number:032x}" for number in range(100)]
    for ref in refs:
        service.quotas.change(ref, {"devices": 3})
    answer = admin.post(INDEX, {"action": "quotas__reset", "object_ids": refs})
    assert answer.status_code == 302
    assert not service.quotas.limits
    assert max(len(target) for _, target in service.requests) < 4000


def test_a_project_without_anything_can_be_chosen(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    text = admin.get(INDEX, {"project_id": "p-blue"}).content.decode()
    assert "0 of 10" in text
    assert "It has the defaults already." in text


def test_only_the_limits_that_were_changed_are_sent(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    service.quotas.change("p-blue", {"devices": 3})
    ajax = {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}
    text = admin.get(EDIT, **ajax).content.decode()
    assert "<html" not in text
    text = admin.get(EDIT).content.decode()
    assert "0 in use; the default is 50." in text
    assert "Edit Limits of blue" in text
    answer = admin.post(EDIT, {**NOTHING, "devices": "3", "slots": "-1"})
    assert answer.status_code == 302
    assert limits(service) == {"devices": 3, "slots": -1}


def test_an_empty_field_is_the_default_again(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    service.quotas.change("p-blue", {"devices": 3, "slots": 5})
    admin.post(EDIT, {**NOTHING, "slots": "5"})
    assert limits(service) == {"slots": 5}


def test_what_is_no_limit_is_refused_next_to_its_field(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    answer = admin.post(EDIT, {**NOTHING, "devices": "-2"})
    assert answer.status_code == 200
    assert b"greater than or equal to -1" in answer.content
    assert limits(service) == {}


def test_limits_are_reset(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    service.quotas.change("p-blue", {"devices": 3})
    answer = admin.post(INDEX, {"action": "quotas__reset__p-blue"})
    assert answer.status_code == 302
    assert limits(service) == {}


def test_the_defaults_are_in_horizons_own_page(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    tab = "?tab=defaults__servicevm_quotas"
    text = admin.get(DEFAULTS + tab).content.decode()
    assert "Limits on service VMs of projects" in text
    assert "51200" in text
    assert "service's configuration" in text


def test_horizons_own_quota_form_has_a_step_for_them(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    service.quotas.change("p-blue", {"devices": 3})
    text = admin.get(STEP).content.decode()
    assert "Service VMs" in text
    answer = admin.post(
        STEP,
        {
            "servicevm_devices": "4",
            "servicevm_services": "50",
            "servicevm_vcpus": "20",
            "servicevm_ram": "51200",
            "servicevm_slots": "100",
        },
    )
    assert answer.status_code == 302
    assert limits(service) == {"devices": 4}


def test_a_service_that_is_down_does_not_keep_horizons_pages_shut(
    as_user: Callable[..., django.test.Client],
) -> None:
    with FakeServicevm() as gone:
        where = gone.url
    client = as_user("admin", "member", url=where)
    answer = client.get(f"{DEFAULTS}?tab=defaults__servicevm_quotas")
    assert b"does not answer" in answer.content
    assert client.get(STEP).status_code == 200
