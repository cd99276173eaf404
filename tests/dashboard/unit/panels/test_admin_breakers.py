"""Where healing stopped, over HTTP to the service."""

from collections.abc import Callable

import django.test
import pytest
from django.urls import reverse

from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit.panels import world

INDEX = reverse("horizon:admin:servicevm_breakers:index")


@pytest.fixture
def admin(as_user: Callable[..., django.test.Client]) -> django.test.Client:
    return as_user("admin", "member", "reader")


def breaker(
    service: FakeServicevm, name: str, **more: object
) -> dict[str, object]:
    return service.store.add("breakers", {"name": name, **more})


def do(
    admin: django.test.Client, action: str, *names: str
) -> tuple[str, list[str]]:
    """The page after it, and its messages."""
    answer = admin.post(
        INDEX,
        {"action": f"breakers__{action}", "object_ids": names},
        follow=True,
    )
    said = [str(one) for one in answer.context["messages"]]
    return answer.content.decode(), said


def test_where_healing_stopped_is_told_in_words_in_one_call(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    breaker(service, "fleet", lost=7, devices=9)
    breaker(service, "relay-group:edge")
    breaker(
        service,
        "zone:east",
        released=True,
        released_until="2999-12-01T08:00:00.000000Z",
    )
    world.calls(service)
    text = admin.get(INDEX).content.decode()
    assert len(world.calls(service)) == 1
    for shown in (
        "All devices",
        "7 of 9",
        "Healing is stopped",
        "Relay group edge",
        "Availability zone east",
        "Healing goes on",
        "It does not stop again before Dec. 1, 2999",
    ):
        assert shown in text
    assert ">relay-group:edge" not in text


def test_nothing_stopped_says_what_that_means(
    admin: django.test.Client,
) -> None:
    assert b"Healing is stopped nowhere" in admin.get(INDEX).content


def test_healing_goes_on_and_stops_again_where_that_is_asked_for(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    east, west = breaker(service, "zone:east"), breaker(service, "zone:west")
    said = do(admin, "release", "zone:east")[1]
    assert said == ["Healing Goes On: Availability zone east"]
    assert (east["released"], west["released"]) == (True, False)
    (again,) = do(admin, "release", "zone:east")[1]
    assert "It goes on already." in again
    do(admin, "stop", "zone:east")
    assert east["released"] is False


def test_to_let_it_go_on_asks_first(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    breaker(service, "fleet")
    text = admin.get(INDEX).content.decode()
    (button,) = [
        one
        for one in text.split("<button")
        if 'value="breakers__release__fleet"' in one
    ]
    assert "btn-danger" in button.partition(">")[0]
    assert "built anew, a few at a time" in button.partition(">")[0]


@pytest.mark.parametrize("roles", [("member", "reader"), ("reader",)])
def test_only_operators_have_the_panel(
    as_user: Callable[..., django.test.Client], roles: tuple[str, ...]
) -> None:
    answer = as_user(*roles).get(INDEX)
    assert answer.status_code in (302, 403)
