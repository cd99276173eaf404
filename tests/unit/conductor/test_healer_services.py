"""Sick services of devices that are well are healed, by gentle means."""

import pytest

from servicevm.db import models

from .lab import Lab
from .site import Site

#: Seconds; as `servicevm.healing.DEFAULTS`.
AFTER, BACKOFF, COOLDOWN = 60, 30, 600


class Clinic(Site):
    """A site with a service."""

    def __init__(self, lab: Lab, **spec: object) -> None:
        super().__init__(lab, **spec)
        self.service_id, _ = lab.service(self.device_id)
        self.conductor.drain()
        self.agent.tell()
        self.pass_time(60, 20, beating=True)

    def die(self, cure: str = "apply") -> None:
        self.agent.die(self.service_id, cure=cure)

    @property
    def service(self) -> models.Service:
        found: models.Service = self.lab.get(models.Service, self.service_id)
        return found

    @property
    def resync(self) -> models.Operation:
        """The only one that there was."""
        (found,) = [
            one
            for one in self.lab.all(models.Operation)
            if one.action == "resync"
        ]
        return found

    @property
    def episode(self) -> models.ServiceHealing | None:
        found = self.lab.all(models.ServiceHealing)
        return found[0] if found else None

    def told(self) -> list[str]:
        return [
            one.type
            for one in self.lab.events()
            if one.type.startswith(("service.heal", "device.heal"))
        ]


@pytest.fixture
def clinic(lab: Lab) -> Clinic:
    return Clinic(lab)


def test_a_service_that_serves_is_left_alone(clinic: Clinic) -> None:
    assert clinic.service.operating_status == "ONLINE"
    clinic.pass_time(300, 30, beating=True)
    assert clinic.tried() == []


def test_a_dead_service_is_handed_over_again(clinic: Clinic) -> None:
    clinic.die()
    clinic.pass_time(AFTER, beating=True)
    assert clinic.service.operating_status == "DEAD"
    assert clinic.tried() == []
    clinic.pass_time(15, beating=True)
    assert clinic.tried() == ["resync"]
    assert clinic.service.operating_status == "ONLINE"
    assert clinic.service.provisioning_status == "ACTIVE"
    assert clinic.resync.arguments["cause"] == "service_died"
    assert clinic.resync.resource_id == clinic.service_id
    clinic.pass_time(COOLDOWN + 10, 30, beating=True)
    assert clinic.episode is None
    assert clinic.told() == ["service.healing", "service.healed"]


def test_what_is_handed_over_again_ends_when_the_agent_says_it_serves(
    clinic: Clinic,
) -> None:
    clinic.die()
    clinic.agent.prompt = False
    clinic.pass_time(AFTER + 20, beating=True)
    assert clinic.resync.state == "WAITING"
    clinic.agent.work()
    clinic.pass_time(5)
    assert clinic.resync.state == "SUCCEEDED"
    assert clinic.service.operating_status == "ONLINE"


def test_what_is_handed_over_again_and_stays_dead_fails_with_the_reason(
    clinic: Clinic,
) -> None:
    clinic.die(cure="nothing")
    clinic.agent.services[clinic.service_id]["detail"] = "haproxy has ended"
    clinic.pass_time(AFTER + 60, 10, beating=True)
    assert clinic.resync.state == "FAILED"
    assert clinic.resync.error_code == "service_died"
    assert "haproxy has ended" in clinic.resync.error_text
    assert clinic.service.provisioning_status == "ACTIVE"


def test_what_that_does_not_mend_is_restarted(clinic: Clinic) -> None:
    clinic.die(cure="restart")
    clinic.pass_time(AFTER + 2 * BACKOFF + 200, 10, beating=True)
    assert clinic.tried() == ["resync", "resync", "restart"]
    assert clinic.service.operating_status == "ONLINE"


def test_a_restart_that_is_asked_for_again_names_the_same_operation(
    lab: Lab,
) -> None:
    clinic = Clinic(lab, healing={"ladder": ["restart"]})
    clinic.die(cure="restart")
    clinic.agent.late = True
    clinic.pass_time(AFTER + 30, beating=True)
    clinic.agent.late = False
    clinic.pass_time(10, beating=True)
    (operation,) = [
        one
        for one in clinic.lab.all(models.Operation)
        if one.action == "restart"
    ]
    assert len(clinic.agent.restarts) > 1
    assert set(clinic.agent.restarts) == {operation.id}
    assert clinic.service.operating_status == "ONLINE"


def test_a_device_that_answers_is_never_rebooted_for_a_service(
    clinic: Clinic,
) -> None:
    clinic.die(cure="nothing")
    clinic.pass_time(1800, 30, beating=True)
    assert clinic.tried() == ["resync", "resync", "restart", "restart"]
    assert clinic.told()[-1] == "service.healing_gave_up"
    assert clinic.service.provisioning_status == "ACTIVE"
    assert clinic.device.operating_status == "ONLINE"


def test_the_agent_is_asked_before_anything_is_done(clinic: Clinic) -> None:
    clinic.die()
    clinic.pass_time(AFTER - 10, beating=True)
    # It serves again, and the beats that say so are lost.
    clinic.agent.services[clinic.service_id]["operating_status"] = "ONLINE"
    clinic.agent.cures.clear()
    said = dict(clinic.agent.services)
    for _ in range(6):
        clinic.agent.services = {}
        clinic.beat()
        clinic.agent.services = said
        clinic.pass_time(5)
    assert clinic.tried() == []
    assert clinic.service.operating_status == "ONLINE"


def test_what_no_member_serves_is_not_sick(clinic: Clinic) -> None:
    clinic.agent.services[clinic.service_id]["operating_status"] = "OFFLINE"
    clinic.pass_time(600, 30, beating=True)
    assert clinic.service.operating_status == "OFFLINE"
    assert clinic.tried() == []


def test_the_services_of_a_lost_device_are_not_healed(clinic: Clinic) -> None:
    clinic.die()
    clinic.pass_time(10, beating=True)
    clinic.agent.disconnect()
    clinic.pass_time(AFTER + 60)
    assert clinic.tried() == ["reboot"]


def test_a_template_may_leave_services_to_people(lab: Lab) -> None:
    clinic = Clinic(lab, healing={"ladder": ["reboot"]})
    clinic.die()
    clinic.pass_time(600, 30, beating=True)
    assert clinic.tried() == []
    assert clinic.episode is None


def test_what_somebody_cancelled_is_not_tried_again(clinic: Clinic) -> None:
    clinic.die()
    clinic.agent.busy = True
    clinic.pass_time(AFTER + 10, beating=True)
    clinic.lab.cancel(clinic.resync.id)
    clinic.agent.busy = False
    clinic.pass_time(COOLDOWN + 200, 30, beating=True)
    assert clinic.tried() == ["resync"]
    assert clinic.service.operating_status == "DEAD"
    assert clinic.service.provisioning_status == "ACTIVE"
    assert "service.healed" not in clinic.told()


def test_a_service_of_a_busy_device_is_not_taken_for_well(
    clinic: Clinic,
) -> None:
    clinic.die(cure="nothing")
    clinic.pass_time(1800, 30, beating=True)
    before, told = clinic.tried(), clinic.told()
    with clinic.lab.change(models.Device, clinic.device_id) as row:
        row.provisioning_status = "PENDING_UPDATE"
    clinic.pass_time(COOLDOWN + 60, 30, beating=True)
    with clinic.lab.change(models.Device, clinic.device_id) as row:
        row.provisioning_status = "ACTIVE"
    clinic.pass_time(300, 30, beating=True)
    assert clinic.tried() == before
    assert clinic.told() == told


def test_a_service_that_waits_for_its_device_is_not_in_its_healings_way(
    lab: Lab,
) -> None:
    lab.conf.set_override("max_parallel", 1, "healing")
    clinic = Clinic(lab)
    clinic.die(cure="nothing")
    clinic.agent.busy = True
    clinic.pass_time(AFTER + 10, beating=True)
    assert clinic.tried() == ["resync"]
    clinic.agent.disconnect()
    clinic.pass_time(AFTER + 60)
    assert clinic.tried() == ["resync", "reboot"]


def test_a_lost_device_ends_what_was_tried_with_its_service(
    clinic: Clinic,
) -> None:
    clinic.die(cure="nothing")
    clinic.agent.busy = True
    clinic.pass_time(AFTER + 10, beating=True)
    clinic.agent.disconnect()
    clinic.pass_time(130)
    (resync,) = [
        one
        for one in clinic.lab.all(models.Operation)
        if one.action == "resync"
    ]
    assert resync.state == "FAILED"
    assert clinic.service.provisioning_status == "ACTIVE"
