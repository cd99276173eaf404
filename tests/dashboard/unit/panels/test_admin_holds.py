"""Operators' holds, over HTTP to the service."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import django.test
import pytest
from django.urls import reverse

from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit.panels import world

INDEX = reverse("horizon:admin:servicevm_holds:index")
SET = reverse("horizon:admin:servicevm_holds:set")
BLANK = {
    "scope": "everything",
    "device_id": "",
    "template_id": "",
    "project_id": "",
    "reason": "Hands off",
    "hours": "",
}


@pytest.fixture
def admin(as_user: Callable[..., django.test.Client]) -> django.test.Client:
    return as_user("admin", "member", "reader")


def hold(service: FakeServicevm, scope: str, **more: Any) -> world.Json:
    return service.store.add(
        "holds",
        {"scope": scope, "target": None, "reason": "Hands off", **more},
    )


def holds(service: FakeServicevm) -> list[world.Json]:
    return list(service.store.rows["holds"].values())


def test_holds_are_listed_in_one_call_with_names_and_ends(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    device = world.device(service, "edge")
    hold(service, "device", target=device["id"], reason="Disk is swapped")
    hold(service, "project", target="p-blue")
    hold(service, "everything", expires_at="2999-12-01T08:00:00.000000Z")
    world.calls(service)
    text = admin.get(INDEX).content.decode()
    assert len(world.calls(service)) == 1
    for shown in (
        "Device edge",
        "Disk is swapped",
        "All devices of the project blue",
        "2999",
        "It is taken away",
    ):
        assert shown in text
    link = reverse(
        "horizon:admin:servicevm_devices:detail", args=[device["id"]]
    )
    assert f'href="{link}"' in text


def test_nothing_held_says_what_that_means(admin: django.test.Client) -> None:
    assert b"all that is automatic is at work" in admin.get(INDEX).content


def test_holds_are_filtered_by_what_is_held(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    hold(service, "everything", reason="Racks are moved")
    hold(service, "project", target="p-blue", reason="Trial")
    text = admin.get(INDEX, {"scope": "project"}).content.decode()
    assert "Trial" in text
    assert "Racks are moved" not in text


def test_holds_are_taken_away_together(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    rows = [hold(service, "everything"), hold(service, "device", target="d")]
    admin.post(
        INDEX,
        {
            "action": "holds__unset",
            "object_ids": [row["id"] for row in rows],
        },
    )
    assert not holds(service)


def test_what_is_chosen_is_held_and_nothing_else(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    device = world.device(service)
    for scope, target in (
        ("everything", None),
        ("device", device["id"]),
        ("template", device["template_id"]),
        ("project", "p-blue"),
    ):
        given = {
            **BLANK,
            "device_id": device["id"],
            "template_id": device["template_id"],
            "project_id": "p-blue",
            "scope": scope,
        }
        answer = admin.post(SET, given)
        assert answer.status_code == 302, answer.content.decode()
        made = holds(service)[-1]
        assert (made["scope"], made["target"]) == (scope, target)
        assert (made["reason"], made["expires_at"]) == ("Hands off", None)


def test_a_hold_ends_after_the_hours_that_are_given(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    before = datetime.now(UTC)
    admin.post(SET, {**BLANK, "hours": "2"})
    (made,) = holds(service)
    ends = datetime.fromisoformat(made["expires_at"])
    span = timedelta(hours=2)
    assert before + span <= ends <= datetime.now(UTC) + span


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": ""},
        {"hours": "0"},
        {"scope": "device"},
        {"scope": "device", "device_id": "edge"},
        {"scope": "template"},
        {"scope": "project", "project_id": "nobody"},
    ],
)
def test_what_leaves_open_what_is_meant_is_not_sent(
    admin: django.test.Client, service: FakeServicevm, wrong: dict[str, str]
) -> None:
    answer = admin.post(SET, {**BLANK, **wrong})
    assert answer.status_code == 200
    assert "has-error" in answer.content.decode()
    assert not holds(service)


def test_what_the_service_refuses_stands_at_its_field(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    service.refuse_next(
        "POST",
        "/v1/holds",
        400,
        "invalid_field",
        "The body",
        {"$.hold.device_id": "There is no device like that."},
    )
    device = "00000000-0000-4000-8000-00000000dead"
    given = {**BLANK, "scope": "device", "device_id": device}
    text = admin.post(SET, given).content.decode()
    assert "There is no device like that." in text
