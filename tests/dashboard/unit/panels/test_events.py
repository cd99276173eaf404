"""The pages of events, over HTTP to the service."""

from collections.abc import Callable

import django.test
import pytest
from django.urls import reverse

from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit.panels import world

EVENTS = reverse("horizon:project:servicevm_operations:events")
ADMIN_EVENTS = reverse("horizon:admin:servicevm_operations:events")


def tab(row: world.Json, dashboard: str = "project") -> str:
    """Of the events of a device."""
    page = f"horizon:{dashboard}:servicevm_devices:detail"
    return f"{reverse(page, args=[row['id']])}?fragment=events"


def test_events_are_told_in_words_with_a_way_to_the_device(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(service, "lb1")
    world.event(service, row, "It went away.")
    world.event(service, row, "A new kind.", type="device.new_kind")
    world.calls(service)
    text = member.get(EVENTS).content.decode()
    assert world.calls(service) == ["GET /v1/events"]
    assert "Health changed" in text
    assert "It went away." in text
    assert "device.new_kind" not in text
    assert (
        reverse("horizon:project:servicevm_devices:detail", args=[row["id"]])
        in text
    )


def test_events_can_be_those_of_one_device_and_bad(
    member: django.test.Client, service: FakeServicevm
) -> None:
    one, other = world.device(service, "one"), world.device(service, "two")
    world.event(service, one, "First.", severity="ERROR")
    world.event(service, one, "Second.", severity="INFO")
    world.event(service, other, "Third.", severity="ERROR")
    text = member.get(
        f"{EVENTS}?device_id={one['id']}&severity=ERROR"
    ).content.decode()
    assert "First." in text
    assert "Second." not in text
    assert "Third." not in text
    assert "Of one device and its services only" in text


def _asked(fake: FakeServicevm) -> world.Json:
    """A device with what three people did to it."""
    row = world.device(fake, "lb1")
    for user in ("u1", "u2", "u3"):
        world.event(
            fake,
            row,
            f"{user} asked to reboot device lb1.",
            type="device.reboot",
            severity="INFO",
            user_id=user,
        )
    return row


def test_people_are_called_by_name_and_nobody_by_id(
    as_user: Callable[..., django.test.Client], service: FakeServicevm
) -> None:
    row = _asked(service)
    member = as_user("member", "reader")
    pages = [member.get(EVENTS).content.decode()]
    pages.append(member.get(tab(row)).json()["html"])
    for text in pages:
        assert "You" in text
        assert "Another user" in text
        # Who are others is not for members to know.
        assert "noah" not in text
    admin = as_user("admin", "member", "reader")
    world.calls(service)
    pages.append(admin.get(ADMIN_EVENTS).content.decode())
    assert world.calls(service) == ["GET /v1/events"]
    pages.append(admin.get(tab(row, "admin")).json()["html"])
    for text in pages[2:]:
        assert "You" in text
        assert "noah" in text
        assert "Another user" in text
    for text in pages:
        assert "Reboot asked for" in text
        for user in ("u1", "u2", "u3"):
            assert f"{user} asked" not in text


@pytest.mark.usefixtures("no_names")
def test_events_without_keystones_names_still_show(
    as_user: Callable[..., django.test.Client], service: FakeServicevm
) -> None:
    _asked(service)
    page = as_user("admin", "member", "reader").get(ADMIN_EVENTS)
    assert "Another user" in page.content.decode()


def test_a_german_page_tells_events_in_german(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(service, "lb1")
    world.event(
        service,
        row,
        "The device lb1 is DEAD: The virtual machine stopped running.",
        code="device_died",
        facts={
            "status": "DEAD",
            "detail": "The virtual machine stopped running.",
        },
    )
    german = {"HTTP_ACCEPT_LANGUAGE": "de"}
    pages = [
        member.get(EVENTS, **german).content.decode(),
        member.get(tab(row), **german).json()["html"],
    ]
    for text in pages:
        assert "Ausgefallen: Die virtuelle Maschine läuft nicht mehr." in text
        assert "stopped running" not in text
