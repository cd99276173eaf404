import pytest
from oslo_config import cfg

from servicevm import clock
from servicevm import conf as servicevm_conf
from servicevm.drivers.mgmt.base import ServiceDocument
from servicevm.drivers.mgmt.noop import NoopMgmtDriver
from servicevm.errors import (
    AGENT_ERROR,
    AGENT_NOT_CONNECTED,
    AGENT_TIMEOUT,
    PermanentError,
    TransientError,
)
from servicevm.rpc.local import LateRelay

DEVICE = "00000000-0000-4000-8000-000000000002"


def document(generation=1, config=None):
    return ServiceDocument(
        id="s",
        service_type="loadbalancer",
        generation=generation,
        digest=f"sha256:{generation}",
        config=config or {},
    )


@pytest.fixture
def make(tmp_path):
    conf = servicevm_conf.register(cfg.ConfigOpts())
    conf([], project="servicevm", default_config_files=[])
    conf.set_override("state_dir", str(tmp_path))
    return lambda: NoopMgmtDriver(conf, LateRelay())


@pytest.fixture
def now(monkeypatch):
    class Now:
        us = 1_800_000_000 * clock.SECOND

    monkeypatch.setattr(clock, "now_us", lambda: Now.us)
    return Now


def test_a_device_that_was_not_booted_is_not_connected(make):
    assert not make().observe(DEVICE).connected
    with pytest.raises(TransientError) as caught:
        make().apply(DEVICE, document())
    assert caught.value.reason is AGENT_NOT_CONNECTED


def test_what_was_applied_outlives_the_process(make):
    make().bootstrap(DEVICE, {}, [])
    make().apply(DEVICE, document())
    report = make().observe(DEVICE).services["s"]
    assert (report.generation, report.digest) == (1, "sha256:1")
    assert report.operating_status == "ONLINE"


def test_an_older_generation_is_refused(make):
    driver = make()
    driver.bootstrap(DEVICE, {}, [])
    driver.apply(DEVICE, document(2))
    with pytest.raises(PermanentError) as caught:
        driver.apply(DEVICE, document(1))
    assert caught.value.reason is AGENT_ERROR


def test_bootstrap_again_changes_nothing(make):
    driver = make()
    driver.bootstrap(DEVICE, {}, [])
    driver.apply(DEVICE, document())
    driver.bootstrap(DEVICE, {}, [])
    assert "s" in driver.observe(DEVICE).services


def test_a_refused_configuration_keeps_the_last_good_one(make):
    driver = make()
    driver.bootstrap(DEVICE, {"refuse": "bad"}, [])
    driver.apply(DEVICE, document(1))
    driver.apply(DEVICE, document(2, {"name": "bad"}))
    report = driver.observe(DEVICE).services["s"]
    assert (report.generation, report.failed_generation) == (1, 2)
    assert "bad" in report.detail
    driver.apply(DEVICE, document(3))
    assert driver.observe(DEVICE).services["s"].failed_generation is None


def test_it_takes_its_time(make, now):
    driver = make()
    driver.bootstrap(DEVICE, {"ready_seconds": 2, "apply_seconds": 3}, [])
    assert not driver.observe(DEVICE).connected
    now.us += 2 * clock.SECOND
    assert driver.observe(DEVICE).ready
    driver.apply(DEVICE, document())
    assert driver.observe(DEVICE).services["s"].generation == 0
    now.us += 3 * clock.SECOND
    assert driver.observe(DEVICE).services["s"].generation == 1


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("bootstrap", lambda driver: driver.bootstrap(DEVICE, {}, [])),
        ("apply", lambda driver: driver.apply(DEVICE, document())),
        ("remove", lambda driver: driver.remove(DEVICE, "s", 1)),
    ],
)
def test_a_call_fails_as_often_as_it_is_told(make, name, call):
    driver = make()
    options = {"failures": {name: 2}}
    if name != "bootstrap":
        driver.bootstrap(DEVICE, options, [])
    else:
        with pytest.raises(TransientError):
            driver.bootstrap(DEVICE, options, [])
    for _ in range(1 if name == "bootstrap" else 2):
        with pytest.raises(TransientError) as caught:
            call(driver)
        assert caught.value.reason is AGENT_TIMEOUT
    call(driver)


def test_forget_leaves_nothing(make, tmp_path):
    driver = make()
    driver.bootstrap(DEVICE, {}, [])
    driver.forget(DEVICE)
    driver.forget(DEVICE)
    assert list((tmp_path / "noop-mgmt").iterdir()) == []


def test_an_id_cannot_leave_the_folder(make):
    with pytest.raises(ValueError, match="not an id"):
        make().bootstrap("../" + "a" * 33, {}, [])
