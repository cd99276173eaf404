"""How far healing has come, as a device's page says it."""

from datetime import UTC, datetime

import pytest

from servicevm import healing as of_service
from servicevm_dashboard import advice, healing
from servicevm_dashboard.panels.admin_templates import healing as form
from tests.dashboard.unit.test_condition import device

NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
BLANK = {
    "began_at": "2026-12-01T07:59:00Z",
    "attempts": 0,
    "gave_up": False,
    "waits_for": None,
    "next_action": None,
    "next_at": None,
}


@pytest.mark.parametrize(
    ("provisioning", "operating", "healing_", "told"),
    [
        ("ACTIVE", "ONLINE", None, []),
        (
            "ACTIVE",
            "DEAD",
            {"next_action": "reboot", "next_at": "2026-12-01T08:00:42Z"},
            ["Reboot, in 42 seconds."],
        ),
        (
            "ACTIVE",
            "DEAD",
            {
                "next_action": "rebuild",
                "next_at": "2026-12-01T08:05:00Z",
                "attempts": 2,
            },
            ["Rebuild, in 5\xa0minutes.", "2 attempts so far."],
        ),
        (
            "ACTIVE",
            "UNRESPONSIVE",
            {
                "next_action": "reboot",
                "next_at": "2026-12-01T07:59:59Z",
                "waits_for": "turn",
            },
            [
                "Reboot, as soon as possible.",
                "It waits for its turn: other devices are healed.",
            ],
        ),
        (
            "PENDING_UPDATE",
            "DEAD",
            {"next_action": "rebuild", "next_at": None, "attempts": 1},
            [
                "If what is under way does not help: Rebuild.",
                "1 attempt so far.",
            ],
        ),
        (
            "ERROR",
            "DEAD",
            {"gave_up": True, "attempts": 4},
            [
                "All that its template says was tried: it is left to people.",
                "4 attempts so far.",
            ],
        ),
        ("ACTIVE", "ONLINE", {"gave_up": True, "attempts": 4}, []),
        ("ACTIVE", "DEAD", {}, ["Nothing more is tried by itself."]),
        (
            "ACTIVE",
            "ONLINE",
            {"attempts": 1},
            [
                "It came back. If it is lost again soon, healing goes on "
                "where it was.",
                "1 attempt so far.",
            ],
        ),
    ],
)
def test_it_says_what_is_next_and_what_was_tried(
    provisioning: str, operating: str, healing_: object, told: list[str]
) -> None:
    found = {**BLANK, **healing_} if isinstance(healing_, dict) else None
    one = device(provisioning, operating, healing=found)
    assert healing.told(one, NOW) == told


@pytest.mark.parametrize(
    ("healing_", "said"),
    [
        ({"next_action": "reboot"}, "it is about to be healed"),
        (
            {"next_action": "reboot", "waits_for": "channel"},
            "it is about to be healed",
        ),
        ({"next_action": "reboot", "waits_for": "hold"}, "Reboot the device"),
        (
            {"next_action": "reboot", "waits_for": "breaker"},
            "Reboot the device",
        ),
        ({"gave_up": True}, "choose Heal Device, which tries all of it again"),
        (None, "Reboot the device"),
    ],
)
def test_who_need_do_nothing_is_told_so_and_nobody_else(
    healing_: object, said: str
) -> None:
    found = {**BLANK, **healing_} if isinstance(healing_, dict) else None
    one = device("ACTIVE", "DEAD", healing=found)
    assert said in str(advice.next_step(one))


def test_it_has_words_for_all_that_the_service_waits_for() -> None:
    assert set(healing.WAITS) == {*map(str, of_service.Waits)}


@pytest.mark.parametrize(
    ("trouble", "ladders"),
    [("lost", healing.LADDERS), ("sick", healing.SERVICE_LADDERS)],
)
def test_each_order_of_what_can_be_tried_can_be_chosen(
    trouble: str, ladders: healing.Ladders
) -> None:
    rungs = [*map(str, of_service.RUNGS_OF[of_service.Trouble(trouble)])]
    assert {*ladders} == {
        (),
        *((one,) for one in rungs),
        tuple(rungs),
        tuple(reversed(rungs)),
    }


def test_the_form_has_the_defaults_of_the_service() -> None:
    fields = form.schema()["properties"]
    said = {key: one["default"] for key, one in fields.items()}
    assert form.attributes(said) == of_service.DEFAULTS


@pytest.mark.parametrize("devices", [*healing.LADDERS])
@pytest.mark.parametrize("services", [*healing.SERVICE_LADDERS])
def test_what_the_form_shows_is_what_it_sends(
    services: tuple[str, ...], devices: tuple[str, ...]
) -> None:
    told = {"ladder": [*services, *devices], "after": 5}
    assert form.attributes(form.document(told)) == told
