"""From a service's members to a form for one more."""

from collections.abc import Callable

import django.test
from django.urls import reverse

from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit.html_form import HtmlForm
from tests.dashboard.unit.panels import world

AJAX = {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}
PANEL = "horizon:project:servicevm_services"


def tab(client: django.test.Client, row: world.Json) -> str:
    """The members, as they are read again."""
    url = reverse(f"{PANEL}:detail", args=[row["id"]])
    answer = client.get(f"{url}?fragment=members", **AJAX)
    return str(answer.json()["html"])


def edit(row: world.Json, pool: int) -> str:
    url = reverse(f"{PANEL}:edit", args=[row["id"]])
    return f"{url}?add=config%2Fpools%2F{pool}%2Fmembers"


def test_members_lead_to_a_form_with_one_more(
    service: FakeServicevm, member: django.test.Client
) -> None:
    row = world.service(service)
    html = tab(member, row)
    assert html.count(f'href="{edit(row, 0)}"') == 1
    assert "Add Member" in html
    (pool,) = world.CONFIG["pools"]
    row["config"] = {"pools": [{**pool, "name": "a"}, pool]}
    html = tab(member, row)
    for number, name in enumerate("ap"):
        assert f'href="{edit(row, number)}"' in html
        assert f"Add Member to {name}" in html


def test_pools_without_names_are_told_by_their_numbers(
    service: FakeServicevm, member: django.test.Client
) -> None:
    row = world.service(service)
    row["config"] = {"pools": [{"members": []}, {"members": []}]}
    html = tab(member, row)
    assert "Add Member to 1" in html
    assert "Add Member to 2" in html


def test_the_form_begins_with_one_more(
    service: FakeServicevm, member: django.test.Client
) -> None:
    row = world.service(service)
    pool = {"type": "object", "properties": {"members": {"type": "array"}}}
    service.store.add(
        "service_types",
        {
            "name": "loadbalancer",
            "config_schema": {
                "type": "object",
                "properties": {"pools": {"type": "array", "items": pool}},
            },
        },
    )
    html = member.get(edit(row, 0)).content.decode()
    assert 'data-schema-begin="config/pools/0/members"' in html
    # It is sent, and shown again, without another one.
    sent = HtmlForm(html).filled(**{"details/name": ""})
    url = reverse(f"{PANEL}:edit", args=[row["id"]])
    assert f'action="{url}"' in html
    assert "data-schema-begin" not in member.post(url, sent).content.decode()


def test_while_it_is_deleted_none_can_be_added(
    service: FakeServicevm, member: django.test.Client
) -> None:
    row = world.service(service, provisioning_status="PENDING_DELETE")
    html = tab(member, row)
    assert 'data-servicevm-why="It is being deleted."' in html
    # What a tooltip takes away, actions.js puts back by the id of the link.
    assert 'id="servicevm-add-1" class=' in html
    assert 'aria-describedby="servicevm-add-1__why"' in html
    assert 'id="servicevm-add-1__why">It is being deleted.<' in html


def test_who_may_not_change_it_is_not_led_there(
    service: FakeServicevm, as_user: Callable[..., django.test.Client]
) -> None:
    row = world.service(service)
    assert "?add=" not in tab(as_user("reader"), row)
    row["managed_by"] = "neutron"
    assert "?add=" not in tab(as_user("member"), row)


def test_a_service_without_pools_has_no_members_to_add(
    service: FakeServicevm, member: django.test.Client
) -> None:
    for config in ({}, {"pools": 7}, {"pools": ["p", {"name": "p"}]}):
        row = world.service(service, config=config)
        assert "?add=" not in tab(member, row)
