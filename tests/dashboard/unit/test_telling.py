"""What events say, in the language of the page."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from servicevm_dashboard import telling, words
from servicevmclient.v1.event import Event

ROOT = Path(__file__).resolve().parents[3]


def event(type_: str, **more: Any) -> Event:
    return Event(
        {
            "type": type_,
            "resource_type": type_.partition(".")[0],
            "resource_name": "lb1",
            "user_id": None,
            "code": None,
            "facts": {},
            "message": "The service's own sentence.",
            **more,
        }
    )


CASES = {
    "health": (
        event("device.operating_status", facts={"status": "ONLINE"}),
        "Device lb1: Health changed: Online",
        "Gerät lb1: Betriebszustand geändert: Online",
    ),
    "health with the reason": (
        event(
            "device.operating_status",
            code="agent_not_connected",
            facts={
                "status": "UNRESPONSIVE",
                "detail": "The device's agent is not connected.",
            },
        ),
        "Device lb1: Health changed: Not responding: The device's agent is "
        "not connected.",
        "Gerät lb1: Betriebszustand geändert: Antwortet nicht: Der Agent des "
        "Geräts ist nicht verbunden.",
    ),
    "health of a service by its device's": (
        event(
            "service.operating_status",
            facts={"status": "OFFLINE", "device_name": "edge"},
        ),
        "Service lb1: Health changed: Offline, as its device edge is",
        "Dienst lb1: Betriebszustand geändert: Offline, wie auch sein Gerät "
        "edge",
    ),
    "asked for": (
        event("device.create", user_id="u1"),
        "Device lb1: Creation asked for",
        "Gerät lb1: Erstellen angefordert",
    ),
    "asked for, of the release before": (
        event("device.create"),
        "Device lb1: Creation asked for: The service's own sentence.",
        "Gerät lb1: Erstellen angefordert: The service's own sentence.",
    ),
    "failed": (
        event(
            "operation.failed",
            resource_type="device",
            code="agent_never_called",
            facts={"action": "create", "detail": "Within 5 seconds."},
        ),
        "Device lb1: Operation failed: Create device: Within 5 seconds.",
        "Gerät lb1: Vorgang fehlgeschlagen: Gerät erstellen: Der Agent im "
        "Gerät hat sich nie gemeldet. (Within 5 seconds.)",
    ),
    "succeeded": (
        event(
            "operation.succeeded",
            resource_type="service",
            facts={"action": "update", "detail": ""},
        ),
        "Service lb1: Operation succeeded: Update service",
        "Dienst lb1: Vorgang erfolgreich: Dienst ändern",
    ),
    "refused agent": (
        event(
            "device.enrolment_refused",
            code="enrolment_refused",
            facts={"peer": "10.0.0.6", "detail": "The token has expired."},
        ),
        "Device lb1: Enrolment refused: From 10.0.0.6: The token has expired.",
        "Gerät lb1: Registrierung abgelehnt: Von 10.0.0.6: Das Token ist "
        "abgelaufen.",
    ),
    "quota": (
        event(
            "quota.update",
            user_id="u1",
            resource_name=None,
            facts={"limits": {"devices": 5, "ram": None, "slots": -1}},
        ),
        "Quota: Quota changed: Devices: 5, RAM (MiB): the default, Slots: no "
        "limit",
        "Kontingent: Kontingent geändert: Geräte: 5, RAM (MiB): der "
        "Standardwert, Slots: kein Limit",
    ),
    "gone": (
        event("device.deleted"),
        "Device lb1: Deleted",
        "Gerät lb1: Gelöscht",
    ),
    "told by the agent": (
        event("agent.disk_nearly_full", resource_type="device"),
        "Device lb1: Told by its agent: The service's own sentence.",
        "Gerät lb1: Meldung des Agenten: The service's own sentence.",
    ),
    "of a newer service": (
        event("device.painted", user_id="u1"),
        "Device lb1: The service's own sentence.",
        "Gerät lb1: The service's own sentence.",
    ),
}


@pytest.mark.parametrize(
    ("language", "number"), [("en", 1), ("de", 2)], ids=["en", "de"]
)
@pytest.mark.parametrize("case", CASES)
def test_an_event_is_told_in_the_language_of_the_page(
    case: str, language: str, number: int
) -> None:
    with translation.override(language):
        assert telling.sentence(CASES[case][0]) == CASES[case][number]


@pytest.mark.parametrize("type_", sorted(words.EVENT))
def test_facts_without_what_is_expected_of_them_still_show(type_: str) -> None:
    # A newer service may have others.
    assert telling.sentence(event(type_, facts={"other": 1}))


def test_there_are_words_for_each_type_that_the_manual_has() -> None:
    text = (ROOT / "doc" / "source" / "api.rst").read_text()
    begin = text.index("* - type\n")
    told = re.findall(r"``([a-z_]+\.[a-z_]+)``", text[begin:])
    assert len(told) > 10
    for one in told:
        assert one in words.EVENT, one
