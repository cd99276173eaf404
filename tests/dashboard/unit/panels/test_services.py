"""The services' pages, over HTTP to the service."""

from collections.abc import Callable

import django.test
import pytest
from django.core.cache import cache
from django.urls import reverse

from servicevm_dashboard.panels.services import reading
from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit.panels import world

INDEX = reverse("horizon:project:servicevm_services:index")
AJAX = {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}
STATS = {
    "listeners": [
        {
            "name": "web",
            "protocol": "http",
            "port": 80,
            "connections_active": 3,
            "connections_total": 1234,
            "requests_total": 4321,
            "bytes_in": 2048,
            "bytes_out": 4096,
            "errors_total": 5,
        }
    ],
    "pools": [
        {
            "name": "p",
            "connections_active": 3,
            "members": [{"name": "m1", "connections_total": 77}],
        }
    ],
}


def url(row: world.Json, name: str = "detail") -> str:
    return reverse(
        f"horizon:project:servicevm_services:{name}", args=[row["id"]]
    )


@pytest.fixture(autouse=True)
def kind(service: FakeServicevm) -> world.Json:
    """The service type, with an action besides its statistics."""
    cache.clear()
    return service.store.add(
        "service_types",
        {
            "name": "loadbalancer",
            "version": 1,
            "description": "",
            "slots": 1,
            "config_schema": {"type": "object"},
            "actions": {
                "stats": {"type": "object", "properties": {}},
                "drain": {
                    "type": "object",
                    "properties": {"member": {"type": "string"}},
                    "required": ["member"],
                    "additionalProperties": False,
                },
            },
        },
    )


def test_an_empty_list_says_what_to_do(member: django.test.Client) -> None:
    assert "create one to begin" in member.get(INDEX).content.decode()


def test_a_service_is_shown_with_where_it_is_reached(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.service(service)
    world.calls(service)
    text = member.get(INDEX).content.decode()
    assert len(world.calls(service)) <= 2
    assert f'href="{url(row)}"' in text
    assert 'href="http://192.0.2.2:80"' in text
    assert "Load balancer" in text
    assert "1 of 2 up" in text
    device = reverse(
        "horizon:project:servicevm_devices:detail", args=[row["device_id"]]
    )
    assert f'href="{device}"' in text


def test_a_type_that_nobody_knew_can_be_filtered_by(
    member: django.test.Client, service: FakeServicevm
) -> None:
    world.service(service, service_type="firewall-2")
    other = world.service(service, "other")
    assert '<option value="firewall-2">' in member.get(INDEX).content.decode()
    text = member.get(INDEX, {"service_type": "firewall-2"}).content.decode()
    assert '<option value="firewall-2" selected>' in text
    assert url(other) not in text


@pytest.mark.parametrize(
    ("endpoint", "shown"),
    [
        (("http", "192.0.2.1", 80), ("http://192.0.2.1:80",) * 2),
        (("tcp", "2001:db8::1", 25), ("tcp://[2001:db8::1]:25", "")),
        (("javascript", "x", 1), ("javascript://x:1", "")),
    ],
)
def test_only_what_a_browser_understands_is_a_link(
    endpoint: tuple[str, str, int], shown: tuple[str, str]
) -> None:
    keys = ("protocol", "address", "port")
    assert reading.url(dict(zip(keys, endpoint, strict=True))) == shown


def test_actions_of_another_region_are_not_taken_for_those_of_this_one(
    as_user: Callable[..., django.test.Client], service: FakeServicevm
) -> None:
    here = world.service(service)
    assert b"Other Actions" in as_user("member").get(url(here)).content
    with FakeServicevm() as other:
        other.store.add("service_types", {"name": "loadbalancer", "slots": 1})
        there = world.service(other)
        browser = as_user("member", url=other.url)
        assert b"Other Actions" not in browser.get(url(there)).content


def test_a_page_of_a_service_takes_three_calls_at_most(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.service(service)
    world.operation(service, row, "update")
    world.calls(service)
    text = member.get(url(row)).content.decode()
    assert len(world.calls(service)) <= 3
    assert "Update service web" in text
    assert "Other Actions" in text
    assert "Pools: 1" in text


def test_a_dead_service_says_when_it_is_healed(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.service(
        service,
        operating_status="DEAD",
        status_code="service_died",
        healing={
            "began_at": "2026-12-01T07:59:00Z",
            "attempts": 1,
            "gave_up": False,
            "waits_for": None,
            "next_action": "restart",
            "next_at": "2026-11-01T08:00:00Z",
        },
    )
    text = member.get(url(row)).content.decode()
    assert "Nothing: it is about to be healed.<" in text
    assert "Restart, as soon as possible." in text
    assert "1 attempt so far." in text
    row["healing"] = None
    text = member.get(url(row)).content.decode()
    assert "Change its configuration and save it" in text


@pytest.mark.parametrize(
    "tab", ["members", "statistics", "configuration", "operations", "events"]
)
def test_a_tab_takes_two_calls_at_most(
    member: django.test.Client, service: FakeServicevm, tab: str
) -> None:
    row = world.service(service, stats=STATS)
    world.operation(service, row, "update")
    world.calls(service)
    answer = member.get(f"{url(row)}?tab=service__{tab}", **AJAX)
    assert answer.status_code == 200
    assert 1 <= len(world.calls(service)) <= 2
    assert member.get(f"{url(row)}?fragment={tab}", **AJAX).status_code == 200
    assert len(world.calls(service)) <= 2


def test_members_have_addresses_and_health(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.service(service)
    html = member.get(f"{url(row)}?fragment=members", **AJAX).json()["html"]
    assert "192.0.2.8" in html
    assert "port 8080" in html
    assert "Offline" in html


def test_members_that_nobody_checks_are_told_to_be(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.service(service)
    (pool,) = world.CONFIG["pools"]
    checked = {**pool, "health_monitor": {"type": "http"}}
    for config, said, type_ in (
        (world.CONFIG, True, "loadbalancer"),
        ({**world.CONFIG, "pools": [checked]}, False, "loadbalancer"),
        ({"pools": [{"name": "q", "members": []}]}, False, "loadbalancer"),
        # What another type of service calls so may be something else.
        (world.CONFIG, False, "firewall"),
    ):
        row |= {"config": config, "service_type": type_}
        for tab, words in (
            ("overview", "Nobody checks the members of p,"),
            ("members", "Its pool has no health monitor."),
        ):
            shown = member.get(f"{url(row)}?fragment={tab}", **AJAX).json()
            assert (words in shown["html"]) == said, (config, tab)


def test_statistics_are_a_table_and_what_charts_need(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.service(service, stats=STATS)
    page = member.get(f"{url(row)}?tab=service__statistics", **AJAX)
    assert "data-servicevm-charts" in page.content.decode()
    found = member.get(f"{url(row)}?fragment=statistics", **AJAX).json()
    assert found["stats"] == STATS
    assert found["at"] > 0
    for text in ("Listener web", "1234", "2.0\xa0KB", "Member m1", "77"):
        assert text in found["html"]


def test_statistics_of_a_device_that_is_away_say_so_and_are_tried_again(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.service(service)
    path = f"GET /v1/services/{row['id']}/stats"
    with service.failing(path, 503, "agent_not_connected", "It is away."):
        page = member.get(f"{url(row)}?tab=service__statistics", **AJAX)
        again = member.get(f"{url(row)}?fragment=statistics", **AJAX)
    text = page.content.decode()
    assert page.status_code == 200
    assert "It is away." in text
    assert "data-servicevm-live" in text
    assert again.status_code == 503
    assert "It is away." in again.json()["error"]


def test_a_configuration_is_readable_and_says_whether_it_is_in_force(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.service(service)
    page = f"{url(row)}?fragment=configuration"
    html = member.get(page, **AJAX).json()["html"]
    assert "listeners:\n- name: web" in html
    assert "This is in force." in html
    row["generation"] = 2
    assert "not in force yet" in member.get(page, **AJAX).json()["html"]


def test_a_service_that_neutron_owns_is_not_deleted_here(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.service(service, managed_by="neutron")
    assert (
        f"services__delete__{row['id']}"
        not in member.get(INDEX).content.decode()
    )
    assert (
        "Change and delete it there." in member.get(url(row)).content.decode()
    )


def test_an_action_of_its_type_is_a_form_and_its_result_is_shown(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.service(service, drain={"left": 3})
    page = member.get(url(row, "action"))
    assert "Do drain on web" in page.content.decode()
    assert "stats" not in page.content.decode().split("nav-pills")[1][:400]
    sent = {
        "action": "drain",
        "arguments/member": "m1",
        "arguments/?sent": "1",
    }
    answer = member.post(url(row, "action"), sent)
    assert "left: 3" in answer.content.decode()


def test_an_action_that_is_refused_says_why(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.service(service)
    sent = {
        "action": "drain",
        "arguments/member": "m1",
        "arguments/?sent": "1",
    }
    with service.failing("POST", 409, "conflict", "Not while it is built."):
        answer = member.post(url(row, "action"), sent)
    assert "Not while it is built." in answer.content.decode()
    member.post(url(row, "action"), {"action": "explode"})
    assert not [t for m, t in service.requests if "explode" in t]
