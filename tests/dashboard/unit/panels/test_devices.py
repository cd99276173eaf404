"""The devices' pages, over HTTP to the service."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import django.test
import pytest
import requests
from django.conf import settings
from django.urls import reverse
from openstack_auth import policy

from servicevm import errors
from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit.panels import world

INDEX = reverse("horizon:project:servicevm_devices:index")
EDGE = "11111111-1111-1111-1111-111111111111"
#: Of an action that is a button: its tag, and of that what it does.
ACTIONS = re.compile(r"<button[^>]*data-batch-action[^>]*>")
NAME = re.compile(r'value="devices__([a-z]+)')
CONSEQUENCES = re.compile(r'data-servicevm-consequences="([^"]*)"')
AJAX = {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}


def url(row: world.Json, name: str = "detail") -> str:
    return reverse(
        f"horizon:project:servicevm_devices:{name}", args=[row["id"]]
    )


def act(
    browser: django.test.Client, page: str, action: str, *rows: world.Json
) -> list[str]:
    """Do an action of the table; the messages after it."""
    answer = browser.post(
        page,
        {
            "action": f"devices__{action}",
            "object_ids": [row["id"] for row in rows],
        },
        follow=True,
    )
    return [str(one) for one in answer.context["messages"]]


# -- the list ---------------------------------------------------------------


def test_an_empty_list_says_what_to_do(member: django.test.Client) -> None:
    answer = member.get(INDEX)
    assert answer.status_code == 200
    assert b"create one to begin" in answer.content


def test_a_device_is_shown_by_name_and_human_words(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(service, provisioning_status="PENDING_CREATE")
    text = member.get(INDEX).content.decode()
    assert f'href="{url(row)}"' in text
    assert "Building" in text
    assert "PENDING_CREATE" not in text.replace('value="PENDING_CREATE"', "")
    assert "192.0.2.2" in text
    assert "192.0.2.1<" not in text


def test_the_index_takes_two_calls_and_a_poll_one(
    member: django.test.Client, service: FakeServicevm
) -> None:
    for number in range(30):
        world.device(service, f"edge-{number}")
    world.calls(service)
    member.get(INDEX)
    assert len(world.calls(service)) <= 2
    member.get(f"{INDEX}?fragment=rows")
    assert world.calls(service) == ["GET /v1/devices"]


def test_a_poll_has_each_row_with_what_to_say_of_it(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(service, operating_status="DEAD")
    found = member.get(f"{INDEX}?fragment=rows", **AJAX).json()
    assert [one["id"] for one in found["rows"]] == [row["id"]]
    assert found["rows"][0]["said"] == "edge: Dead"
    assert "<tr" in found["rows"][0]["html"]
    assert "1 item" in found["parts"]["pages"]


def test_how_long_nobody_need_do_anything_is_a_setting(
    member: django.test.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 'data-minutes="30"' in member.get(INDEX).content.decode()
    monkeypatch.setattr(
        settings, "SERVICEVM_REFRESH_MINUTES", 5, raising=False
    )
    assert 'data-minutes="5"' in member.get(INDEX).content.decode()


def test_policy_is_asked_no_more_often_for_more_rows(
    member: django.test.Client,
    service: FakeServicevm,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[object] = []

    def check(actions: object, *args: object) -> bool:
        asked.append(actions)
        return bool(policy.check(actions, *args))

    monkeypatch.setattr(settings, "POLICY_CHECK_FUNCTION", check)
    counted = []
    for rows, more in ((1, 1), (20, 19)):
        for number in range(more):
            world.device(service, f"edge-{number}")
        asked.clear()
        answer = member.get(f"{INDEX}?fragment=rows")
        assert len(answer.json()["rows"]) == rows
        counted.append(len(asked))
    assert counted[0] == counted[1] <= 6


def test_pages_keep_filter_and_sort_order_both_ways(
    member: django.test.Client, service: FakeServicevm
) -> None:
    for number in range(25):
        world.device(service, f"edge-{number:02}")
    world.device(service, "other")
    member.cookies["API_RESULT_PAGE_SIZE"] = "20"
    first = member.get(f"{INDEX}?name_prefix=edge&sort=name:desc")
    text = first.content.decode()
    assert "edge-24" in text
    assert "edge-04" not in text
    pager = first.context["table"].pager
    assert "name_prefix=edge" in pager.next
    assert "sort=name%3Adesc" in pager.next
    second = member.get(f"{INDEX}?{pager.next}")
    assert "edge-04" in second.content.decode()
    back = second.context["table"].pager.previous
    assert "edge-24" in member.get(f"{INDEX}?{back}").content.decode()


def test_a_sort_order_that_there_is_not_is_not_asked_for(
    member: django.test.Client, service: FakeServicevm
) -> None:
    world.device(service)
    for sort in ("secret:asc", "name:foo", "name:", "name:asc:asc"):
        service.requests.clear()
        answer = member.get(INDEX, {"sort": sort, "operating_status": "NO"})
        assert "edge" in answer.content.decode()
        asked = service.requests[0][1]
        assert "sort=created_at%3Adesc" in asked
        assert "operating_status" not in asked


def test_a_page_that_is_no_more_is_the_first_one(
    member: django.test.Client, service: FakeServicevm
) -> None:
    world.device(service)
    answer = member.get(f"{INDEX}?marker=gone&name_prefix=e", follow=True)
    assert answer.redirect_chain
    assert "name_prefix=e" in answer.redirect_chain[-1][0]
    assert "The list has changed" in answer.content.decode()


def test_nothing_that_fits_is_not_nothing_at_all(
    member: django.test.Client, service: FakeServicevm
) -> None:
    world.device(service)
    text = member.get(f"{INDEX}?name_prefix=zzz").content.decode()
    assert "Nothing fits the filter" in text
    assert "create one to begin" not in text


# -- actions ----------------------------------------------------------------


def test_what_is_not_possible_says_why_and_is_not_done(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(service, provisioning_status="PENDING_CREATE")
    text = member.get(INDEX).content.decode()
    assert 'data-servicevm-why="It is still being built."' in text
    assert f'id="devices__row_{row["id"]}__action_reboot__why"' in text
    assert 'aria-disabled="true"' in text
    world.calls(service)
    messages = act(member, INDEX, "reboot", row)
    assert any("It is still being built." in one for one in messages)
    assert not [one for one in world.calls(service) if "POST" in one]


def test_each_failure_of_many_has_its_reason(
    member: django.test.Client, service: FakeServicevm
) -> None:
    good, bad = world.device(service, "good"), world.device(service, "bad")
    path = f"POST /v1/devices/{bad['id']}/reboot"
    with service.failing(path, 409, "conflict", "It hosts what is not yours."):
        messages = act(member, INDEX, "reboot", good, bad)
    assert len(messages) == 2
    assert any("bad" in m and "It hosts what is not" in m for m in messages)
    assert any("good" in m and "Rebooting" in m for m in messages)


def test_a_service_that_goes_away_is_not_asked_for_each(
    member: django.test.Client, service: FakeServicevm
) -> None:
    rows = [world.device(service, f"edge-{one}") for one in range(3)]
    with service.failing("POST /v1/devices", 503, "unavailable", "Away."):
        world.calls(service)
        messages = act(member, INDEX, "reboot", *rows)
    assert len([one for one in world.calls(service) if "POST" in one]) == 1
    assert len(messages) == 3


def test_what_is_on_another_page_by_now_is_acted_on(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(service, "oldest")
    for number in range(30):
        world.device(service, f"edge-{number}")
    messages = act(member, f"{INDEX}?sort=name:asc", "delete", row)
    assert any("oldest" in one for one in messages)
    assert row["provisioning_status"] == "PENDING_DELETE"


def test_what_is_gone_by_now_is_told(
    member: django.test.Client, service: FakeServicevm
) -> None:
    messages = act(
        member, INDEX, "delete", {"id": "00000000-0000-0000-0000-000000000000"}
    )
    assert any("gone" in one for one in messages)


@pytest.mark.parametrize("page", [INDEX, url({"id": EDGE})])
def test_what_stops_services_asks_first_and_names_them(
    member: django.test.Client, service: FakeServicevm, page: str
) -> None:
    row = world.device(service, id=EDGE)
    service.store.rows["devices"] = {EDGE: row}
    found = ACTIONS.findall(member.get(page).content.decode())
    asking = {
        name: (tag, unescape(CONSEQUENCES.search(tag)[1]))
        for tag, name in ((tag, NAME.search(tag)[1]) for tag in found)
        if CONSEQUENCES.search(tag)
    }
    assert set(asking) >= {"reboot", "delete"}
    for name, (tag, address) in asking.items():
        assert "btn-danger" in tag
        assert address == f"{INDEX}?fragment=hosted&action={name}"


def test_the_services_of_devices_are_told_by_one_call(
    member: django.test.Client, service: FakeServicevm
) -> None:
    one, two = world.device(service, "one"), world.device(service, "two")
    world.service(service, "web", on=one)
    asked = {"fragment": "hosted", "action": "delete", "id": one["id"]}
    world.calls(service)
    found = member.get(INDEX, asked, **AJAX).json()
    assert found == {
        "said": "This service is deleted, too:",
        "names": ["web"],
        "more": "",
    }
    assert world.calls(service) == ["GET /v1/services"]
    for number in range(25):
        world.service(service, f"api-{number:02}", on=two)
    asked |= {"action": "reboot", "id": [one["id"], two["id"], "rubbish"]}
    found = member.get(INDEX, asked, **AJAX).json()
    assert found["said"] == "These services do not serve meanwhile:"
    assert found["names"][0] == "api-00 on two"
    assert len(found["names"]) == 20
    assert found["more"] == "And more."


def test_of_as_many_devices_as_a_page_has_no_request_is_too_long(
    member: django.test.Client,
    service: FakeServicevm,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [world.device(service) for _number in range(100)]
    for name, row in zip("ba", (rows[0], rows[-1]), strict=True):
        world.service(service, name, on=row)
    asked: list[str] = []
    send = requests.Session.send

    def watched(self: Any, request: Any, **more: Any) -> Any:
        asked.append(request.path_url)
        return send(self, request, **more)

    monkeypatch.setattr(requests.Session, "send", watched)
    query = {
        "fragment": "hosted",
        "action": "delete",
        "id": [row["id"] for row in rows],
    }
    found = member.get(INDEX, query, **AJAX).json()
    assert [name[0] for name in found["names"]] == ["a", "b"]
    # With its headers, uWSGI takes 4096 bytes of each.
    assert max(map(len, asked)) < 3000


def test_devices_without_services_are_said_to_have_none(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(service)
    asked = {"fragment": "hosted", "action": "delete", "id": row["id"]}
    found = member.get(INDEX, asked, **AJAX).json()
    assert (found["said"], found["names"]) == ("No services run there.", [])
    with service.failing("GET /v1/services", 503, "unavailable", "Away."):
        assert member.get(INDEX, asked, **AJAX).status_code == 503


def test_a_reader_is_offered_nothing(
    as_user: Callable[..., django.test.Client], service: FakeServicevm
) -> None:
    row = world.device(service)
    reader = as_user("reader")
    text = reader.get(INDEX).content.decode()
    assert "Reboot" not in text
    act(reader, INDEX, "delete", row)
    assert row["provisioning_status"] == "ACTIVE"


# -- a device ---------------------------------------------------------------


def test_a_page_of_a_device_takes_three_calls_at_most(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(service)
    world.operation(service, row, "reboot")
    world.calls(service)
    text = member.get(url(row)).content.decode()
    assert len(world.calls(service)) <= 3
    assert "Reboot device edge" in text
    # A look at an operation of the fake service carries out a step.
    assert "Step 3 of 5: Wait until its agent calls" in text


@pytest.mark.parametrize(
    "tab",
    [
        "interfaces",
        "services",
        "operations",
        "events",
        "console",
        "certificate",
    ],
)
def test_a_tab_takes_two_calls_at_most_and_none_before_it_is_opened(
    member: django.test.Client, service: FakeServicevm, tab: str
) -> None:
    row = world.device(service)
    world.service(service, on=row)
    world.operation(service, row, "reboot")
    world.event(service, row, "It fell.")
    world.calls(service)
    answer = member.get(f"{url(row)}?tab=device__{tab}", **AJAX)
    assert answer.status_code == 200
    assert 1 <= len(world.calls(service)) <= 2
    again = member.get(f"{url(row)}?fragment={tab}", **AJAX)
    assert again.status_code == 200
    assert len(world.calls(service)) <= 2
    assert "PENDING" not in again.json()["html"]


def test_what_is_wrong_comes_with_what_to_do(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(
        service,
        operating_status="DEAD",
        status_code="device_died",
        status_reason="The machine stopped.",
    )
    row["status_reason"] += f" {errors.DEVICE_DIED.hint}"
    text = member.get(url(row)).content.decode()
    assert "It does not run any more." in text
    assert "The machine stopped." in text
    assert text.count("Reboot the device to start it again.") == 1
    assert errors.DEVICE_DIED.hint not in text
    assert "text-success" not in text


def test_an_operation_that_ended_after_its_device_was_read_says_no_state(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(service, provisioning_status="PENDING_CREATE")
    world.operation(service, row, "create", state="SUCCEEDED")
    row["provisioning_status"] = "PENDING_CREATE"
    found = member.get(f"{url(row)}?fragment=overview", **AJAX).json()
    assert "It is being built." in found["html"]
    assert "Create device edge" in found["html"]
    assert "Succeeded" not in found["html"]


def test_a_poll_of_a_device_brings_its_actions(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(service, provisioning_status="PENDING_CREATE")
    found = member.get(f"{url(row)}?fragment=overview", **AJAX).json()
    assert found["said"] == "edge: Building"
    assert "It is still being built." in found["parts"]["actions"]
    row["provisioning_status"] = "ACTIVE"
    found = member.get(f"{url(row)}?fragment=overview", **AJAX).json()
    assert "It is still being built." not in found["parts"]["actions"]


def test_an_action_of_the_head_comes_back_to_the_page(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(service)
    answer = member.post(url(row), {"action": f"devices__reboot__{row['id']}"})
    assert answer["Location"] == url(row)
    assert row["provisioning_status"] == "PENDING_UPDATE"


def test_a_deletion_leads_to_the_list(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(service)
    answer = member.post(url(row), {"action": f"devices__delete__{row['id']}"})
    assert answer["Location"] == INDEX


def test_services_are_shown_with_their_members_health(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(service)
    world.service(service, on=row)
    html = member.get(f"{url(row)}?fragment=services", **AJAX).json()["html"]
    assert "Load balancer" in html
    assert "m2" in html
    assert "Offline" in html


def test_the_newest_operation_has_its_steps(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(service)
    world.operation(service, row, "create", state="SUCCEEDED")
    operation = world.operation(service, row, "reboot")
    operation["created_at"] = "2999-01-01T00:00:00.000000Z"
    service.store.fail_step = "reboot"
    answer = member.get(f"{url(row)}?fragment=operations", **AJAX).json()
    assert "Restart the machine" in answer["html"]
    assert "It was told to fail." in answer["html"]
    assert "Create device edge" in answer["html"]
    assert answer["said"] == "Reboot device edge: Failed"


def test_a_console_log_can_not_hide_what_it_says(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(service)
    service.store.consoles[row["id"]] = (
        "\x1b[31mred\x1b[0m\r\n<script>alert(1)</script>\x07\x1b]0;t\x07end"
    )
    html = member.get(f"{url(row)}?fragment=console", **AJAX).json()["html"]
    assert "red\n&lt;script&gt;" in html
    assert "\x1b" not in html
    assert "\x07" not in html
    assert "\N{SYMBOL FOR BELL}end" in html


def test_a_console_log_can_be_kept(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(service)
    answer = member.get(url(row, "console"))
    assert answer["Content-Type"].startswith("text/plain")
    assert "attachment" in answer["Content-Disposition"]
    assert answer.content == b"Booting edge\n"
    assert "max_bytes=1048576" in service.requests[-1][1]


@pytest.mark.parametrize(
    ("not_after", "sentence"),
    [
        ("2001-01-01T00:00:00Z", "It is over"),
        (None, "no certificate yet"),
        ("2999-01-01T00:00:00Z", "left"),
    ],
)
def test_a_certificate_says_how_long_it_is_good(
    member: django.test.Client,
    service: FakeServicevm,
    not_after: str | None,
    sentence: str,
) -> None:
    row = world.device(
        service,
        agent={
            "connected": True,
            "version": "1.2",
            "boot_id": "b",
            "connected_at": "2026-11-22T10:00:00Z",
            "last_seen": "2026-11-22T10:00:00Z",
            "certificate": not_after
            and {"serial": "abc123", "not_after": not_after},
        },
    )
    html = member.get(f"{url(row)}?fragment=certificate", **AJAX).json()
    assert sentence in html["html"]


def test_a_reader_does_see_the_console_only_if_policy_says_so(
    as_user: Callable[..., django.test.Client], service: FakeServicevm
) -> None:
    row = world.device(service)
    assert "Console Log" in as_user("member").get(url(row)).content.decode()
    nobody = as_user("nobody").get(url(row), follow=True)
    assert "Console Log" not in nobody.content.decode()


def test_templates_on_the_page_can_be_filtered_by(
    member: django.test.Client, service: FakeServicevm
) -> None:
    one, two = (world.template(service, name) for name in ("small", "large"))
    world.device(service, "first", template_id=one["id"])
    world.device(service, "second", template_id=two["id"])
    text = member.get(INDEX).content.decode()
    assert f'<option value="{one["id"]}">small</option>' in text
    assert f'<option value="{two["id"]}">large</option>' in text
    text = member.get(f"{INDEX}?template_id={one['id']}").content.decode()
    assert f'<option value="{one["id"]}" selected>small</option>' in text
    assert ">first<" in text
    assert ">second<" not in text
