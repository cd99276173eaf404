"""The pages of operations and events, over HTTP to the service."""

from collections.abc import Callable
from typing import Any

import django.test
import pytest
from django.core.cache import cache
from django.urls import reverse

from servicevm_dashboard import timeline, words
from servicevm_dashboard.api import names
from servicevmclient.testing import FakeServicevm
from servicevmclient.v1.operation import Operation
from tests.dashboard.unit import conftest
from tests.dashboard.unit.panels import world

INDEX = reverse("horizon:project:servicevm_operations:index")
EVENTS = reverse("horizon:project:servicevm_operations:events")
ADMIN_INDEX = reverse("horizon:admin:servicevm_operations:index")
AJAX = {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}


def url(row: world.Json) -> str:
    return reverse(
        "horizon:project:servicevm_operations:detail", args=[row["id"]]
    )


def act(
    browser: django.test.Client, action: str, *rows: world.Json
) -> list[str]:
    answer = browser.post(
        INDEX,
        {
            "action": f"operations__{action}",
            "object_ids": [row["id"] for row in rows],
        },
        follow=True,
    )
    return [str(one) for one in answer.context["messages"]]


@pytest.mark.parametrize(
    ("page", "sentence"),
    [(INDEX, "No operations yet"), (EVENTS, "No events yet")],
)
def test_an_empty_list_says_what_to_do(
    member: django.test.Client, page: str, sentence: str
) -> None:
    text = member.get(page).content.decode()
    assert sentence in text
    assert "create a device to begin" in text


def test_an_operation_is_told_in_words(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(service, "lb1")
    world.operation(service, row, "create", step="boot", state="RUNNING")
    world.calls(service)
    text = member.get(INDEX).content.decode()
    assert "Create device lb1" in text
    assert "You" in text
    assert "Step 2 of 5: Start the machine" in text
    assert world.calls(service) == ["GET /v1/operations"]


def test_who_asked_is_told_to_whom_may_know(
    as_user: Callable[..., django.test.Client], service: FakeServicevm
) -> None:
    device = world.device(service)
    rows = {
        who: world.operation(service, device, "reboot", **more)
        for who, more in {
            "You": {"user_id": "u1"},
            "noah": {"user_id": "u2"},
            "System": {"initiator": "system"},
            "Another user": {"user_id": "u3"},
        }.items()
    }
    member = as_user("member", "reader")
    text = member.get(INDEX).content.decode()
    # Who knows whether an administrator is a member of the project?
    assert "Another user" in text
    assert "member of the project" not in text
    assert "noah" not in text
    admin = as_user("admin", "member", "reader")
    where = "horizon:admin:servicevm_operations:"
    world.calls(service)
    text = admin.get(reverse(f"{where}index")).content.decode()
    assert world.calls(service) == ["GET /v1/operations"]
    for who, row in rows.items():
        assert who in text
        page = admin.get(reverse(f"{where}detail", args=[row["id"]]))
        assert who in page.content.decode()


@pytest.mark.usefixtures("no_names")
def test_names_that_keystone_does_not_give_are_only_missed(
    as_user: Callable[..., django.test.Client], service: FakeServicevm
) -> None:
    cache.clear()
    device = world.device(service)
    world.operation(service, device, "reboot", user_id="u2")
    page = as_user("admin", "member", "reader").get(
        reverse("horizon:admin:servicevm_operations:index")
    )
    assert page.status_code == 200
    assert "Another user" in page.content.decode()


@pytest.mark.usefixtures("no_names")
def test_keystone_is_not_asked_at_each_look_for_what_it_does_not_give(
    as_user: Callable[..., django.test.Client], service: FakeServicevm
) -> None:
    world.operation(service, world.device(service), "reboot", user_id="u2")
    admin = as_user("admin", "member", "reader")
    conftest.ASKED.clear()
    for _look in range(3):
        admin.get(ADMIN_INDEX, {"fragment": "rows"}, **AJAX)
    assert conftest.ASKED.count("/v3/users") == 1
    assert conftest.ASKED.count("/v3/projects") == 1


@pytest.mark.parametrize("most", [1, 5000])
def test_of_very_many_users_only_those_on_the_page_are_kept(
    as_user: Callable[..., django.test.Client],
    service: FakeServicevm,
    monkeypatch: pytest.MonkeyPatch,
    most: int,
) -> None:
    monkeypatch.setattr(names, "MOST", most)
    cache.clear()
    device = world.device(service)
    world.operation(service, device, "reboot", user_id="u2")
    admin = as_user("admin", "member", "reader")
    conftest.ASKED.clear()
    for _look in range(3):
        page = admin.get(ADMIN_INDEX, {"project_id": "p-blue"})
        assert "blue" in page.content.decode()
        page = admin.get(ADMIN_INDEX)
        assert "noah" in page.content.decode()
        # All projects are offered all the same.
        assert "blue" in page.content.decode()
    assert conftest.ASKED.count("/v3/users") == 1
    (key,) = (one for one in cache._cache if "servicevm:users" in one)
    kept = cache.get(key.partition(":1:")[2])[1]
    assert sorted(kept) == (["u2"] if most == 1 else ["u1", "u2"])
    cache.clear()


def test_what_is_gone_keeps_its_name_without_a_way_to_it(
    member: django.test.Client, service: FakeServicevm
) -> None:
    device = world.device(service, "lb1")
    row = world.operation(service, device, "create", state="SUCCEEDED")
    where = reverse(
        "horizon:project:servicevm_devices:detail", args=[device["id"]]
    )
    assert where in member.get(url(row)).content.decode()
    del service.store.rows["devices"][device["id"]]
    row["resource_name"] = "lb1"
    text = member.get(url(row)).content.decode()
    assert "Create device lb1" in text
    assert "It is gone." in text
    assert where not in text
    assert "Create device lb1" in member.get(INDEX).content.decode()


@pytest.mark.parametrize(
    ("more", "offered"),
    [
        ({"state": "RUNNING"}, {"cancel"}),
        ({"state": "FAILED"}, {"retry"}),
        ({"state": "CANCELLED"}, {"retry"}),
        ({"state": "SUCCEEDED"}, set()),
    ],
    ids=lambda value: value.get("state") if isinstance(value, dict) else "",
)
def test_actions_are_those_that_make_sense(
    member: django.test.Client,
    service: FakeServicevm,
    more: dict[str, Any],
    offered: set[str],
) -> None:
    row = world.operation(service, world.device(service), "create", **more)
    text = member.get(INDEX).content.decode()
    found = {
        name
        for name in ("cancel", "retry")
        if f"operations__{name}__{row['id']}" in text
    }
    assert found == offered


@pytest.mark.parametrize(
    ("action", "more", "reason"),
    [
        ("cancel", {"state": "SUCCEEDED"}, "It has ended already."),
        ("cancel", {"action": "delete"}, "A deletion can not be cancelled."),
        ("cancel", {"cancel_requested": True}, "being cancelled already"),
        ("retry", {"state": "RUNNING"}, "Only what failed"),
        ("retry", {"state": "FAILED", "resource_id": "x"}, "is gone."),
    ],
)
def test_what_is_not_possible_says_why(
    member: django.test.Client,
    service: FakeServicevm,
    action: str,
    more: dict[str, Any],
    reason: str,
) -> None:
    row = world.operation(service, world.device(service), "create")
    row |= more
    world.calls(service)
    messages = act(member, action, row)
    assert any(reason in one for one in messages), messages
    assert not [one for one in world.calls(service) if "POST" in one]


def test_a_member_cancels_what_is_the_members_own_only(
    as_user: Callable[..., django.test.Client], service: FakeServicevm
) -> None:
    row = world.operation(
        service, world.device(service), "create", user_id="another"
    )
    messages = act(as_user("member", "reader"), "cancel", row)
    assert any("not allowed" in one for one in messages)
    messages = act(as_user("manager", "member", "reader"), "cancel", row)
    assert row["state"] == "CANCELLED"


def test_an_operation_shows_what_was_done_and_what_is_to_come(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.operation(service, world.device(service, "lb1"), "create")
    world.calls(service)
    text = member.get(url(row)).content.decode()
    assert world.calls(service) == [f"GET /v1/operations/{row['id']}"]
    assert "Reserve addresses" in text
    assert "To come" in text
    assert "Put into service" in text


def test_a_poll_of_an_operation_says_how_far_it_is(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.operation(service, world.device(service, "lb1"), "create")
    found = member.get(f"{url(row)}?fragment=overview", **AJAX).json()
    assert found["said"].startswith("Create device lb1: Running, Step 2")


# -- words ------------------------------------------------------------------


def test_the_plans_are_the_services_own() -> None:
    from servicevm import plans

    assert {
        (str(kind), str(action)): steps
        for (kind, action), steps in plans.PLANS.items()
    } == timeline.PLANS


def test_there_are_words_for_all_that_is_planned() -> None:
    assert set(words.OPERATION_NAME) >= set(timeline.PLANS)
    steps = {step for plan in timeline.PLANS.values() for step in plan}
    assert steps == set(words.STEP)


@pytest.mark.parametrize(
    ("began", "ended", "text"),
    [
        (None, None, ""),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:03.25Z", "3.2 seconds"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:42Z", "42 seconds"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:05:10Z", "5 minutes"),
        ("2026-01-01T00:00:01Z", "2026-01-01T00:00:00Z", "0.0 seconds"),
    ],
)
def test_durations(began: str | None, ended: str | None, text: str) -> None:
    assert timeline.duration(began, ended) == text


def test_a_step_of_a_newer_service_is_told_as_it_is() -> None:
    operation = Operation(
        {
            "id": "o",
            "resource_type": "device",
            "resource_name": "lb1",
            "action": "migrate",
            "state": "RUNNING",
            "step": "copy_disk",
            "steps": [],
        }
    )
    assert timeline.progress(operation) == "copy_disk"
    assert timeline.name(operation) == "migrate lb1"


def test_what_is_to_come_is_known_after_a_retry_too() -> None:
    def step(name: str, state: str) -> dict[str, Any]:
        times = dict.fromkeys(("started_at", "finished_at"))
        return {
            "name": name,
            "state": state,
            "attempts": 1,
            "message": "",
            **times,
        }

    operation = Operation(
        {
            "id": "o",
            "resource_type": "device",
            "resource_name": "lb1",
            "action": "create",
            "state": "RUNNING",
            "step": "boot",
            "steps": [
                step("allocate", "SUCCEEDED"),
                step("boot", "SUCCEEDED"),
                step("wait_running", "FAILED"),
                step("allocate", "SUCCEEDED"),
                step("boot", "RUNNING"),
            ],
        }
    )
    to_come = [
        str(one.name) for one in timeline.moments(operation) if not one.state
    ]
    assert to_come == [
        "Wait until the machine runs",
        "Wait until it can be managed",
        "Put into service",
    ]
