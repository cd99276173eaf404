"""Whether a relay may serve a device, and what is told where it may not."""

from collections.abc import Callable
from typing import Any

import pytest

from servicevm import errors
from servicevm.conductor.serving import Side, may_not
from servicevm.db import api as db
from servicevm.db import models
from servicevm.errors import PermanentError, TransientError
from tests.unit import database

from .agents import make_csr, serial_of
from .lab import Lab
from .relay_site import Site, bind, report

MakeSite = Callable[[str | None], Site]


@pytest.fixture
def site(lab: Lab) -> MakeSite:
    return lambda group: Site(lab, group)


# -- the rule ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("relay", "device", "allowed"),
    [
        (Side("default", None), Side("default", "p"), True),
        (Side("default", None), Side(None, "p"), True),
        (Side("default", None), Side("blue", "p"), False),
        (Side("edge", None), Side(None, "p"), True),
        (Side("edge", None), Side("default", "p"), False),
        (Side("edge", None), Side("edge", "q"), True),
        (Side("blue", "p"), Side("blue", "p"), True),
        (Side("blue", "p"), Side("blue", "q"), False),
        (Side("blue", "p"), Side("default", "p"), False),
        (Side("blue", "p"), Side("red", "p"), False),
        (Side("blue", "p"), Side(None, "p"), False),
        (Side("blue", "p"), Side(None, "q"), False),
        # It has not said yet.
        (Side(None, None), Side("default", "p"), True),
    ],
)
def test_a_relay_serves_devices_of_its_group_and_its_project(
    relay: Side, device: Side, allowed: bool
) -> None:
    why = may_not("r1", relay, device)
    assert (why is None) == allowed
    if why is not None:
        assert "r1" in why
        assert str(relay.group) in why


# -- enrolling, opening, renewing -------------------------------------------


def test_a_device_of_the_project_comes_by_its_groups_relay(
    site: MakeSite,
) -> None:
    made = site("blue")
    bind("blue", "p")
    made.up()
    answer = made.conductor.renew(
        made.device_id, made.agent.serial, make_csr(), "r-blue"
    )
    made.agent.serial = serial_of(answer["certificate"])
    made.agent.connect()
    assert made.beat() == []
    assert made.refusals == []
    assert made.device.operating_status == "ONLINE"


@pytest.mark.parametrize(
    ("group", "project", "relay", "words"),
    [
        ("blue", "other", "r-blue", "serves another project"),
        ("default", "p", "r-blue", "uses default"),
        ("default", None, "r-blue", "uses default"),
        ("blue", "p", "r-default", "uses blue"),
        (None, "p", "r-blue", "serves one project"),
        ("blue", "p", None, "older release"),
    ],
)
def test_another_relay_enrols_nobody(
    site: MakeSite,
    group: str | None,
    project: str | None,
    relay: str | None,
    words: str,
) -> None:
    made = site(group)
    bind("blue", project)
    with pytest.raises(PermanentError, match=words) as caught:
        made.conductor.enrol(made.token, make_csr(), "tcp:192.0.2.7", relay)
    assert caught.value.reason is errors.ENROLMENT_REFUSED
    (event,) = made.refusals
    assert (event.severity, event.code) == ("ERROR", "enrolment_refused")
    assert words in event.message
    if relay is not None:
        assert relay in event.message
    # Nothing changed: the right one enrols it with that token.
    assert made.lab.count(models.AgentCertificate) == 0
    token = made.lab.get_key(models.EnrolmentToken, made.device_id)
    assert token.spki_hash is None
    made.use("default")
    made.up("r-default")


def test_a_device_that_waits_says_why_it_does(site: MakeSite) -> None:
    made = site("blue")
    bind("blue", "p")
    for _ in range(3):
        with pytest.raises(PermanentError):
            made.conductor.enrol(made.token, make_csr(), "tcp", "r-default")
    assert made.device.status_code == "relay_refused"
    assert "r-default is of the relay group default" in (
        made.device.status_reason
    )
    # Said once: it asks again and again.
    assert len(made.refusals) == 1
    made.lab.settle(made.conductor)
    failed = made.lab.operation(made.operation)
    assert failed.error_code == "agent_never_called"
    assert "r-default is of the relay group default" in failed.error_text


def test_what_was_told_of_a_refusal_goes_with_it(site: MakeSite) -> None:
    made = site("blue")
    bind("blue", "p")
    with pytest.raises(PermanentError):
        made.conductor.enrol(made.token, make_csr(), "tcp", "r-default")
    made.up()
    assert made.device.status_code is None
    assert made.device.status_reason == ""


def test_a_valid_certificate_opens_no_session_at_another_groups_relay(
    site: MakeSite,
) -> None:
    made = site("default")
    bind("blue", "other")
    made.up("r-default")
    epoch = made.agent.epoch
    made.agent.at = "r-blue"
    with pytest.raises(PermanentError, match="r-blue") as caught:
        made.agent.connect()
    assert caught.value.reason is errors.CERTIFICATE_REFUSED
    with pytest.raises(PermanentError, match="r-blue") as caught:
        made.conductor.renew(
            made.device_id, made.agent.serial, make_csr(), "r-blue"
        )
    assert caught.value.reason is errors.CERTIFICATE_REFUSED
    assert made.lab.count(models.AgentCertificate) == 1
    # The same is not told twice within the hour.
    (event,) = made.refusals
    assert event.severity == "ERROR"
    # Its session is untouched, and so is what is said of it.
    row = made.lab.get_key(models.AgentSession, made.device_id)
    assert (row.relay, row.epoch, row.connected) == ("r-default", epoch, True)
    assert made.device.operating_status == "ONLINE"
    assert made.device.status_code is None


def test_a_relay_that_nobody_has_heard_of_is_asked_to_wait(
    site: MakeSite,
) -> None:
    made = site("blue")
    bind("blue", "p")
    with pytest.raises(TransientError, match="new1 has not reported"):
        made.conductor.enrol(made.token, make_csr(), "tcp", "new1")
    assert made.refusals == []
    report(made.lab, "new1", "blue")
    made.up("new1")


@pytest.mark.parametrize("group", ["default", None])
def test_devices_of_no_bound_group_need_not_wait_for_a_report(
    site: MakeSite, group: str | None
) -> None:
    made = site(group)
    bind("blue", "other")
    made.up("new1")
    assert made.beat() == []
    # It turns out to be of a group that must not have it.
    report(made.lab, "new1", "blue")
    (ended,) = made.beat()
    assert "new1" in ended["reason"]


def test_devices_of_noop_and_of_serial_lines_know_nothing_of_it(
    lab: Lab, site: MakeSite
) -> None:
    made = site(None)
    bind("blue", "other")
    made.up("r-default")
    other, operation = lab.device(lab.template())
    lab.settle(made.conductor)
    assert lab.operation(operation).state == "SUCCEEDED"
    for one in (made.device_id, other):
        assert lab.get(models.Device, one).relay_group is None
    assert made.refusals == []


# -- what changes meanwhile -------------------------------------------------


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda site: bind("blue", "other"), "serves another project"),
        (
            lambda site: report(site.lab, "r-blue", "red"),
            "of the relay group red, and the device uses blue",
        ),
        (lambda site: site.use("red"), "uses red"),
    ],
    ids=["rebound", "relay moved", "device moved"],
)
def test_a_session_that_has_become_wrong_ends_with_the_next_beat(
    site: MakeSite, change: Callable[[Site], None], words: str
) -> None:
    made = site("blue")
    bind("blue", "p")
    made.up()
    service_id, _ = made.lab.service(made.device_id)
    made.lab.settle(made.conductor)
    change(made)
    news = {"services": {service_id: {**made.agent.services[service_id]}}}
    news["services"][service_id]["operating_status"] = "DEGRADED"
    (ended,) = made.beat(**news)
    assert ended["device_id"] == made.device_id
    assert ended["epoch"] == made.agent.epoch
    assert words in ended["reason"]
    # Nothing that it says or is told counts any more.
    service = made.lab.get(models.Service, service_id)
    assert service.operating_status == "ONLINE"
    row = made.lab.get_key(models.AgentSession, made.device_id)
    assert not row.connected
    (event,) = made.refusals
    assert event.severity == "ERROR"
    assert made.device.operating_status == "UNRESPONSIVE"
    assert made.device.status_code == "relay_refused"
    assert words in made.device.status_reason
    # A relay that did not hear the answer is told again.
    (again,) = made.beat()
    assert again["epoch"] == made.agent.epoch
    with pytest.raises(PermanentError, match=words):
        made.agent.connect()
    made.lab.advance(60)
    made.conductor.reconciler.look()
    assert made.device.status_code == "relay_refused"
    assert len(made.refusals) == 1
    # And back.
    bind("blue", "p")
    report(made.lab, "r-blue", "blue")
    made.use("blue")
    made.agent.connect()
    assert made.device.operating_status == "ONLINE"
    assert made.device.status_code is None
    assert made.beat() == []


def test_a_deleted_group_serves_whoever_uses_it(site: MakeSite) -> None:
    made = site("blue")
    bind("blue", "p")
    made.up()
    with db.writer() as session:
        session.delete(session.get_one(models.RelayGroup, "blue"))
    assert made.beat() == []
    made.agent.connect()
    assert made.refusals == []


def test_a_relay_that_says_nothing_for_an_hour_loses_no_session(
    site: MakeSite,
) -> None:
    made = site("blue")
    bind("blue", "p")
    made.up()
    made.lab.advance(3 * 3600)
    made.conductor.reconciler.sweep()
    assert made.lab.count(models.Process) == 0
    assert made.beat() == []


def test_many_refusals_do_not_fill_the_database(site: MakeSite) -> None:
    made = site("blue")
    bind("blue", "p")
    made.up()
    made.agent.at = "r-default"
    for _ in range(40):
        with pytest.raises(PermanentError):
            made.agent.connect()
    assert len(made.refusals) == 1
    made.lab.advance(3601)
    with pytest.raises(PermanentError):
        made.agent.connect()
    assert len(made.refusals) == 2


def test_beats_and_openings_cost_no_more_for_it(site: MakeSite) -> None:
    made = site("blue")
    bind("blue", "p")
    made.up()
    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "SET")):
            statements.append(statement)

    with database.listening("before_cursor_execute", note):
        made.beat()
        beats = len(statements)
        made.agent.connect()
        opening = len(statements) - beats
    # One to write, one to read who is stale and who is refused.
    assert beats == 2, statements
    # One more than without groups.
    asked = [one for one in statements[beats:] if "relay_groups" in one]
    assert len(asked) == 1
    assert opening == 15, statements[beats:]
