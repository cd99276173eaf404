"""The overview, over HTTP to the service."""

from collections.abc import Callable
from typing import Any

import django.test
import pytest
from django.urls import reverse

from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit.panels import world

INDEX = reverse("horizon:project:servicevm_overview:index")


@pytest.fixture
def fleet(service: FakeServicevm) -> FakeServicevm:
    """Two that are well, one in error, one that is dead, a dead service."""
    store = service.store
    template = store.add("device_templates", {"name": "lb-small"})

    def device(name: str, **more: Any) -> Any:
        return store.add(
            "devices", {"name": name, "template_id": template["id"], **more}
        )

    device("well-1")
    device("well-2")
    device(
        "broken",
        provisioning_status="ERROR",
        operating_status="UNKNOWN",
        status_reason="No room on the host.",
    )
    dead = device("silent", operating_status="DEAD")
    store.add(
        "services",
        {"name": "web", "device_id": dead["id"], "operating_status": "DEAD"},
    )
    return service


def test_an_empty_fleet_says_so_in_one_call(
    member: django.test.Client, service: FakeServicevm
) -> None:
    text = member.get(INDEX).content.decode()
    assert "there are no devices and no services yet" in text
    assert world.calls(service) == ["GET /v1/summary"]


def test_a_fleet_that_is_well_takes_one_call(
    member: django.test.Client, service: FakeServicevm
) -> None:
    service.store.add("devices", {"name": "well"})
    text = member.get(INDEX).content.decode()
    assert "no device and no service fails" in text
    assert world.calls(service) == ["GET /v1/summary"]


def test_what_works_in_part_only_is_no_failure_and_yet_told(
    member: django.test.Client, service: FakeServicevm
) -> None:
    service.store.add("devices", {"name": "well"})
    service.store.add(
        "services", {"name": "web", "operating_status": "DEGRADED"}
    )
    text = member.get(INDEX).content.decode()
    assert "No device and no service fails." in text
    assert "Nothing: no device" not in text
    services = reverse("horizon:project:servicevm_services:index")
    assert (
        "Services of which only a part works: "
        f'<a href="{services}?operating_status=DEGRADED">1</a>'
    ) in text
    assert "Devices of which only a part works" not in text


def test_what_fails_comes_with_its_reason(
    member: django.test.Client, fleet: FakeServicevm
) -> None:
    text = member.get(INDEX).content.decode()
    failing = text.split('id="servicevm-failing-table"')[1].split("</table")[0]
    for shown in (
        "broken",
        "No room on the host.",
        "silent",
        "web",
        "Dead",
        "It does not run any more.",
    ):
        assert shown in failing
    assert "well-1" not in failing


def test_where_much_fails_it_is_one_call_still(
    member: django.test.Client, fleet: FakeServicevm
) -> None:
    device = world.device(fleet, "new")
    world.operation(fleet, device, "create")
    world.calls(fleet)
    member.get(INDEX)
    assert world.calls(fleet) == ["GET /v1/summary"]
    member.get(INDEX, {"fragment": "region"})
    assert world.calls(fleet) == ["GET /v1/summary"]


@pytest.mark.parametrize("fails", [False, True], ids=["well", "failing"])
def test_a_quota_that_is_used_up_is_told_beside_what_fails(
    member: django.test.Client, service: FakeServicevm, fails: bool
) -> None:
    more = {"operating_status": "DEAD"} if fails else {}
    world.device(service, "edge", **more)
    service.quotas.change("fake", {"devices": 1, "slots": 0})
    text = member.get(INDEX).content.decode()
    alert = " ".join(
        text.split('id="servicevm-full"')[1].split("</div")[0].split()
    )
    assert "The quota is used up: Devices, 1 of 1." in alert
    # Of nothing, nothing is missed.
    assert "Slots" not in alert
    assert "ask an administrator" in alert
    assert ("No device and no service fails." in text) != fails
    assert "Nothing: no device" not in text
    told = member.get(INDEX, {"fragment": "region"}).json()["said"]
    assert told.endswith("1 quota used up.")


def test_of_a_quota_with_room_nothing_is_told(
    member: django.test.Client, service: FakeServicevm
) -> None:
    world.device(service)
    service.quotas.change("fake", {"devices": -1})
    assert "servicevm-full" not in member.get(INDEX).content.decode()


def test_each_that_fails_is_counted_and_shown_once(
    member: django.test.Client, service: FakeServicevm
) -> None:
    for number in range(14):
        service.store.add(
            "devices",
            {
                "name": f"edge-{number}",
                "provisioning_status": "ERROR",
                "operating_status": "DEAD",
            },
        )
    store = service.store
    device = store.add("devices", {"name": "new"})
    store.begin("devices", device, "create")
    answer = member.get(INDEX, {"fragment": "region"}).json()
    assert answer["said"] == (
        "15 devices. 14 failing. 1 operation. 1 quota used up."
    )
    table = answer["html"].split('id="servicevm-failing-table"')[1]
    assert table.split("</table")[0].count("/servicevm_devices/") == 10
    assert "There are more of them" in answer["html"]
    assert len(service.requests) == 1


def test_no_more_are_told_of_where_all_are_shown(
    member: django.test.Client, fleet: FakeServicevm
) -> None:
    assert "There are more of them" not in member.get(INDEX).content.decode()


def test_counts_templates_and_quota_are_in_words(
    member: django.test.Client, fleet: FakeServicevm
) -> None:
    text = " ".join(member.get(INDEX).content.decode().split())
    assert "lb-small" in text
    assert "4 of 10 used" in text
    assert "?provisioning_status=ERROR" in text
    for raw in ("> ERROR<", "> DEAD<", "> ACTIVE<"):
        assert raw not in text


def test_operations_that_run_are_shown(
    member: django.test.Client, service: FakeServicevm
) -> None:
    store = service.store
    device = store.add("devices", {"name": "edge"})
    store.begin("devices", device, "create")
    text = member.get(INDEX).content.decode()
    assert "Create device edge" in text
    assert "Queued" in text


def test_a_poll_brings_the_region_alone(
    member: django.test.Client, fleet: FakeServicevm
) -> None:
    answer = member.get(INDEX, {"fragment": "region"}).json()
    assert answer["html"].strip().startswith("<div ")
    assert answer["said"] == "4 devices. 3 failing. 0 operations."


def test_a_service_that_is_down_leaves_the_page_open_and_says_so(
    as_user: Callable[..., django.test.Client],
) -> None:
    with FakeServicevm() as gone:
        url = gone.url
    client = as_user("member", "reader", url=url)
    answer = client.get(INDEX)
    assert answer.status_code == 200
    assert b"does not answer" in answer.content
    poll = client.get(INDEX, {"fragment": "region"})
    assert poll.status_code == 503
    assert "does not answer" in poll.json()["error"]


def test_who_may_see_nothing_has_no_overview(
    as_user: Callable[..., django.test.Client],
) -> None:
    assert as_user("stranger").get(INDEX).status_code == 403


def test_a_reader_sees_it_too(
    as_user: Callable[..., django.test.Client], fleet: FakeServicevm
) -> None:
    answer = as_user("reader").get(INDEX)
    assert answer.status_code == 200
    assert "could not be read" not in answer.content.decode()


@pytest.mark.parametrize(
    ("roles", "offered"),
    [(("member", "reader"), 2), (("reader",), 0)],
    ids=["member", "reader"],
)
def test_who_may_is_led_to_the_first_device_and_service(
    as_user: Callable[..., django.test.Client],
    service: FakeServicevm,
    roles: tuple[str, ...],
    offered: int,
) -> None:
    text = as_user(*roles).get(INDEX).content.decode()
    assert text.count("Create the first one") == offered
    assert text.count("/create/") == offered
