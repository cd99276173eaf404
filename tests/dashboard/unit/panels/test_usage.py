"""What was used, over HTTP to the service."""

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import django.test
import pytest
from django.urls import reverse

from servicevm_dashboard.panels.usage import period
from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit.panels import world

INDEX = reverse("horizon:project:servicevm_usage:index")
ADMIN = reverse("horizon:admin:servicevm_usage:index")
NOVEMBER = {"first": "2026-11-01", "last": "2026-11-30"}
ASKED = {"start": ["2026-11-01T00:00:00Z"], "end": ["2026-12-01T00:00:00Z"]}


@pytest.fixture
def admin(as_user: Callable[..., django.test.Client]) -> django.test.Client:
    return as_user("admin", "member", "reader")


def used(service: FakeServicevm, row: world.Json, **more: Any) -> None:
    """A device or service was used in each period."""
    kind = "service" if "service_type" in row else "device"
    service.usage.resources.append(
        {
            "resource_type": kind,
            "resource_id": row["id"],
            "resource_name": row["name"],
            "device_id": row.get("device_id", row["id"]),
            "project_id": "fake",
            "template_id": None,
            "service_type": row.get("service_type"),
            "started_at": "2026-10-01T00:00:00.000000Z",
            "ended_at": None,
            "hours": 12.5,
            "vcpu_hours": 25.0,
            "ram_mib_hours": 6400.0,
            "slot_hours": 0.0,
            "connections": 0,
            "bytes_in": 0,
            "bytes_out": 0,
            **more,
        }
    )


def queries(service: FakeServicevm) -> list[tuple[str, dict[str, list[str]]]]:
    """Path and parameters of what was asked since the last time."""
    parts = [urlsplit(target) for _method, target in service.requests]
    service.requests.clear()
    return [(one.path, parse_qs(one.query)) for one in parts]


def test_a_page_of_usage_takes_two_calls_about_one_period(
    member: django.test.Client, service: FakeServicevm
) -> None:
    member.get(INDEX, NOVEMBER)
    found = queries(service)
    assert [path for path, _query in found] == [
        "/v1/usage/resources",
        "/v1/usage/own",
    ]
    for _path, query in found:
        assert {key: query[key] for key in ASKED} == ASKED


def test_what_was_used_is_told_in_all_and_one_by_one(
    member: django.test.Client, service: FakeServicevm
) -> None:
    edge, gone = world.device(service, "edge"), world.device(service, "gone")
    web = world.service(service, "web", on=edge)
    used(service, edge)
    used(service, gone, ended_at="2026-11-07T12:00:00.000000Z")
    used(service, web, connections=4321, bytes_out=3 * 1024**2)
    service.usage.projects["fake"] = {
        "device_hours": 1234.5,
        "ram_mib_hours": 2048.0,
    }
    text = member.get(INDEX, NOVEMBER).content.decode()
    for shown in (
        "1,234.50",
        "2.00",
        "12.50",
        "6.25",
        "4,321",
        "3.0\xa0MB",
        "It is there",
        "Nov. 7, 2026",
        "From Nov. 1, 2026 to Nov. 30, 2026",
    ):
        assert shown in text
    for row, panel, there in (
        (edge, "devices", True),
        (web, "services", True),
        (gone, "devices", False),
    ):
        link = reverse(
            f"horizon:project:servicevm_{panel}:detail", args=[row["id"]]
        )
        assert (f'href="{link}"' in text) is there


def test_nothing_used_is_said_as_that(member: django.test.Client) -> None:
    text = member.get(INDEX).content.decode()
    assert "Nothing was used in this period." in text
    assert "Show all" not in text


@pytest.mark.parametrize(
    ("given", "start", "end"),
    [
        ({}, "2026-12-01", "2026-12-11"),
        (NOVEMBER, "2026-11-01", "2026-12-01"),
        ({"last": "2026-11-07"}, "2026-11-01", "2026-11-08"),
        ({"first": "2026-11-07"}, "2026-11-07", "2026-12-11"),
        ({"first": "2027-01-05"}, "2027-01-05", "2027-01-06"),
    ],
)
def test_the_last_day_belongs_to_a_period(
    given: dict[str, str], start: str, end: str
) -> None:
    asked = period.asked(given, date(2026, 12, 10))
    assert asked == {
        "start": f"{start}T00:00:00Z",
        "end": f"{end}T00:00:00Z",
    }


def test_this_month_and_the_last_are_one_click_away() -> None:
    now = date(2026, 1, 10)
    found = period.offered(now, {}, project_id="p")
    assert [(str(word), query, shown) for word, query, shown in found] == [
        ("This month", "first=2026-01-01&last=2026-01-10&project_id=p", True),
        ("Last month", "first=2025-12-01&last=2025-12-31&project_id=p", False),
    ]


def test_days_that_are_none_are_not_asked_for(
    member: django.test.Client, service: FakeServicevm
) -> None:
    answer = member.get(INDEX, {"first": "yesterday", "last": "2026-11-07"})
    assert answer.status_code == 200
    for _path, query in queries(service):
        assert query["start"] == ["2026-11-01T00:00:00Z"]


@pytest.mark.parametrize("field", ["first", "last"])
def test_a_day_that_none_comes_after_is_not_asked_for(
    field: str, member: django.test.Client, service: FakeServicevm
) -> None:
    member.get(INDEX)
    by_itself = queries(service)
    answer = member.get(INDEX, {field: "9999-12-31"})
    assert answer.status_code == 200
    assert queries(service) == by_itself


def test_a_period_that_ends_before_it_begins_says_so(
    member: django.test.Client, service: FakeServicevm
) -> None:
    service.refuse_next(
        "GET",
        "/v1/usage/resources",
        400,
        "invalid_field",
        "The query",
        {"start": "The period must begin before it ends."},
    )
    answer = member.get(INDEX, {"first": "2026-11-07", "last": "2026-11-01"})
    said = " ".join(str(one) for one in answer.context["messages"])
    assert "The usage could not be read." in said


def test_who_may_see_no_total_sees_the_list(
    member: django.test.Client, service: FakeServicevm
) -> None:
    used(service, world.device(service, "edge"))
    with service.failing("GET /v1/usage/own", 403, "forbidden", "No."):
        answer = member.get(INDEX)
    assert "edge" in answer.content.decode()
    assert answer.context["totals"] is None


def test_an_administrator_sees_each_project_in_one_call(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    service.usage.projects |= {
        "fake": {"device_hours": 7.0},
        "p-blue": {"device_hours": 8.25},
    }
    text = admin.get(ADMIN, NOVEMBER).content.decode()
    ((path, query),) = queries(service)
    assert path == "/v1/usage"
    assert query == query | {"all_projects": ["true"], **ASKED}
    assert "8.25" in text
    link = reverse("horizon:admin:servicevm_usage:detail", args=["p-blue"])
    assert f'href="{link}?first=2026-11-01&amp;last=2026-11-30"' in text
    text = admin.get(ADMIN, {"project_id": "fake"}).content.decode()
    assert "7.00" in text
    assert "8.25" not in text


def test_an_administrator_sees_what_one_project_used(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    mine, theirs = world.device(service, "own"), world.device(service, "sky")
    used(service, mine)
    used(service, theirs, project_id="p-blue")
    service.requests.clear()
    url = reverse("horizon:admin:servicevm_usage:detail", args=["p-blue"])
    text = admin.get(url).content.decode()
    assert [path for path, _query in queries(service)] == [
        "/v1/usage/resources",
        "/v1/usage/p-blue",
    ]
    assert "Usage of blue" in text
    assert "sky" in text
    assert ">own<" not in text
    detail = reverse(
        "horizon:admin:servicevm_devices:detail", args=[theirs["id"]]
    )
    assert f'href="{detail}"' in text
    assert f'href="{ADMIN}"' in text
