"""The administrator's lists: the project's, over all projects."""

from collections.abc import Callable

import django.test
import pytest
from django.core.cache import caches
from django.urls import reverse

from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit.html_form import HtmlForm
from tests.dashboard.unit.panels import world

PAGES = [
    "servicevm_overview:index",
    "servicevm_devices:index",
    "servicevm_services:index",
    "servicevm_templates:index",
    "servicevm_operations:index",
    "servicevm_operations:events",
    "servicevm_processes:index",
    "servicevm_quotas:index",
    "servicevm_breakers:index",
    "servicevm_usage:index",
]


def url(name: str) -> str:
    return reverse(f"horizon:admin:{name}")


@pytest.fixture
def admin(as_user: Callable[..., django.test.Client]) -> django.test.Client:
    return as_user("admin", "member", "reader")


@pytest.mark.parametrize("page", PAGES)
def test_an_administrator_sees_it_open(
    admin: django.test.Client, page: str
) -> None:
    assert admin.get(url(page)).status_code == 200


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "roles", [("member", "reader"), ("reader",), ("stranger",)]
)
def test_nobody_else_does(
    as_user: Callable[..., django.test.Client],
    page: str,
    roles: tuple[str, ...],
) -> None:
    assert as_user(*roles).get(url(page)).status_code == 403


@pytest.mark.parametrize("page", PAGES)
def test_a_service_that_is_down_leaves_the_page_open_and_says_so(
    as_user: Callable[..., django.test.Client], page: str
) -> None:
    with FakeServicevm() as gone:
        where = gone.url
    answer = as_user("admin", "member", url=where).get(url(page))
    assert answer.status_code == 200
    assert b"does not answer" in answer.content


def test_devices_of_all_projects_are_asked_for_and_named_by_project(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    service.store.add("devices", {"name": "d1", "project_id": "p-blue"})
    text = admin.get(url("servicevm_devices:index")).content.decode()
    assert "all_projects=true" in service.requests[0][1]
    assert "blue" in text
    assert len(service.requests) <= 2


def test_devices_can_be_filtered_by_project(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    service.store.add("devices", {"name": "d-red", "project_id": "p-red"})
    service.store.add("devices", {"name": "d-blue", "project_id": "p-blue"})
    text = admin.get(
        url("servicevm_devices:index"), {"project_id": "p-blue"}
    ).content.decode()
    assert "d-blue" in text
    assert "d-red" not in text


def test_links_stay_in_the_admin_dashboard(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    device = service.store.add("devices", {"name": "d1"})
    text = admin.get(url("servicevm_devices:index")).content.decode()
    assert f"/admin/servicevm_devices/{device['id']}/" in text
    assert f"/project/servicevm_devices/{device['id']}/" not in text


def test_a_device_of_any_project_is_edited_within_the_admin_dashboard(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(service, "edge", project_id="p-blue")
    where = reverse("horizon:admin:servicevm_devices:edit", args=[row["id"]])
    page = admin.get(url("servicevm_devices:index")).content.decode()
    assert f'href="{where}"' in page
    form = HtmlForm(admin.get(where).content.decode())
    answer = admin.post(where, form.filled(**{"details/tags": "moved"}))
    assert answer.url == reverse(
        "horizon:admin:servicevm_devices:detail", args=[row["id"]]
    )
    assert row["tags"] == ["moved"]
    assert row["project_id"] == "p-blue"


@pytest.mark.parametrize(
    ("plural", "panel", "more"),
    [
        ("devices", "servicevm_devices", {}),
        ("services", "servicevm_services", {"service_type": "loadbalancer"}),
        ("device_templates", "servicevm_templates", {}),
    ],
    ids=["device", "service", "template"],
)
def test_details_open_with_three_calls_at_most(
    admin: django.test.Client,
    service: FakeServicevm,
    plural: str,
    panel: str,
    more: dict[str, str],
) -> None:
    row = service.store.add(plural, {"name": "it", **more})
    where = reverse(f"horizon:admin:{panel}:detail", args=[row["id"]])
    assert admin.get(where).status_code == 200
    assert len(service.requests) <= 3


def test_the_overview_counts_all_projects_and_names_them(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    service.store.add(
        "devices",
        {
            "name": "broken",
            "project_id": "p-blue",
            "provisioning_status": "ERROR",
        },
    )
    text = admin.get(url("servicevm_overview:index")).content.decode()
    failing = text.split('id="servicevm-failing-table"')[1].split("</table")[0]
    assert "blue" in failing
    assert all(
        "all_projects=true" in path for _method, path in service.requests
    )


def test_the_names_of_projects_are_looked_up_once_however_many_rows(
    admin: django.test.Client,
    service: FakeServicevm,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(10):
        world.device(service, f"edge-{number}")
    page = url("servicevm_devices:index")
    assert b"red" in admin.get(page).content
    asked: list[str] = []
    kind = type(caches["default"])
    read = kind.get

    def get(own: object, key: str, *more: object, **told: object) -> object:
        asked.append(key)
        return read(own, key, *more, **told)

    monkeypatch.setattr(kind, "get", get)
    assert admin.get(page).status_code == 200
    assert len([key for key in asked if "projects" in key]) == 1
