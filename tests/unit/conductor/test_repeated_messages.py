"""Messages of relays that come twice, late or in another order."""

from tests.unit.conductor.test_agent_events import Site, site

__all__ = ["site"]


def beat(site: Site, epoch: int) -> dict[str, object]:
    return {
        "device_id": site.device_id,
        "epoch": epoch,
        "age_us": 0,
    }


def test_the_session_of_a_lost_answer_does_not_lock_the_next_one_out(
    site: Site,
) -> None:
    site.up()
    lost = site.agent.epoch
    # The same hello again, because its answer did not arrive.
    site.agent.connect()
    newest = site.agent.epoch
    assert newest > lost
    assert site.conductor.heartbeats("r1", [beat(site, newest)]) == []


def test_a_session_that_was_overtaken_is_named_at_its_next_beat(
    site: Site,
) -> None:
    site.up()
    held = site.agent.epoch
    # An earlier opening that was long under way: nobody holds its session.
    site.agent.connect()
    assert site.conductor.heartbeats("r1", [beat(site, held)]) == [
        {"device_id": site.device_id, "epoch": held}
    ]


def test_the_end_of_an_older_session_that_comes_late_ends_nothing(
    site: Site,
) -> None:
    site.up()
    older = site.agent.epoch
    site.agent.connect()
    for _ in range(2):
        site.conductor.session_closed(site.device_id, older, "late")
    assert (
        site.conductor.heartbeats("r1", [beat(site, site.agent.epoch)]) == []
    )
    site.lab.advance(10)
    site.conductor.reconciler.look()
    assert site.device.operating_status == "ONLINE"


def test_a_result_twice_is_one(site: Site) -> None:
    site.up()
    service_id, _ = site.lab.service(site.device_id)
    site.conductor.drain()
    result = {
        "service_id": service_id,
        "generation": 1,
        "digest": site.service(service_id).digest,
        "ok": True,
        "operating_status": "ONLINE",
    }
    before = len(site.lab.events())
    for _ in range(2):
        site.conductor.result(site.device_id, site.agent.epoch, result)
    assert site.service(service_id).observed_generation == 1
    assert len(site.lab.events()) == before


def test_beats_of_a_device_that_is_gone_are_answered_with_its_end(
    site: Site,
) -> None:
    stranger = {
        **beat(site, 3),
        "device_id": "00000000-0000-4000-8000-00000000dead",
    }
    assert site.conductor.heartbeats("r1", [stranger]) == [
        {"device_id": stranger["device_id"], "epoch": 3}
    ]
