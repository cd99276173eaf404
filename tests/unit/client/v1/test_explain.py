"""Explanations of devices, fact by fact."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servicevmclient.v1._explain import explain
from servicevmclient.v1.breaker import Breaker
from servicevmclient.v1.device import Device
from servicevmclient.v1.device_template import DeviceTemplate
from servicevmclient.v1.event import Event
from servicevmclient.v1.explanation import Facts, Sentence
from servicevmclient.v1.operation import Operation
from servicevmclient.v1.relay import Relay
from servicevmclient.v1.service import Service

NOW = datetime(2026, 11, 22, 18, 20, tzinfo=UTC)
AGENT = {
    "connected": True,
    "last_seen": "2026-11-22T18:19:55Z",
    "certificate": {"serial": "0a", "not_after": "2026-11-29T18:20:00Z"},
}
HEALING = {
    "began_at": "2026-11-22T18:18:00Z",
    "attempts": 2,
    "gave_up": False,
    "waits_for": None,
    "next_action": "reboot",
    "next_at": "2026-11-22T18:20:12Z",
}
OPERATION = {
    "id": "op1",
    "action": "create",
    "initiator": "user",
    "state": "WAITING",
    "step": "wait_agent",
    "attempts": 3,
    "steps": [
        {"name": "boot", "state": "SUCCEEDED", "message": ""},
        {"name": "wait_agent", "state": "WAITING", "message": "Not yet."},
    ],
    "cancel_requested": False,
    "error_code": None,
    "error_text": None,
    "deadline": "2026-11-22T18:25:00Z",
    "created_at": "2026-11-22T18:19:00Z",
    "finished_at": None,
}
FAILED = {
    **OPERATION,
    "state": "FAILED",
    "steps": [{"name": "wait_agent", "state": "FAILED", "message": ""}],
    "error_code": "agent_never_called",
    "error_text": "It did not call home.",
    "finished_at": "2026-11-22T18:19:30Z",
}


DIED = Event(
    {
        "type": "device.operating_status",
        "at": "2026-11-22T18:17:00Z",
        "message": "It is DEAD.",
        "facts": {"status": "DEAD"},
    }
)


def device(**attributes: Any) -> Device:
    return Device(
        {
            "id": "d1",
            "name": "lb-1",
            "project_id": "p1",
            "provisioning_status": "ACTIVE",
            "operating_status": "ONLINE",
            "status_code": None,
            "status_reason": "",
            "generation": 1,
            "observed_generation": 1,
            "template_id": "t1",
            "relay_group": "default",
            "agent": AGENT,
            "hold": None,
            "healing": None,
            **attributes,
        }
    )


def service(**attributes: Any) -> Service:
    return Service(
        {
            "id": "s1",
            "name": "web",
            "provisioning_status": "ACTIVE",
            "operating_status": "ONLINE",
            "operation_id": "op2",
            "members": [],
            "healing": None,
            **attributes,
        }
    )


def facts(subject: Device, **more: Any) -> Facts:
    none: dict[str, Any] = {
        "operation": None,
        "services": [],
        "events": [],
        "relays": None,
        "breakers": None,
        "template": None,
    }
    return Facts(device=subject, ref="lb-1", now=NOW, **(none | more))


def _has(sentences: Sequence[Sentence], text: str, command: str) -> bool:
    return any(
        text in one.text and (one.command or "") == command
        for one in sentences
    )


def test_a_device_that_is_well_has_nothing_to_do() -> None:
    found = explain(facts(device(), services=[service()]))
    assert found.state == [
        Sentence("Device lb-1 is ACTIVE and ONLINE: it is in service.")
    ]
    assert found.advice == [Sentence("There is nothing to do.")]
    assert not found.waiting_for
    assert not found.failed
    assert not found.next


@pytest.mark.parametrize(
    ("subject", "section", "text", "command"),
    [
        pytest.param(
            facts(
                device(status_reason="It stopped.", status_code="device_died")
            ),
            "state",
            "It stopped. (device_died)",
            "",
            id="reason",
        ),
        pytest.param(
            facts(
                device(operating_status="DEAD"),
                events=[
                    Event({"type": "device.update", "message": "x"}),
                    DIED,
                ],
            ),
            "state",
            "changed at 2026-11-22T18:17:00Z (3 min ago): It is DEAD.",
            "event list --device lb-1",
            id="since",
        ),
        pytest.param(
            facts(
                device(provisioning_status="PENDING_CREATE"),
                operation=Operation(OPERATION),
            ),
            "waiting_for",
            "Operation create, asked for 60 s ago by the user, is WAITING "
            "in step wait_agent, attempt 3. It waits for the agent in the "
            "device to call home. Not yet.",
            "operation show op1",
            id="operation",
        ),
        pytest.param(
            facts(
                device(),
                operation=Operation({**OPERATION, "cancel_requested": True}),
            ),
            "waiting_for",
            "It was asked to end before its next step.",
            "operation show op1",
            id="cancelled",
        ),
        pytest.param(
            facts(
                device(), services=[service(provisioning_status="PENDING_X")]
            ),
            "waiting_for",
            "Service web is PENDING_X.",
            "operation show op2",
            id="service",
        ),
        pytest.param(
            facts(
                device(
                    hold={
                        "scope": "device",
                        "reason": "Disk is swapped",
                        "expires_at": "2026-11-22T20:20:00Z",
                    }
                )
            ),
            "waiting_for",
            "(hold on device, until 2026-11-22T20:20:00Z (in 2 h)): Disk",
            "hold list",
            id="hold",
        ),
        pytest.param(
            facts(device(healing={**HEALING, "waits_for": "doubt"})),
            "waiting_for",
            "The healing of device lb-1 waits: two sources do not agree",
            "event list --device lb-1",
            id="doubt",
        ),
        pytest.param(
            facts(
                device(healing={**HEALING, "waits_for": "breaker"}),
                breakers=[
                    Breaker(
                        {
                            "name": "fleet",
                            "released": False,
                            "lost": 3,
                            "devices": 4,
                            "tripped_at": "2026-11-22T18:10:00Z",
                        }
                    )
                ],
            ),
            "waiting_for",
            "10 min ago, when 3 of 4 devices were lost.",
            "breaker release fleet",
            id="breaker",
        ),
        pytest.param(
            facts(
                device(provisioning_status="ERROR"),
                operation=Operation(FAILED),
            ),
            "failed",
            "create failed in step wait_agent 30 s ago with "
            "agent_never_called: It did not call home.",
            "operation show op1",
            id="failure",
        ),
        pytest.param(
            facts(device(agent=None)),
            "failed",
            "Its agent has never enrolled.",
            "device console log show lb-1",
            id="no-agent",
        ),
        pytest.param(
            facts(device(agent={**AGENT, "connected": False})),
            "failed",
            "not connected; it was last heard of at 2026-11-22T18:19:55Z "
            "(5 s ago).",
            "device console log show lb-1",
            id="silent-agent",
        ),
        pytest.param(
            facts(
                device(
                    agent={
                        **AGENT,
                        "certificate": {"not_after": "2026-11-22T18:00:00Z"},
                    }
                )
            ),
            "failed",
            "certificate ended at 2026-11-22T18:00:00Z (20 min ago): it",
            "device rebuild --wait lb-1",
            id="old-certificate",
        ),
        pytest.param(
            facts(
                device(
                    agent={
                        **AGENT,
                        "connected": False,
                        "certificate": {"not_after": "2026-11-22T23:20:00Z"},
                    }
                )
            ),
            "failed",
            "certificate ends at 2026-11-22T23:20:00Z (in 5 h): after that",
            "",
            id="ending-certificate",
        ),
        pytest.param(
            facts(device(), relays=[Relay({"alive": False})]),
            "failed",
            "Relay group default has no relay that lives",
            "relay list --group default",
            id="no-relay",
        ),
        pytest.param(
            facts(device(), relays=[Relay({"alive": True, "draining": True})]),
            "failed",
            "All relays of group default are draining",
            "relay list --group default",
            id="draining",
        ),
        pytest.param(
            facts(device(generation=3)),
            "failed",
            "Generation 3 was asked of it and 1 is in force.",
            "operation list --device lb-1",
            id="behind",
        ),
        pytest.param(
            facts(
                device(),
                services=[
                    service(
                        operating_status="DEAD",
                        status_reason="It ended.",
                        status_code="service_died",
                    )
                ],
            ),
            "failed",
            "Service web is ACTIVE and DEAD: It ended. (service_died)",
            "service show web",
            id="dead-service",
        ),
        pytest.param(
            facts(
                device(),
                services=[
                    service(
                        members=[
                            {
                                "pool": "p",
                                "name": f"b{number}",
                                "operating_status": status,
                            }
                            for number, status in enumerate(
                                ["ONLINE", *["DEAD"] * 5]
                            )
                        ]
                    )
                ],
            ),
            "failed",
            "Of 6 members of service web, 5 are not ONLINE: b1 of pool p is "
            "DEAD, b2 of pool p is DEAD, b3 of pool p is DEAD and 2 more.",
            "service show web",
            id="members",
        ),
        pytest.param(
            facts(device(), operation=Operation(OPERATION)),
            "next",
            "ended by 2026-11-22T18:25:00Z (in 5 min).",
            "",
            id="deadline",
        ),
        pytest.param(
            facts(device(operating_status="DEAD", healing=HEALING)),
            "next",
            "Healing does a reboot of device lb-1 at 2026-11-22T18:20:12Z "
            "(in 12 s), if it is not back by then; after it tried 2 times.",
            "",
            id="healing",
        ),
        pytest.param(
            facts(
                device(
                    operating_status="DEAD",
                    healing={**HEALING, "waits_for": "hold", "attempts": 0},
                )
            ),
            "next",
            "as soon as what it waits for is over, if it is not back by "
            "then; nothing was tried yet.",
            "",
            id="healing-waits",
        ),
        pytest.param(
            facts(
                device(
                    operating_status="DEAD",
                    healing={**HEALING, "gave_up": True, "attempts": 1},
                )
            ),
            "next",
            "Healing gave device lb-1 up, after it tried once",
            "",
            id="gave-up",
        ),
        pytest.param(
            facts(device(healing={**HEALING, "next_action": None})),
            "next",
            "If it is lost again soon, healing goes on from there.",
            "",
            id="healed",
        ),
        pytest.param(
            facts(
                device(),
                services=[
                    service(healing={**HEALING, "next_action": "resync"})
                ],
            ),
            "next",
            "Healing does a resync of service web at",
            "",
            id="sick-service",
        ),
        pytest.param(
            facts(
                device(operating_status="DEAD"),
                template=DeviceTemplate({"healing": {"after": 30}}),
            ),
            "next",
            "It is healed once it was lost for 30 s.",
            "",
            id="not-healed-yet",
        ),
        pytest.param(
            facts(
                device(operating_status="DEAD"),
                template=DeviceTemplate({"healing": {"ladder": ["resync"]}}),
            ),
            "next",
            "Its template has nothing done to lost devices",
            "device template show t1",
            id="no-ladder",
        ),
        pytest.param(
            facts(device(provisioning_status="ERROR")),
            "next",
            "Nothing happens by itself",
            "",
            id="error",
        ),
        pytest.param(
            facts(
                device(provisioning_status="PENDING_CREATE"),
                operation=Operation(OPERATION),
            ),
            "advice",
            "To end it:",
            "operation cancel op1",
            id="cancel",
        ),
        pytest.param(
            facts(
                device(provisioning_status="ERROR"),
                operation=Operation(FAILED),
            ),
            "advice",
            "Once the cause is away, try again:",
            "operation retry op1",
            id="retry",
        ),
        pytest.param(
            facts(device(operating_status="UNRESPONSIVE")),
            "advice",
            "Heal it now:",
            "device heal --wait lb-1",
            id="heal",
        ),
        pytest.param(
            facts(device(), services=[service(operating_status="DEAD")]),
            "advice",
            "See service web:",
            "service show web",
            id="sick",
        ),
        pytest.param(
            facts(device(operating_status="UNKNOWN")),
            "advice",
            "See what happened:",
            "event list --device lb-1",
            id="unknown",
        ),
    ],
)
def test_a_fact_is_told_with_the_command_to_type(
    subject: Facts, section: str, text: str, command: str
) -> None:
    found = getattr(explain(subject), section)
    assert _has(found, text, command), found


def test_a_device_without_an_agent_lacks_none() -> None:
    subject = facts(device(relay_group=None, agent=None))
    assert not explain(subject).failed


def test_names_are_quoted_for_a_shell() -> None:
    subject = facts(device(operating_status="DEAD"))._replace(ref="a b")
    commands = [one.command for one in explain(subject).advice]
    assert "device heal --wait 'a b'" in commands


def test_what_its_health_was_before_is_not_told() -> None:
    assert len(explain(facts(device(), events=[DIED])).state) == 1


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (facts(device(healing={**HEALING, "gave_up": True})), "gave"),
        (
            facts(
                device(),
                services=[service(healing={**HEALING, "gave_up": True})],
            ),
            "gave",
        ),
        (
            facts(
                device(
                    agent={
                        **AGENT,
                        "certificate": {"not_after": "2026-11-22T23:20:00Z"},
                    }
                )
            ),
            "certificate",
        ),
    ],
    ids=["device-came-back", "service-came-back", "agent-renews-it"],
)
def test_nothing_is_said_of_what_is_over_or_minds_itself(
    subject: Facts, text: str
) -> None:
    found = explain(subject)
    sections = (found.failed, found.next)
    assert not [one for part in sections for one in part if text in one.text]
    assert found.advice == [Sentence("There is nothing to do.")]


def test_a_deletion_is_not_to_be_cancelled() -> None:
    subject = facts(
        device(provisioning_status="PENDING_DELETE"),
        operation=Operation({**OPERATION, "action": "delete"}),
    )
    assert not explain(subject).advice


def test_while_something_is_wrong_there_is_something_to_do() -> None:
    found = explain(facts(device(generation=3)))
    assert found.failed
    assert found.advice == [
        Sentence("See what happened:", "event list --device lb-1")
    ]


@pytest.mark.parametrize(
    ("subject", "section", "command"),
    [
        (
            facts(device(operating_status="UNKNOWN")),
            "advice",
            "event list --device d1 --project p1",
        ),
        (
            facts(device(generation=3)),
            "failed",
            "operation list --device d1 --project p1",
        ),
        (
            facts(device(healing={**HEALING, "waits_for": "doubt"})),
            "waiting_for",
            "event list --device d1 --project p1",
        ),
        (
            facts(device(), services=[service(operating_status="DEAD")]),
            "advice",
            "service show s1",
        ),
        (
            facts(device(), services=[service(operating_status="DEAD")]),
            "failed",
            "service show s1",
        ),
    ],
)
def test_of_one_called_by_its_id_the_commands_find_another_projects(
    subject: Facts, section: str, command: str
) -> None:
    found = getattr(explain(subject._replace(ref="d1")), section)
    assert command in [one.command for one in found]


def test_without_ages_two_explanations_at_different_times_are_alike() -> None:
    subject = facts(
        device(
            provisioning_status="PENDING_UPDATE",
            operating_status="DEAD",
            agent={**AGENT, "connected": False},
            hold={
                "scope": "device",
                "reason": "Disk is swapped",
                "expires_at": "2026-11-22T20:20:00Z",
            },
            healing=HEALING,
        ),
        operation=Operation(OPERATION),
        events=[DIED],
        breakers=[
            Breaker(
                {
                    "name": "fleet",
                    "released": False,
                    "lost": 3,
                    "devices": 4,
                    "tripped_at": "2026-11-22T18:10:00Z",
                }
            )
        ],
    )._replace(ages=False)
    later = subject._replace(now=NOW + timedelta(seconds=21))
    # What an explanation is made of has another time.
    assert explain(subject)[1:] == explain(later)[1:]
    assert _has(
        explain(subject).waiting_for,
        "asked for at 2026-11-22T18:19:00Z by the user",
        "operation show op1",
    )
