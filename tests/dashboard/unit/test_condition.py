"""What is said first of a device or service, and in which words."""

import pytest

from servicevm import errors
from servicevm_dashboard import advice, condition, hints
from servicevmclient.v1 import Device, Service


def device(provisioning: str, operating: str, **more: object) -> Device:
    return Device(
        {
            "id": "d",
            "provisioning_status": provisioning,
            "operating_status": operating,
            "status_code": None,
            "status_reason": None,
            "observed_generation": 1,
            **more,
        }
    )


def service(provisioning: str, operating: str, **more: object) -> Service:
    return Service(dict(device(provisioning, operating, **more).to_dict()))


@pytest.mark.parametrize(
    ("provisioning", "operating", "told", "tone"),
    [
        ("ACTIVE", "ONLINE", ["Online"], "success"),
        ("ACTIVE", "DEAD", ["Dead"], "danger"),
        ("ACTIVE", "DEGRADED", ["Degraded"], "warning"),
        ("PENDING_CREATE", "UNKNOWN", ["Building"], "info"),
        ("PENDING_DELETE", "OFFLINE", ["Deleting"], "info"),
        ("PENDING_UPDATE", "OFFLINE", ["Updating", "Offline"], "info"),
        ("ERROR", "ONLINE", ["Error", "Online"], "danger"),
    ],
)
def test_what_is_told_does_not_contradict_itself(
    provisioning: str, operating: str, told: list[str], tone: str
) -> None:
    one = device(provisioning, operating)
    assert [str(word) for word in condition.told(one)] == told
    assert condition.tone(one) == tone


@pytest.mark.parametrize(
    ("provisioning", "operating", "generation", "sentence"),
    [
        ("ERROR", "OFFLINE", 0, "went wrong with it; nothing serves yet."),
        ("ERROR", "ONLINE", 1, "the configuration before it keeps serving."),
        ("ERROR", "DEAD", 1, "Something went wrong with it."),
        ("PENDING_UPDATE", "ONLINE", 1, "before it keeps serving."),
        ("PENDING_UPDATE", "OFFLINE", 0, "nothing serves yet."),
        ("ACTIVE", "DEAD", 1, "It does not run any more."),
    ],
)
def test_whether_a_service_serves_is_said_as_it_is(
    provisioning: str, operating: str, generation: int, sentence: str
) -> None:
    one = service(provisioning, operating, observed_generation=generation)
    assert str(advice.sentence(one)).endswith(sentence)


def test_a_device_that_is_restarted_is_said_to_be() -> None:
    one = device("PENDING_UPDATE", "OFFLINE")
    assert str(advice.sentence(one)) == "It is being restarted or changed."


def test_the_hints_are_the_services_own() -> None:
    assert hints.BY_CODE == {
        code: errors.REASONS[code].hint for code in advice.BY_CODE
    }


def test_what_to_do_is_not_in_the_reason_as_well() -> None:
    reason = errors.DEVICE_DIED
    one = device(
        "ACTIVE",
        "DEAD",
        status_code=reason.code,
        status_reason=f"{reason.title} {reason.hint}",
    )
    assert advice.reason(one) == reason.title
    assert "Reboot the device" in str(advice.next_step(one))
    other = device("ERROR", "OFFLINE", status_code="new", status_reason="A b.")
    assert advice.reason(other) == "A b."
