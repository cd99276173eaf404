"""Any order of what users may ask for, and of what may go wrong, against a
small model of what has to come out."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from oslo_config import cfg

from servicevm import clock
from servicevm import conf as servicevm_conf
from servicevm.db import models
from servicevm.drivers.infra.base import DeviceState
from servicevm.states import OperationState
from tests.unit import database
from tests.unit.conductor.lab import CONFIG, Crash, Lab

# Some thousand transactions, which a busy server takes its time for.
pytestmark = pytest.mark.timeout(500)

REAL_CLOCK = clock.now_us


class LifeCycle(RuleBasedStateMachine):
    """The model: which devices and services there are to be, and the
    generation that each service was asked to reach."""

    database: Path

    devices = Bundle("devices")
    services = Bundle("services")

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="svm-"))
        conf = servicevm_conf.register(cfg.ConfigOpts())
        conf([], project="servicevm", default_config_files=[])
        conf.set_override("state_dir", str(self.folder))
        database.use(conf, self.database)
        self.lab = Lab(conf, self.set_clock)
        self.lab.template()
        self.conductor = self.lab.conductor()
        self.hosts: dict[str, str] = {}
        self.wanted: dict[str, int] = {}
        self.there: set[str] = set()

    @staticmethod
    def set_clock(now: int) -> None:
        clock.now_us = lambda: now

    def teardown(self) -> None:
        try:
            self.lab.settle(self.conductor)
            self.check_settled()
        finally:
            clock.now_us = REAL_CLOCK
            database.leave()
            shutil.rmtree(self.folder)

    @rule(target=devices)
    def create_device(self) -> str:
        device_id, _ = self.lab.device()
        self.there.add(device_id)
        return device_id

    @rule(target=services, device_id=devices)
    def create_service(self, device_id: str) -> object:
        if device_id not in self.there:
            return multiple()
        service_id, _ = self.lab.service(device_id)
        self.hosts[service_id] = device_id
        self.wanted[service_id] = 1
        return service_id

    @rule(service_id=services)
    def update_service(self, service_id: str) -> None:
        if service_id in self.wanted:
            self.lab.update(service_id, CONFIG)
            self.wanted[service_id] += 1

    @rule(service_id=consumes(services))
    def delete_service(self, service_id: str) -> None:
        if self.wanted.pop(service_id, None) is not None:
            self.lab.delete_service(service_id)

    @rule(device_id=consumes(devices))
    def delete_device(self, device_id: str) -> None:
        self.lab.delete_device(device_id)
        self.there.remove(device_id)
        for service_id, host in self.hosts.items():
            if host == device_id:
                self.wanted.pop(service_id, None)

    @rule(device_id=devices)
    def reboot(self, device_id: str) -> None:
        device = self.lab.get(models.Device, device_id)
        if device is not None and device.provisioning_status == "ACTIVE":
            self.lab.reboot(device_id)

    @rule(device_id=devices)
    def machine_dies_and_is_started(self, device_id: str) -> None:
        device = self.lab.get(models.Device, device_id)
        if device is not None and device.provisioning_status == "ACTIVE":
            machine = self.lab.cloud.machines[device_id]
            machine["state"] = DeviceState.STOPPED
            self.conductor.reconciler.observe(device_id)
            self.lab.reboot(device_id)

    @rule(turns=st.integers(1, 6), seconds=st.sampled_from([0, 0.3, 2]))
    def work(self, turns: int, seconds: float) -> None:
        for _ in range(turns):
            self.conductor.run_once()
        self.lab.advance(seconds)

    @rule(at=st.integers(0, 12))
    def work_and_die(self, at: int) -> None:
        left = at

        def hook(point: str) -> None:
            nonlocal left
            if left == 0:
                raise Crash(point)
            left -= 1

        try:
            self.lab.conductor(hook).drain()
        except Crash:
            self.conductor = self.lab.conductor()

    @rule()
    def sweep(self) -> None:
        self.conductor.reconciler.sweep()

    @rule()
    def settle(self) -> None:
        self.lab.settle(self.conductor)
        self.check_settled()

    @invariant()
    def nothing_is_observed_that_was_not_asked_for(self) -> None:
        for row in self.lab.all(models.Service):
            assert row.observed_generation <= row.generation

    def check_settled(self) -> None:
        lab = self.lab
        assert {row.id for row in lab.all(models.Device)} == self.there
        assert set(lab.cloud.machines) == self.there
        for row in lab.all(models.Device):
            assert row.provisioning_status == "ACTIVE", row.status_reason
            assert row.operating_status == "ONLINE"
        found = {row.id: row for row in lab.all(models.Service)}
        assert set(found) == set(self.wanted)
        for service_id, generation in self.wanted.items():
            row = found[service_id]
            assert row.provisioning_status == "ACTIVE", row.status_reason
            assert row.observed_generation == generation
            inside = lab.inside(row.device_id)
            assert inside[service_id].generation == generation
        for device_id in self.there:
            mine = {one for one in self.wanted if self.hosts[one] == device_id}
            assert set(lab.inside(device_id)) == mine
        for row in lab.all(models.Operation):
            assert OperationState(row.state) in (
                OperationState.SUCCEEDED,
                OperationState.SUPERSEDED,
            ), row.error_text


def test_whatever_is_asked_for_comes_out(migrated: Path) -> None:
    LifeCycle.database = migrated
    run_state_machine_as_test(
        LifeCycle,
        settings=settings(
            max_examples=15,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            database=None,
        ),
    )
