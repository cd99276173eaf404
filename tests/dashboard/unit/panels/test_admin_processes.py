"""The service's own processes, over HTTP to the service."""

from collections.abc import Callable
from typing import Any

import django.test
import pytest
from django.urls import reverse

from servicevmclient.testing import FakeServicevm

INDEX = reverse("horizon:admin:servicevm_processes:index")


@pytest.fixture
def admin(as_user: Callable[..., django.test.Client]) -> django.test.Client:
    return as_user("admin", "member", "reader")


@pytest.fixture
def relay(service: FakeServicevm) -> Any:
    return service.store.add(
        "relays", {"name": "relay-1", "group": "edge", "sessions": 7}
    )


def act(client: django.test.Client, action: str) -> str:
    """Do it with relay-1; what is said after it."""
    answer = client.post(INDEX, {"action": f"relays__{action}__relay-1"})
    assert answer.status_code == 302
    return client.get(INDEX).content.decode()


@pytest.mark.parametrize(
    ("name", "plural"),
    [
        ("index", "relays"),
        ("conductors", "conductors"),
        ("apis", "apis"),
    ],
)
def test_each_kind_is_a_page_of_one_call(
    admin: django.test.Client, service: FakeServicevm, name: str, plural: str
) -> None:
    service.store.add(plural, {"name": "first-one", "host": "host-a"})
    service.store.add(plural, {"name": "second-one", "alive": False})
    url = reverse(f"horizon:admin:servicevm_processes:{name}")
    text = admin.get(url).content.decode()
    for shown in ("first-one", "host-a", "Running", "Not heard of"):
        assert shown in text
    assert len(service.requests) == 1


def test_a_relay_says_which_project_its_group_serves(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    # One whose name cannot be asked for is shown by its id.
    service.store.add("relays", {"name": "r1", "group_project_id": "p-gone"})
    service.store.add("relays", {"name": "r2"})
    text = admin.get(INDEX).content.decode()
    assert "Serves Project" in text
    assert text.count("p-gone") == 1


def test_a_relay_is_drained_and_takes_sessions_again(
    admin: django.test.Client, service: FakeServicevm, relay: Any
) -> None:
    assert "Draining" in act(admin, "drain")
    assert service.store.rows["relays"][relay["id"]]["draining"] is True
    act(admin, "undrain")
    assert service.store.rows["relays"][relay["id"]]["draining"] is False


def test_only_what_makes_sense_is_offered(
    admin: django.test.Client, relay: Any
) -> None:
    text = admin.get(INDEX).content.decode()
    assert "relays__drain__relay-1" in text
    assert "relays__undrain__relay-1" not in text


def test_one_that_is_gone_can_not_be_drained(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    row = service.store.add("relays", {"name": "relay-1", "alive": False})
    assert "It was not heard of lately." in admin.get(INDEX).content.decode()
    act(admin, "drain")
    assert service.store.rows["relays"][row["id"]]["draining"] is False
