"""Counters and members of noop devices are as those of real ones."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg

from servicevm import clock
from servicevm import conf as servicevm_conf
from servicevm.drivers.mgmt.base import ServiceDocument
from servicevm.drivers.mgmt.noop import NoopMgmtDriver
from servicevm.rpc.local import LateRelay
from servicevm_agent.services.haproxy import config as haproxy
from servicevm_agent.services.haproxy import stats as real

Json = dict[str, Any]

DEVICE = "00000000-0000-4000-8000-000000000002"
LISTENERS = [
    {"name": "web", "protocol": "http", "port": 80, "default_pool": "web"},
    {"name": "db", "protocol": "tcp", "port": 5432, "default_pool": "db"},
]


def _member(name: str, **more: Any) -> Json:
    return {"name": name, "address": "192.0.2.1", "port": 80, **more}


def _config(*members: Json) -> Json:
    pool = {"algorithm": "round_robin", "members": [*members]}
    monitor = {"health_monitor": {"type": "http"}}
    return {
        "listeners": LISTENERS,
        "pools": [{"name": "web", **monitor, **pool}, {"name": "db", **pool}],
    }


class Lab:
    """A driver, one device with one service, and the time."""

    def __init__(self, driver: NoopMgmtDriver) -> None:
        self.driver = driver
        self.us = 1_800_000_000 * clock.SECOND
        self.generation = 0

    def boot(self, **options: Any) -> None:
        self.driver.bootstrap(DEVICE, options, [])

    def apply(self, config: Json, service_type: str = "loadbalancer") -> None:
        self.generation += 1
        document = ServiceDocument(
            "s", service_type, self.generation, "sha256:", config
        )
        self.driver.apply(DEVICE, document)

    def stats(self, after: float = 0) -> Json:
        self.us += int(after * clock.SECOND)
        return dict(self.driver.call(DEVICE, "s", "stats", {}))


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    conf = servicevm_conf.register(cfg.ConfigOpts())
    conf([], project="servicevm", default_config_files=[])
    conf.set_override("state_dir", str(tmp_path))
    made = Lab(NoopMgmtDriver(conf, LateRelay()))
    monkeypatch.setattr(clock, "now_us", lambda: made.us)
    return made


def _counted(stats: Json) -> Iterator[tuple[str, Json]]:
    for one in stats["listeners"]:
        yield one["name"], one
    for pool in stats["pools"]:
        yield f"{pool['name']}/", pool
        for one in pool["members"]:
            yield f"{pool['name']}/{one['name']}", one


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_shape(one) for one in value]
    return type(value).__name__


def test_the_shape_is_that_of_the_agent(lab: Lab) -> None:
    config = _config(_member("b1"), _member("b2", weight=3))
    lab.boot()
    lab.apply(config)
    slots = {"web": ["b1", "b2"], "db": ["b1", "b2"]}
    told = real.report([], haproxy.parse(config), slots, real.Statistics())
    # As it comes to who asked: by JSON.
    assert _shape(json.loads(json.dumps(lab.stats()))) == _shape(told)


def test_counters_go_up_and_never_down(lab: Lab) -> None:
    lab.boot()
    lab.apply(_config(_member("b1"), _member("b2")))
    before = dict(_counted(lab.stats()))
    assert all(one["connections_total"] == 0 for one in before.values())
    for _ in range(40):
        after = dict(_counted(lab.stats(after=10)))
        for name, one in after.items():
            for key in real.COUNTERS:
                assert one[key] >= before[name][key], (name, key)
            assert one["connections_total"] > before[name]["connections_total"]
            assert one["bytes_out"] > before[name]["bytes_out"]
        before = after
    assert before["web"]["requests_total"] > 0
    assert before["db"]["requests_total"] == 0
    assert before["web"]["errors_total"] < 100


def test_traffic_comes_in_waves(lab: Lab) -> None:
    lab.boot()
    lab.apply(_config(_member("b1")))
    totals = [
        lab.stats(after=15)["listeners"][0]["connections_total"]
        for _ in range(40)
    ]
    rates = [b - a for a, b in itertools.pairwise(totals)]
    assert max(rates) > 1.5 * min(rates)
    assert min(rates) > 0


def test_a_change_keeps_what_was_counted(lab: Lab) -> None:
    lab.boot()
    lab.apply(_config(_member("b1"), _member("b2")))
    before = dict(_counted(lab.stats(after=100)))
    lab.apply(_config(_member("b1", weight=200), _member("b3")))
    after = dict(_counted(lab.stats(after=1)))
    for name in ("web", "db", "web/", "web/b1"):
        for key in real.COUNTERS:
            assert after[name][key] >= before[name][key]
    assert "web/b2" not in after
    assert after["web/b3"]["connections_total"] < 60


@pytest.mark.parametrize(
    ("members", "busy"),
    [
        ([_member("b1"), _member("b2", drain=True)], {"b1"}),
        ([_member("b1"), _member("b2", weight=0)], {"b1"}),
        ([_member("b1"), _member("b2", backup=True)], {"b1"}),
        ([_member("down"), _member("b2", backup=True)], {"b2"}),
        ([_member("b1"), _member("down")], {"b1"}),
        ([_member("down")], set()),
        ([], set()),
    ],
    ids=["drain", "weight", "backup", "backup serves", "down", "all", "none"],
)
def test_only_members_that_can_serve_get_traffic(
    lab: Lab, members: list[Json], busy: set[str]
) -> None:
    lab.boot(offline_members=["down"])
    lab.apply(_config(*members))
    found = lab.stats(after=60)
    pool = found["pools"][0]
    assert {
        one["name"] for one in pool["members"] if one["connections_total"]
    } == busy
    failed = found["listeners"][0]["errors_total"]
    if not busy:
        assert failed == found["listeners"][0]["connections_total"]


@pytest.mark.parametrize(
    ("names", "status", "detail"),
    [
        (["b1", "b2"], "ONLINE", ""),
        (["b1", "down"], "DEGRADED", "2 of 4 are down"),
        (["down"], "OFFLINE", "no member can be used"),
        ([], "OFFLINE", "no member can be used"),
    ],
)
def test_the_service_does_as_its_members_do(
    lab: Lab, names: list[str], status: str, detail: str
) -> None:
    lab.boot(offline_members=["down"])
    lab.apply(_config(*(_member(name) for name in names)))
    report = lab.driver.observe(DEVICE).services["s"]
    assert (report.operating_status, report.detail) == (status, detail)
    assert [dict(one) for one in report.members] == [
        {
            "name": name,
            "pool": pool,
            "operating_status": "OFFLINE" if name == "down" else "ONLINE",
        }
        for pool in ("web", "db")
        for name in names
    ]
    (pool, *_) = lab.stats()["pools"]
    checks = {one["name"]: one["last_check"] for one in pool["members"]}
    assert checks.get("down", "L4CON").startswith("L4CON")
    assert checks.get("b1", "L7OK").startswith("L7OK")


def test_of_another_service_type_nothing_is_counted(lab: Lab) -> None:
    lab.boot()
    lab.apply({"listeners": 1, "pools": "two"}, service_type="firewall")
    assert lab.stats() == {"listeners": [], "pools": []}
    report = lab.driver.observe(DEVICE).services["s"]
    assert (report.operating_status, report.members) == ("ONLINE", [])


def test_nothing_is_counted_before_anything_was_accepted(lab: Lab) -> None:
    lab.boot(refuse="b1")
    lab.apply(_config(_member("b1")))
    assert lab.stats(after=5) == {"listeners": [], "pools": []}
