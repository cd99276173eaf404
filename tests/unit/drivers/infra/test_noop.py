import dataclasses
import json
import threading
import uuid
from pathlib import Path

import jsonschema
import pytest

from servicevm.drivers.infra.base import DeviceSpec, DeviceState, InterfaceSpec
from servicevm.drivers.infra.conformance import InfraDriverConformance, Ledger
from servicevm.drivers.infra.noop import NoopInfraDriver
from servicevm.errors import DISK_FULL, PermanentError, TransientError


@pytest.fixture
def make_driver(conf):
    made = []

    def make():
        made.append(NoopInfraDriver(conf))
        return made[-1]

    yield make
    for driver in made:
        driver.close()


@pytest.fixture
def driver(make_driver):
    return make_driver()


def new_spec(**options) -> DeviceSpec:
    return DeviceSpec(
        str(uuid.uuid4()),
        "name",
        "project",
        options,
        [InterfaceSpec("ingress", 0, "any", "52:54:00:00:00:01")],
        {"servicevm.json": b"{}"},
    )


class TestNoop(InfraDriverConformance):
    @pytest.fixture
    def make_driver(self, make_driver):
        return make_driver

    @pytest.fixture
    def make_spec(self):
        return new_spec


class TestSlowNoop(InfraDriverConformance):
    @pytest.fixture
    def make_driver(self, make_driver):
        return make_driver

    @pytest.fixture
    def make_spec(self):
        return lambda: new_spec(create_seconds=0.05, delete_seconds=0.05)


@pytest.mark.parametrize("transient", [True, False])
def test_a_failure_is_injected_as_often_as_asked(driver, transient) -> None:
    spec = new_spec(
        fail={
            "create": {
                "times": 2,
                "code": DISK_FULL.code,
                "transient": transient,
            }
        }
    )
    kind = TransientError if transient else PermanentError
    for _ in range(2):
        with pytest.raises(kind) as caught:
            driver.create(spec, Ledger())
        assert caught.value.reason is DISK_FULL
    driver.create(spec, Ledger())
    assert driver.observe(spec).state is DeviceState.RUNNING


def test_what_is_begun_anew_goes_on_with_the_failures_that_are_left(
    driver,
) -> None:
    spec = new_spec(fail={"create": {"times": 1, "code": DISK_FULL.code}})
    with pytest.raises(TransientError, match="1 of 1"):
        driver.create(spec, Ledger())
    # There is nothing yet, as before a creation that is tried again.
    assert driver.delete(spec)
    assert driver.device_ids() == {spec.id}
    driver.create(spec, Ledger())
    assert driver.delete(spec)
    assert driver.device_ids() == set()


def test_failures_of_what_was_never_made_are_swept(driver) -> None:
    spec = new_spec(fail={"create": {"times": 1, "code": DISK_FULL.code}})
    with pytest.raises(TransientError):
        driver.create(spec, Ledger())
    driver.delete_leftover(spec.id)
    assert driver.device_ids() == set()


def test_failures_are_counted_across_a_restart(make_driver) -> None:
    spec = new_spec(fail={"delete": {"times": 1, "code": DISK_FULL.code}})
    first = make_driver()
    with pytest.raises(TransientError):
        first.delete(spec)
    assert make_driver().delete(spec)


def test_a_death_is_told_once_and_seen(driver) -> None:
    heard, told = [], threading.Event()

    def died(device_id: str) -> None:
        heard.append(device_id)
        told.set()

    driver.watch([], died)
    spec = new_spec(die_after_seconds=0.05)
    driver.create(spec, Ledger())
    assert told.wait(10)
    assert heard == [spec.id]
    assert driver.observe(spec).state is DeviceState.FAILED


def test_a_death_is_told_after_a_restart(make_driver) -> None:
    spec = new_spec(die_after_seconds=0.05)
    first = make_driver()
    first.create(spec, Ledger())
    first.close()
    told = threading.Event()
    make_driver().watch([spec], lambda device_id: told.set())
    assert told.wait(10)


def test_an_interface_is_plugged_in_and_out(driver) -> None:
    spec, ledger = new_spec(), Ledger()
    driver.create(spec, ledger)
    more = InterfaceSpec("egress", 1, "any", "52:54:00:00:00:02")
    driver.attach_interface(spec, more, ledger)
    driver.attach_interface(spec, more, ledger)
    assert driver.observe(spec).facts["interfaces"] == [0, 1]
    driver.detach_interface(spec, more)
    assert driver.observe(spec).facts["interfaces"] == [0]


@pytest.mark.parametrize(
    "options",
    [
        {"create_seconds": -1},
        {"fail": {"create": {"times": 1, "code": "no_such_code"}}},
        {"fail": {"explode": {"times": 1, "code": "disk_full"}}},
        {"unknown": 1},
    ],
)
def test_wrong_options_do_not_fit_the_schema(options) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(options, NoopInfraDriver.options_schema)


def test_who_was_overtaken_changes_nothing(make_driver) -> None:
    spec = new_spec()
    old = dataclasses.replace(spec, fence=1)
    new = dataclasses.replace(spec, fence=2)
    make_driver().create(new, Ledger())
    overtaken = make_driver()
    for call in (overtaken.reboot, overtaken.delete):
        with pytest.raises(TransientError, match="overtaken"):
            call(old)
    assert overtaken.observe(old).state is DeviceState.RUNNING
    assert overtaken.delete(new)


def test_calls_are_on_record_when_asked_for(driver, conf) -> None:
    spec = new_spec(record_calls=True)
    driver.create(spec, Ledger())
    driver.delete(spec)
    path = Path(conf.state_dir) / "noop" / "journal" / f"{spec.id}.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["call"], line["existed"]) for line in lines] == [
        ("create", False),
        ("delete", True),
    ]


def test_first_boot_files_are_kept_while_the_device_is(driver, conf) -> None:
    spec = new_spec(keep_bootstrap=True)
    driver.create(spec, Ledger())
    path = Path(conf.state_dir) / "noop" / "bootstrap" / f"{spec.id}.json"
    assert path.read_bytes() == b"{}"
    assert path.stat().st_mode & 0o777 == 0o600
    driver.delete(spec)
    assert not path.exists()


def test_it_says_when_another_look_is_worth_while(driver) -> None:
    spec = new_spec(create_seconds=100)
    driver.create(spec, lambda kind, external_id: None)
    assert 99 < driver.observe(spec).look_in <= 100
