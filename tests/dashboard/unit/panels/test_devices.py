"""The devices' pages, over HTTP to the service."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import django.test
import pytest
import requests
from django.conf import settings
from django.urls import reverse
from openstack_auth import policy

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
    assert counted[0] == counted[1] <= 7


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
    assert set(asking) >= {"reboot", "heal", "delete"}
    for name, (tag, address) in asking.items():
        assert "btn-danger" in tag
        assert address == f"{INDEX}?fragment=hosted&action={name}"


def test_a_device_can_be_built_anew(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(service)
    assert act(member, INDEX, "rebuild", row) == ["Rebuilding Device: edge"]
    (operation,) = service.store.rows["operations"].values()
    assert operation["action"] == "rebuild"
    building = world.device(
        service, "new", provisioning_status="PENDING_CREATE"
    )
    (sentence,) = act(member, INDEX, "rebuild", building)
    assert "It is still being built." in sentence


@pytest.mark.parametrize(
    ("provisioning", "operating", "why"),
    [
        ("ACTIVE", "DEAD", ""),
        ("ACTIVE", "UNRESPONSIVE", ""),
        ("ERROR", "UNKNOWN", ""),
        ("ACTIVE", "ONLINE", "It is not lost: there is nothing to heal."),
        ("PENDING_UPDATE", "DEAD", "It is being changed: wait"),
        ("PENDING_CREATE", "UNKNOWN", "It is still being built."),
        ("PENDING_DELETE", "DEAD", "It is being deleted."),
    ],
)
@pytest.mark.parametrize("where", ["project", "admin"])
def test_what_is_lost_can_be_healed_at_once_and_nothing_else(
    as_user: Callable[..., django.test.Client],
    service: FakeServicevm,
    where: str,
    provisioning: str,
    operating: str,
    why: str,
) -> None:
    row = world.device(
        service, provisioning_status=provisioning, operating_status=operating
    )
    page = INDEX.replace("/project/", f"/{where}/")
    user = as_user("admin", "member", "reader")
    (sentence,) = act(user, page, "heal", row)
    if why:
        assert why in sentence
        assert not service.store.rows["operations"]
        return
    assert sentence == "Healing Device: edge"
    assert [
        target for method, target in service.requests if method == "POST"
    ] == [f"/v1/devices/{row['id']}/heal"]


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


@pytest.mark.parametrize(
    ("asked", "sent", "shown"),
    [
        ("web", "web", ["first", "second"]),
        (" web , blue,,web", "web,blue", ["first"]),
        ("green", "green", []),
        (" , ", None, ["first", "second", "third"]),
    ],
)
def test_devices_are_found_by_all_of_some_tags(
    member: django.test.Client,
    service: FakeServicevm,
    asked: str,
    sent: str | None,
    shown: list[str],
) -> None:
    world.device(service, "first", tags=["web", "blue"])
    world.device(service, "second", tags=["web"])
    world.device(service, "third")
    service.requests.clear()
    text = member.get(INDEX, {"tags": asked}).content.decode()
    (target,) = (path for _, path in service.requests if "/devices?" in path)
    assert parse_qs(urlsplit(target).query).get("tags") == (sent and [sent])
    for name in ("first", "second", "third"):
        assert (f">{name}<" in text) == (name in shown)


@pytest.mark.parametrize("panel", ["devices", "services"])
def test_a_tag_leads_to_what_else_has_it(
    member: django.test.Client, service: FakeServicevm, panel: str
) -> None:
    made = {"devices": world.device, "services": world.service}[panel]
    row = made(service, "one", tags=["a&b"])
    where = f"horizon:project:servicevm_{panel}"
    page = reverse(f"{where}:detail", args=[row["id"]])
    text = member.get(page).content.decode()
    link = f"{reverse(f'{where}:index')}?tags=a%26b"
    assert f'href="{link}"' in text
    assert ">one<" in member.get(link).content.decode()


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
