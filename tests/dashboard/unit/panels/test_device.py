"""The page of one device, over HTTP to the service."""

from collections.abc import Callable

import django.test
import pytest

from servicevm import errors
from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit.panels import world
from tests.dashboard.unit.panels.test_devices import INDEX, url

AJAX = {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}


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
    assert "Step 3 of 5: Wait until it can be managed" in text


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


def test_a_lost_device_says_when_it_is_healed_and_what_was_tried(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(
        service,
        operating_status="DEAD",
        status_code="device_died",
        healing={
            "began_at": "2026-12-01T07:59:00Z",
            "attempts": 2,
            "gave_up": False,
            "waits_for": "breaker",
            "next_action": "rebuild",
            "next_at": "2026-11-01T08:00:00Z",
        },
    )
    world.calls(service)
    text = member.get(url(row)).content.decode()
    assert len(world.calls(service)) <= 3
    for said in (
        "Rebuild, as soon as possible.",
        "too many devices were lost at once",
        "2 attempts so far.",
    ):
        assert said in text


def test_a_project_sees_that_its_device_is_held_and_why(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(service)
    assert "Held by operators" not in member.get(url(row)).content.decode()
    row["hold"] = {
        "scope": "template",
        "reason": "Image is being looked at",
        "expires_at": "2999-12-01T08:00:00.000000Z",
    }
    text = member.get(url(row)).content.decode()
    assert "Held by operators" in text
    assert "Image is being looked at" in text
    assert "All devices of the template" in text
    assert "2999" in text


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


@pytest.mark.parametrize("driver", ["noop", "agent", "netconf"])
def test_an_agent_is_promised_only_where_one_is_waited_for(
    member: django.test.Client, service: FakeServicevm, driver: str
) -> None:
    template = world.template(service)
    template["mgmt_driver"] = driver
    # It runs; whoever is in it has not called yet.
    row = world.device(service, template_id=template["id"])
    world.operation(service, row, "create")
    world.calls(service)
    text = member.get(url(row)).content.decode()
    assert len(world.calls(service)) <= 3
    # What comes every 5 s asks no more for what hardly changes.
    member.get(f"{url(row)}?fragment=overview", **AJAX)
    assert "GET /v1/device-templates" not in " ".join(world.calls(service))
    html = member.get(f"{url(row)}?fragment=certificate", **AJAX).json()
    assert ("It has not called yet." in text) == (driver == "agent")
    assert ("gent</dt>" in text) == (driver == "agent")
    assert ("Its agent has no certificate yet" in html["html"]) == (
        driver == "agent"
    )
    assert ("needs none" in html["html"]) == (driver != "agent")


def test_where_the_template_can_not_be_read_no_agent_is_promised(
    member: django.test.Client, service: FakeServicevm
) -> None:
    row = world.device(service)
    with service.failing("GET /v1/device-templates"):
        answer = member.get(url(row))
    assert answer.status_code == 200
    assert "gent</dt>" not in answer.content.decode()


def test_facts_of_the_drivers_are_called_as_people_do(
    member: django.test.Client, service: FakeServicevm
) -> None:
    facts = {"memory_mib": 192, "vcpus": 1, "boot_id": "b", "server_id": "s"}
    row = world.device(service, facts=facts)
    text = member.get(url(row)).content.decode()
    for word in ("RAM (MiB)", "vCPUs", "ID of this boot", "Instance ID"):
        assert f"<dt>{word}</dt>" in text
