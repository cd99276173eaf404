"""Every message has a shape, and errors cross as what they are."""

import inspect
from typing import Any

import pytest

from servicevm import errors
from servicevm.errors import PermanentError, ServicevmError, TransientError
from servicevm.rpc import base, messages

DEVICE = "00000000-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("protocol", "methods"),
    [
        (base.ConductorApi, messages.CONDUCTOR_API),
        (base.AgentEvents, messages.AGENT_EVENTS),
        (base.RelayApi, messages.RELAY_API),
    ],
    ids=["conductor", "agents", "relay"],
)
def test_every_method_of_an_interface_has_a_shape_for_each_argument(
    protocol: type, methods: messages.Methods
) -> None:
    declared = {
        name: list(inspect.signature(method).parameters)[1:]
        for name, method in vars(protocol).items()
        if inspect.isfunction(method) and not name.startswith("_")
    }
    assert {
        name: list(method.arguments) for name, method in methods.items()
    } == declared


@pytest.mark.parametrize("kind", [TransientError, PermanentError])
@pytest.mark.parametrize("code", sorted(errors.REASONS))
def test_an_error_crosses_as_what_it_is(
    kind: type[ServicevmError], code: str
) -> None:
    told = kind(errors.REASONS[code], "Why.", fields={"a": "b"})
    method = messages.CONDUCTOR_API["console_log"]
    with pytest.raises(kind) as caught:
        messages.outcome(method, messages.answer(told))
    assert caught.value.to_dict() == told.to_dict()


def test_a_reason_of_a_newer_release_is_told_in_its_words() -> None:
    told = TransientError(errors.UNAVAILABLE, "Why.").to_dict()
    told["code"] = "from_the_future"
    with pytest.raises(TransientError) as caught:
        messages.outcome(
            messages.CONDUCTOR_API["console_log"], {"error": told}
        )
    assert caught.value.reason is errors.INTERNAL
    assert caught.value.detail == "from_the_future: Why."


@pytest.mark.parametrize(
    "answered",
    [None, [], "x", {}, {"result": 1}, {"error": {}}, {"more": 1}],
    ids=repr,
)
def test_an_answer_without_shape_is_not_taken(answered: Any) -> None:
    with pytest.raises(PermanentError) as caught:
        messages.outcome(messages.CONDUCTOR_API["console_log"], answered)
    assert caught.value.reason is errors.INTERNAL


def test_a_refused_message_is_not_quoted() -> None:
    with pytest.raises(PermanentError) as caught:
        messages.AGENT_EVENTS["enrol"].check(
            {"token": ["secret"], "csr": "x", "peer": "y"}
        )
    assert caught.value.reason is errors.BAD_REQUEST
    assert "token" in caught.value.detail
    assert "secret" not in caught.value.detail


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("enrol", {"token": "t", "csr": "C", "peer": "tcp:1"}),
        ("renew", {"device_id": DEVICE, "serial": "ab", "csr": "C"}),
    ],
)
def test_relays_of_the_release_before_do_not_say_who_they_are(
    method: str, arguments: dict[str, Any]
) -> None:
    check = messages.AGENT_EVENTS[method].check
    assert check(arguments) == {**arguments, "relay": None}
    known = {**arguments, "relay": "r1"}
    assert check(known) == known


@pytest.mark.parametrize(
    ("beats", "fits"),
    [
        ([], True),
        ([{"device_id": DEVICE, "epoch": 1, "age_us": 1}], True),
        ([{"device_id": DEVICE, "epoch": True, "age_us": 1}], False),
        ([{"device_id": "1", "epoch": 1, "age_us": 1}], False),
        ([{"device_id": DEVICE, "epoch": 1}], False),
        ([{"device_id": DEVICE, "epoch": 1, "age_us": 1}] * 1001, False),
    ],
    ids=["none", "one", "boolean", "id", "missing", "too-many"],
)
def test_heartbeats_have_a_shape_and_a_bound(beats: Any, fits: bool) -> None:
    def check() -> None:
        messages.AGENT_EVENTS["heartbeats"].check(
            {"relay": "r1", "beats": beats}
        )

    if fits:
        check()
    else:
        with pytest.raises(PermanentError):
            check()


def test_fields_of_a_newer_release_are_dropped() -> None:
    beat = {"device_id": DEVICE, "epoch": 1, "age_us": 1}
    told = {
        "relay": "r1",
        "beats": [{**beat, "mood": "good"}],
        "weather": "fine",
    }
    known = messages.AGENT_EVENTS["heartbeats"].check(told)
    assert known.keys() == {"relay", "beats"}
    closed = messages.RELAY_API["close_session"]
    assert messages.outcome(closed, {"result": True, "took": 1}) is True
    report = messages.AGENT_EVENTS["relay_report"]
    answered = {"draining": True, "because": "an upgrade"}
    assert messages.outcome(report, {"result": answered})["draining"] is True
