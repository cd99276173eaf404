"""The channel's other end: enrolment, sessions, reports."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from servicevm import errors, pki
from servicevm.conductor import chatter
from servicevm.conductor.service import Conductor
from servicevm.db import models
from servicevm.drivers.infra.base import InterfaceSpec
from servicevm.drivers.mgmt.agent import AgentMgmtDriver
from servicevm.errors import PermanentError, TransientError

from .agents import Agent, Relay, make_csr, serial_of
from .lab import CONFIG, Lab


class Site:
    """A device whose machine is up and whose agent has not called yet."""

    def __init__(self, lab: Lab) -> None:
        pki.ensure(lab.conf)
        self.lab = lab
        self.relay = Relay()
        lab.relay.bind(self.relay)
        self.conductor: Conductor = lab.conductor()
        template = lab.template(mgmt_driver="agent")
        self.device_id, self.create = lab.device(template)
        self.conductor.drain()
        self.agent = Agent(self.relay, self.conductor)

    @property
    def bootstrap(self) -> dict:
        files = self.lab.cloud.machines[self.device_id]["bootstrap"]
        return json.loads(files["servicevm.json"])

    @property
    def device(self) -> models.Device:
        return self.lab.get(models.Device, self.device_id)

    def service(self, service_id: str) -> models.Service:
        return self.lab.get(models.Service, service_id)

    def up(self) -> None:
        self.agent.enrol(self.bootstrap["token"])
        self.agent.connect()
        self.conductor.drain()
        assert self.device.provisioning_status == "ACTIVE"


@pytest.fixture
def site(lab: Lab) -> Site:
    return Site(lab)


def test_the_bootstrap_says_what_the_agent_needs(site: Site) -> None:
    document = site.bootstrap
    assert document["device_id"] == site.device_id
    assert document["deployment_id"] == "local"
    assert len(bytes.fromhex(document["token"])) == 32
    assert document["transport"] == {
        "type": "serial",
        "port": "org.servicevm.agent.0",
    }
    (interface,) = document["interfaces"]
    assert interface["address"] == "10.0.2.15"
    assert interface["egress_proxy"] == {"socks4": "10.0.2.100:1080"}
    token = site.lab.get_key(models.EnrolmentToken, site.device_id)
    assert document["token"] not in repr(vars(token))


def test_a_session_wakes_the_device_that_waits_for_it(site: Site) -> None:
    assert site.device.provisioning_status == "PENDING_CREATE"
    site.up()
    assert site.device.operating_status == "ONLINE"
    assert site.device.facts["boot_id"] == site.agent.boot_id


def test_the_same_key_again_gets_the_same_certificate(site: Site) -> None:
    token, csr = site.bootstrap["token"], make_csr()
    first = site.conductor.enrol(token, csr, "serial")
    assert site.conductor.enrol(token, csr, "serial") == first
    assert site.lab.count(models.AgentCertificate) == 1


def test_another_key_is_refused_and_reported(site: Site) -> None:
    token = site.bootstrap["token"]
    site.conductor.enrol(token, make_csr(), "serial")
    with pytest.raises(PermanentError, match="another key") as caught:
        site.conductor.enrol(token, make_csr(), "10.0.0.66")
    assert caught.value.reason is errors.ENROLMENT_REFUSED
    (event,) = site.lab.events(type="device.enrolment_refused")
    assert event.code == "enrolment_refused"
    assert "10.0.0.66" in event.message
    assert event.facts == {
        "peer": "10.0.0.66",
        "detail": "The token was used with another key.",
    }


@pytest.mark.parametrize("token", ["", "0" * 64])
def test_an_unknown_token_is_refused(site: Site, token: str) -> None:
    with pytest.raises(PermanentError, match="not known"):
        site.conductor.enrol(token, make_csr(), "serial")


def test_a_token_expires_unless_it_was_used(site: Site) -> None:
    token, csr = site.bootstrap["token"], make_csr()
    site.lab.advance(31 * 60)
    with pytest.raises(PermanentError, match="expired"):
        site.conductor.enrol(token, csr, "serial")


def test_a_bad_csr_does_not_use_the_token_up(site: Site) -> None:
    token = site.bootstrap["token"]
    with pytest.raises(PermanentError):
        site.conductor.enrol(token, "nonsense", "serial")
    site.conductor.enrol(token, make_csr(), "serial")


def test_only_certificates_on_the_list_open_sessions(site: Site) -> None:
    site.up()
    site.agent.serial = "abc"
    with pytest.raises(PermanentError) as caught:
        site.agent.connect()
    assert caught.value.reason is errors.CERTIFICATE_REFUSED


def test_a_certificate_is_good_for_its_own_device_only(
    site: Site, lab: Lab
) -> None:
    site.up()
    other, _ = lab.device(lab.template(mgmt_driver="agent"))
    site.agent.device_id = other
    with pytest.raises(PermanentError):
        site.agent.connect()


def test_the_old_certificate_goes_when_the_new_one_is_used(
    site: Site,
) -> None:
    site.up()
    old = site.agent.serial
    site.lab.advance(3 * 86_400)
    answer = site.conductor.renew(site.device_id, old, make_csr())
    site.agent.connect()
    site.agent.serial = serial_of(answer["certificate"])
    site.agent.connect()
    site.agent.serial = old
    with pytest.raises(PermanentError):
        site.agent.connect()


def test_renewals_that_are_never_used_do_not_pile_up(site: Site) -> None:
    site.up()
    key = ec.generate_private_key(ec.SECP256R1())
    answers = []
    for _ in range(9):
        site.lab.advance(60)
        answers.append(
            site.conductor.renew(
                site.device_id, site.agent.serial, make_csr(key)
            )
        )
    kept = [row.serial for row in site.lab.all(models.AgentCertificate)]
    newest = [serial_of(one["certificate"]) for one in answers[-4:]]
    assert sorted(kept) == sorted([site.agent.serial, *newest])


def test_a_renewal_that_comes_late_locks_nobody_out(site: Site) -> None:
    site.up()
    old = site.agent.serial
    answer = site.conductor.renew(site.device_id, old, make_csr())
    site.lab.advance(1)
    # The one before it, whose answer nobody waits for any more.
    site.conductor.renew(site.device_id, old, make_csr())
    site.agent.serial = serial_of(answer["certificate"])
    site.agent.connect()


def test_delete_revokes_at_once(site: Site) -> None:
    site.up()
    site.lab.delete_device(site.device_id)
    with pytest.raises(PermanentError):
        site.agent.connect()
    site.lab.settle(site.conductor)
    assert site.agent.closed == "the device was revoked"
    assert site.lab.count(models.AgentCertificate) == 0


def test_the_newest_session_wins(site: Site) -> None:
    site.up()
    first = site.agent.epoch
    site.agent.connect()
    assert site.agent.epoch == first + 1
    site.conductor.session_closed(site.device_id, first, "late")
    session = site.lab.get_key(models.AgentSession, site.device_id)
    assert session.connected


def test_silence_is_told_and_so_is_the_return(site: Site) -> None:
    site.up()
    reconciler = site.conductor.reconciler
    site.agent.disconnect()
    reconciler.look()
    assert site.device.operating_status == "ONLINE"
    site.lab.advance(6)
    reconciler.look()
    assert site.device.operating_status == "UNRESPONSIVE"
    assert site.device.status_code == "agent_not_connected"
    site.agent.connect()
    assert site.device.operating_status == "ONLINE"
    assert site.device.status_code is None
    assert [
        event.facts["status"]
        for event in site.lab.events(type="device.operating_status")
    ] == ["UNRESPONSIVE", "ONLINE"]


def test_a_session_without_heartbeats_counts_as_silence(site: Site) -> None:
    site.up()
    site.lab.advance(38)
    site.conductor.reconciler.look()
    assert site.device.operating_status == "UNRESPONSIVE"
    beat = {
        "device_id": site.device_id,
        "epoch": site.agent.epoch,
        "age_us": 0,
    }
    site.conductor.heartbeats("r1", [beat])
    site.conductor.reconciler.look()
    assert site.device.operating_status == "ONLINE"


def test_a_result_ends_the_wait_at_once(site: Site) -> None:
    site.up()
    site.agent.prompt = False
    service_id, operation_id = site.lab.service(site.device_id)
    site.conductor.drain()
    assert site.lab.operation(operation_id).step == "wait_applied"
    site.agent.work()
    site.agent.tell()
    site.conductor.drain()
    assert site.lab.operation(operation_id).state == "SUCCEEDED"
    service = site.service(service_id)
    assert service.observed_generation == 1
    assert service.operating_status == "ONLINE"


def test_a_refusal_comes_with_the_devices_own_words(site: Site) -> None:
    site.up()
    site.agent.prompt = False
    site.agent.refuses = "[ALERT] parsing: unknown keyword"
    service_id, operation_id = site.lab.service(site.device_id)
    site.conductor.drain()
    site.agent.work()
    site.agent.tell()
    site.conductor.drain()
    assert site.lab.operation(operation_id).error_code == "config_refused"
    service = site.service(service_id)
    assert service.provisioning_status == "ERROR"
    assert service.status_reason.startswith(site.agent.refuses)
    # The device has looked at it: telling it the same again is no use.
    site.lab.advance(3600)
    site.agent.connect()
    site.conductor.reconciler.sweep()
    assert not site.conductor.run_once()


def test_late_and_doubled_results_change_nothing(site: Site) -> None:
    site.up()
    service_id, _ = site.lab.service(site.device_id)
    site.conductor.drain()
    old = dict(site.agent.untold[0])
    site.agent.tell()
    site.lab.update(service_id, CONFIG)
    site.conductor.drain()
    site.agent.tell()
    site.conductor.result(site.device_id, site.agent.epoch, old)
    failed = {**old, "ok": False, "detail": "late"}
    site.conductor.result(site.device_id, site.agent.epoch, failed)
    service = site.service(service_id)
    assert service.observed_generation == 2
    assert service.failed_generation is None


def test_a_device_speaks_for_its_own_services_only(
    site: Site, lab: Lab
) -> None:
    site.up()
    other, _ = lab.device(lab.template())
    lab.settle(site.conductor)
    service_id, _ = lab.service(other)
    lab.settle(site.conductor)
    lab.update(service_id, CONFIG)
    site.conductor.result(
        site.device_id,
        site.agent.epoch,
        {
            "service_id": service_id,
            "generation": 2,
            "digest": f"sha256:{2:064x}",
            "ok": True,
            "operating_status": "ONLINE",
        },
    )
    assert site.service(service_id).observed_generation == 1


def test_what_was_never_asked_for_is_not_believed(site: Site) -> None:
    site.up()
    service_id, _ = site.lab.service(site.device_id)
    site.conductor.drain()
    site.conductor.heartbeats(
        "r1",
        [
            {
                "device_id": site.device_id,
                "epoch": site.agent.epoch,
                "age_us": 0,
                "services": {
                    service_id: {
                        "generation": 77,
                        "digest": f"sha256:{77:064x}",
                        "operating_status": "DEGRADED",
                    }
                },
            }
        ],
    )
    service = site.service(service_id)
    assert service.observed_generation == 1
    assert service.operating_status == "DEGRADED"


def test_members_come_with_heartbeats(site: Site) -> None:
    site.up()
    service_id, _ = site.lab.service(site.device_id)
    site.conductor.drain()
    member = {"pool": "p", "name": "b1", "operating_status": "ONLINE"}
    report = {**site.agent.services[service_id], "members": [member]}
    beat = {
        "device_id": site.device_id,
        "epoch": site.agent.epoch,
        "age_us": 0,
        "services": {service_id: report},
    }
    site.conductor.heartbeats("r1", [beat])
    assert site.service(service_id).members == [member]
    # A report that does not speak of members does not take them away.
    beat["services"] = {service_id: site.agent.services[service_id]}
    site.conductor.heartbeats("r1", [beat])
    assert site.service(service_id).members == [member]
    site.conductor.heartbeats("r1", [{**beat, "epoch": 99}])


def test_a_device_that_lost_its_services_gets_them_again(site: Site) -> None:
    site.up()
    service_id, _ = site.lab.service(site.device_id)
    site.lab.settle(site.conductor)
    site.agent.services.clear()
    site.agent.connect()
    assert site.service(service_id).observed_generation == 0
    site.lab.settle(site.conductor)
    assert site.agent.services[service_id]["generation"] == 1
    assert site.service(service_id).observed_generation == 1
    newest = site.lab.operation(site.service(service_id).operation_id)
    assert newest.initiator == "system"


def test_a_held_device_that_lost_its_services_is_left_as_it_is(
    site: Site,
) -> None:
    site.up()
    service_id, _ = site.lab.service(site.device_id)
    site.lab.settle(site.conductor)
    site.lab.hold("device", site.device_id)
    site.agent.services.clear()
    site.agent.connect()
    site.lab.settle(site.conductor)
    assert site.service(service_id).observed_generation == 0
    assert not site.agent.services


def test_a_device_is_told_to_remove_what_nobody_knows(site: Site) -> None:
    site.up()
    service_id, _ = site.lab.service(site.device_id)
    site.lab.settle(site.conductor)
    site.agent.disconnect()
    site.lab.delete_service(service_id)
    site.lab.settle(site.conductor)
    assert site.lab.get(models.Service, service_id) is None
    assert service_id in site.agent.services
    site.agent.connect()
    site.conductor.drain()
    assert site.agent.services == {}


def test_an_update_waits_for_an_agent_that_is_away(site: Site) -> None:
    site.up()
    service_id, _ = site.lab.service(site.device_id)
    site.lab.settle(site.conductor)
    site.agent.disconnect()
    operation_id = site.lab.update(service_id, CONFIG)
    site.conductor.drain()
    assert site.lab.operation(operation_id).state == "WAITING"
    site.agent.connect()
    site.conductor.drain()
    assert site.lab.operation(operation_id).state == "SUCCEEDED"
    assert site.agent.services[service_id]["generation"] == 2


def test_an_outcome_that_was_lost_is_asked_for(site: Site) -> None:
    site.up()
    site.agent.prompt = False
    _, operation_id = site.lab.service(site.device_id)
    site.conductor.drain()
    # Not even accepted: the agent was killed before it wrote it down.
    site.agent.accepted.clear()
    site.agent.prompt = True
    site.lab.settle(site.conductor)
    assert site.lab.operation(operation_id).state == "SUCCEEDED"


def test_an_agents_event_is_shown_to_people(site: Site) -> None:
    site.up()
    site.conductor.event(
        site.device_id,
        site.agent.epoch,
        {"type": "disk", "severity": "WARNING", "message": "x" * 5000},
    )
    (event,) = site.lab.events(type="agent.disk")
    assert event.severity == "WARNING"
    assert len(event.message) == 2048


def test_a_talkative_device_does_not_fill_the_database(site: Site) -> None:
    site.up()
    agent, conductor = site.agent, site.conductor
    service_id, _ = site.lab.service(site.device_id)
    site.lab.settle(conductor)
    before = site.lab.count(models.Event)
    token = site.bootstrap["token"]
    note = {"type": "disk", "severity": "INFO", "message": "m"}
    # Each turn has several things to tell.
    for turn in range(chatter.MOST // 2):
        conductor.event(site.device_id, agent.epoch, note)
        agent.services[service_id]["operating_status"] = (
            "ONLINE" if turn % 2 else "OFFLINE"
        )
        agent.disconnect()
        agent.connect()
        with pytest.raises(PermanentError):
            conductor.enrol(token, make_csr(), "serial")
    assert site.lab.count(models.Event) - before <= chatter.MOST
    assert site.service(service_id).operating_status == "ONLINE"
    # and what it does later is told again
    site.lab.advance(120)
    conductor.event(site.device_id, agent.epoch, note | {"type": "later"})
    assert site.lab.events(type="agent.later")


def test_a_reboot_waits_for_the_agent_of_the_new_boot(site: Site) -> None:
    site.up()
    operation_id = site.lab.reboot(site.device_id)
    site.conductor.drain()
    site.lab.advance(5)
    site.conductor.drain()
    assert site.lab.operation(operation_id).step == "wait_agent"
    site.agent.boot_id = "00000000-0000-4000-8000-000000000000"
    site.agent.connect()
    site.conductor.drain()
    assert site.lab.operation(operation_id).state == "SUCCEEDED"


def test_bootstrap_again_gives_the_same_token_with_a_fresh_life(
    site: Site,
) -> None:
    driver = AgentMgmtDriver(site.lab.conf, site.lab.relay)

    def token() -> str:
        files = driver.bootstrap(site.device_id, {}, [])
        return json.loads(files["servicevm.json"])["token"]

    first = site.bootstrap["token"]
    site.lab.advance(20 * 60)
    assert token() == first
    site.lab.advance(20 * 60)
    assert token() == first
    # Only once it has expired, or was taken back, is there another.
    site.lab.advance(31 * 60)
    second = token()
    assert second != first
    driver.forget(site.device_id)
    site.lab.advance(1)
    assert token() not in (first, second)


def test_a_device_that_was_off_for_too_long_enrols_again(site: Site) -> None:
    site.up()
    token, old = site.bootstrap["token"], site.agent.serial
    site.agent.disconnect()
    site.lab.advance(8 * 86_400)
    with pytest.raises(PermanentError):
        site.agent.connect()
    with pytest.raises(PermanentError, match="another key"):
        site.agent.enrol(token)
    site.lab.reboot(site.device_id)
    site.conductor.drain()
    site.agent.boot_id = "the next boot"
    site.agent.enrol(site.bootstrap["token"])
    assert site.agent.serial != old
    site.agent.connect()
    site.lab.settle(site.conductor)
    assert site.device.provisioning_status == "ACTIVE"
    assert site.device.operating_status == "ONLINE"


def test_a_reboot_gives_no_new_token_to_a_device_that_needs_none(
    site: Site,
) -> None:
    site.up()
    token = site.bootstrap["token"]
    site.lab.reboot(site.device_id)
    site.conductor.drain()
    assert site.bootstrap["token"] == token


def test_over_tcp_the_agent_is_told_where_and_on_which_interface(
    site: Site,
) -> None:
    driver = AgentMgmtDriver(site.lab.conf, site.lab.relay)
    mgmt = InterfaceSpec("mgmt", 1, "bridge:br0", "52:54:00:00:00:01")
    options = {"transport": "tcp", "relays": ["192.0.2.1:9891"]}
    files = driver.bootstrap(site.device_id, options, [mgmt])
    assert json.loads(files["servicevm.json"])["transport"] == {
        "type": "tcp",
        "relays": ["192.0.2.1:9891"],
        "interface_mac": "52:54:00:00:00:01",
    }
    with pytest.raises(PermanentError, match="role mgmt"):
        driver.bootstrap(site.device_id, options, [])
    with pytest.raises(TransientError) as caught:
        driver.bootstrap(site.device_id, {"transport": "tcp"}, [mgmt])
    assert caught.value.reason is errors.NO_RELAY
    site.lab.conf.set_override("bind_port", 9891, group="relay")
    files = driver.bootstrap(site.device_id, {"transport": "tcp"}, [mgmt])
    assert json.loads(files["servicevm.json"])["transport"]["relays"] == [
        "127.0.0.1:9891"
    ]


def test_an_old_beat_that_comes_late_does_not_make_a_device_live(
    site: Site,
) -> None:
    site.up()
    site.lab.advance(60)
    beat = {
        "device_id": site.device_id,
        "epoch": site.agent.epoch,
        "age_us": 50_000_000,
    }
    site.conductor.heartbeats("r1", [beat])
    site.conductor.reconciler.look()
    assert site.device.operating_status == "UNRESPONSIVE"
