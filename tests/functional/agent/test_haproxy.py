"""The load balancer with a real haproxy and real traffic."""

import copy
import os
import signal
import socket
import threading
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from servicevm_agent.layout import Layout
from servicevm_agent.service import ConfigRefused, Environment
from servicevm_agent.services.haproxy.balancer import Balancer
from servicevm_agent.services.haproxy.process import Haproxy
from tests.functional.agent.backends import Backend, free_port, get, shares
from tests.functional.agent.conftest import Eventually

Config = dict[str, Any]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def config(port: int, backends: list[Backend]) -> Config:
    return {
        "listeners": [
            {
                "name": "web",
                "protocol": "http",
                "port": port,
                "default_pool": "web",
                "x_forwarded_for": True,
            }
        ],
        "pools": [
            {
                "name": "web",
                "algorithm": "round_robin",
                "members": [member(backend) for backend in backends[:2]],
                "health_monitor": {
                    "type": "http",
                    "path": "/health",
                    "delay_ms": 100,
                    "rise": 1,
                    "fall": 1,
                    "expected_codes": "200-299,304",
                    "host": "test.example",
                },
            }
        ],
    }


def member(backend: Backend, **more: Any) -> Config:
    return {
        "name": backend.name,
        "address": "127.0.0.1",
        "port": backend.port,
        **more,
    }


def workers(layout: Layout) -> list[int]:
    found = Haproxy(layout.haproxy, f"{layout.run}/s1").running()
    assert found is not None
    return found.workers


def text_of(layout: Layout) -> str:
    return Path(layout.run, "s1", "haproxy.cfg").read_text()


def with_members(config: Config, *members: Config) -> Config:
    changed = copy.deepcopy(config)
    changed["pools"][0]["members"] = list(members)
    return changed


def test_traffic_is_split_and_the_client_is_named(
    balancer: Balancer, config: Config, port: int, backends: list[Backend]
) -> None:
    balancer.apply(config, trusted=False)
    assert shares(port, 10) == {"b1": 5, "b2": 5}
    assert backends[0].seen[-1]["x-forwarded-for"] == "127.0.0.1"
    assert balancer.observe().operating_status == "ONLINE"


def test_a_reload_drops_nothing_under_load(
    balancer: Balancer, layout: Layout, config: Config, port: int
) -> None:
    balancer.apply(config, trusted=False)
    before = workers(layout)
    failed: list[Any] = []
    answered = [0]
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            try:
                status, _ = get(port)
            except OSError as error:
                failed.append(error)
            else:
                answered[0] += 1
                if status != 200:
                    failed.append(status)

    threads = [threading.Thread(target=load) for _ in range(3)]
    for thread in threads:
        thread.start()
    for limit in (500, 501, 502):
        config["listeners"][0]["connection_limit"] = limit
        balancer.apply(config, trusted=False)
    stop.set()
    for thread in threads:
        thread.join()
    assert failed == []
    assert answered[0] > 0
    assert not set(before) & set(workers(layout))
    stats = balancer.act("stats", {})
    # What the old workers did during the reloads themselves is not seen.
    counted = stats["listeners"][0]["requests_total"]
    assert 0 < counted <= answered[0]


def test_members_change_without_a_reload(
    balancer: Balancer,
    layout: Layout,
    config: Config,
    port: int,
    backends: list[Backend],
) -> None:
    balancer.apply(config, trusted=False)
    before = workers(layout)
    b1, b2, b3 = backends
    both = {"weight": 1}

    balancer.apply(
        with_members(config, member(b1, **both), member(b3)), trusted=False
    )
    assert shares(port, 10) == {"b1": 5, "b3": 5}
    assert f":{b3.port}" in text_of(layout)
    assert f":{b2.port}" not in text_of(layout)

    weighted = with_members(config, member(b1, weight=3), member(b3))
    balancer.apply(weighted, trusted=False)
    assert shares(port, 20) == {"b1": 15, "b3": 5}

    drained = with_members(config, member(b1), member(b3, drain=True))
    balancer.apply(drained, trusted=False)
    assert shares(port, 10) == {"b1": 10}
    assert balancer.observe().operating_status == "ONLINE"

    moved = with_members(config, member(b1, port=b2.port), member(b3))
    balancer.apply(moved, trusted=False)
    assert shares(port, 10) == {"b2": 5, "b3": 5}

    assert workers(layout) == before


def test_more_members_than_spare_slots_are_a_reload(
    balancer: Balancer,
    layout: Layout,
    config: Config,
    port: int,
    backends: list[Backend],
) -> None:
    balancer.apply(config, trusted=False)
    before = workers(layout)
    many = [member(backends[0], name=f"m{n}") for n in range(20)]
    balancer.apply(with_members(config, *many), trusted=False)
    assert workers(layout) != before
    assert shares(port, 5) == {"b1": 5}
    assert balancer.observe().operating_status == "ONLINE"


def test_a_config_that_haproxy_refuses_keeps_the_last_good(
    balancer: Balancer,
    layout: Layout,
    config: Config,
    port: int,
) -> None:
    balancer.apply(config, trusted=False)
    good, before = text_of(layout), workers(layout)
    refused = copy.deepcopy(config)
    # Each code is one, but haproxy does not take an empty range of them.
    refused["pools"][0]["health_monitor"]["expected_codes"] = "299-200"
    with pytest.raises(ConfigRefused, match=r"haproxy: .*status") as caught:
        balancer.apply(refused, trusted=False)
    assert "candidate.cfg" in str(caught.value)
    assert text_of(layout) == good
    assert workers(layout) == before
    assert shares(port, 4) == {"b1": 2, "b2": 2}


def test_a_port_that_is_taken_keeps_the_last_good(
    balancer: Balancer, layout: Layout, config: Config, port: int
) -> None:
    balancer.apply(config, trusted=False)
    good = text_of(layout)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        wrong = copy.deepcopy(config)
        wrong["listeners"].append(
            {
                "name": "second",
                "protocol": "http",
                "port": taken.getsockname()[1],
                "default_pool": "web",
            }
        )
        with pytest.raises(ConfigRefused, match="Address already in use"):
            balancer.apply(wrong, trusted=False)
    assert text_of(layout) == good
    assert shares(port, 4) == {"b1": 2, "b2": 2}
    balancer.apply(wrong, trusted=False)  # the port is free now
    assert shares(port, 4) == {"b1": 2, "b2": 2}


def test_two_services_do_not_share_a_port_behind_their_users_backs(
    balancer: Balancer, layout: Layout, config: Config, port: int
) -> None:
    balancer.apply(config, trusted=False)
    second = Balancer("s2", Environment(layout))
    try:
        with pytest.raises(ConfigRefused, match="Address already in use"):
            second.apply(config, trusted=False)
    finally:
        second.remove()
    # a reload still hands its own sockets over
    more = copy.deepcopy(config)
    more["listeners"][0]["client_timeout_ms"] = 20_000
    balancer.apply(more, trusted=False)
    assert shares(port, 4) == {"b1": 2, "b2": 2}


def test_a_first_config_that_is_refused_leaves_nothing_running(
    layout: Layout, config: Config
) -> None:
    config["pools"][0]["health_monitor"]["expected_codes"] = "299-200"
    balancer = Balancer("s1", Environment(layout))
    with pytest.raises(ConfigRefused, match="haproxy: "):
        balancer.apply(config, trusted=False)
    assert Haproxy(layout.haproxy, f"{layout.run}/s1").running() is None
    assert balancer.observe().operating_status == "OFFLINE"
    balancer.remove()


def test_failing_checks_take_a_member_out_and_bring_it_back(
    balancer: Balancer,
    config: Config,
    port: int,
    backends: list[Backend],
    eventually: Eventually,
) -> None:
    balancer.apply(config, trusted=False)
    backends[1].healthy = False
    eventually(lambda: balancer.observe().operating_status == "DEGRADED")
    status = {m["name"]: m for m in balancer.observe().members}
    assert status["b2"]["operating_status"] == "OFFLINE"
    assert shares(port, 4) == {"b1": 4}
    backends[0].healthy = False
    eventually(lambda: balancer.observe().operating_status == "OFFLINE")
    assert get(port)[0] == 503
    backends[0].healthy = backends[1].healthy = True
    eventually(lambda: balancer.observe().operating_status == "ONLINE")


def test_a_backup_serves_only_when_the_others_are_down(
    balancer: Balancer,
    config: Config,
    port: int,
    backends: list[Backend],
    eventually: Eventually,
) -> None:
    b1, b2, _ = backends
    members = (member(b1), member(b2, backup=True))
    balancer.apply(with_members(config, *members), trusted=False)
    assert shares(port, 4) == {"b1": 4}
    b1.healthy = False
    eventually(lambda: balancer.observe().operating_status == "DEGRADED")
    assert shares(port, 4) == {"b2": 4}


def test_a_cookie_keeps_a_client_with_its_member_over_a_reload(
    balancer: Balancer, config: Config, port: int
) -> None:
    config["pools"][0]["persistence"] = {"type": "cookie"}
    balancer.apply(config, trusted=False)
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/")
    answer = connection.getresponse()
    name = answer.read().decode()
    cookie = str(answer.getheader("Set-Cookie")).partition(";")[0]
    connection.close()
    assert cookie.startswith("SVM=")
    config["listeners"][0]["connection_limit"] = 77
    balancer.apply(config, trusted=False)
    kept = {get(port, {"Cookie": cookie})[1] for _ in range(6)}
    assert kept == {name}


@pytest.mark.parametrize(
    "change",
    [
        {"persistence": {"type": "source_ip"}},
        {"algorithm": "source_ip"},
    ],
    ids=["stick table", "hash"],
)
def test_a_client_stays_with_its_member_by_its_address(
    balancer: Balancer, config: Config, port: int, change: Config
) -> None:
    config["pools"][0].update(change)
    balancer.apply(config, trusted=False)
    assert len(shares(port, 8)) == 1


def test_tcp_is_passed_on(
    balancer: Balancer, config: Config, port: int
) -> None:
    del config["listeners"][0]["x_forwarded_for"]
    config["listeners"][0]["protocol"] = "tcp"
    config["pools"][0]["algorithm"] = "least_connections"
    balancer.apply(config, trusted=False)
    assert sum(shares(port, 6).values()) == 6


def test_statistics_count_listeners_pools_and_members(
    balancer: Balancer, config: Config, port: int
) -> None:
    balancer.apply(config, trusted=False)
    shares(port, 10)
    stats = balancer.act("stats", {})
    (listener,) = stats["listeners"]
    assert listener["name"] == "web"
    assert listener["requests_total"] == 10
    assert listener["connections_total"] == 10
    assert listener["bytes_in"] > 0
    assert listener["bytes_out"] > 0
    assert listener["errors_total"] == 0
    (pool,) = stats["pools"]
    assert pool["requests_total"] == 10
    assert [m["connections_total"] for m in pool["members"]] == [5, 5]
    assert pool["members"][0]["operating_status"] == "ONLINE"
    assert balancer.counters()["requests_total"] == 10


def test_a_slot_taken_over_does_not_bring_the_old_members_count(
    balancer: Balancer,
    config: Config,
    port: int,
    backends: list[Backend],
) -> None:
    balancer.apply(config, trusted=False)
    shares(port, 10)
    b1, _, b3 = backends
    balancer.apply(with_members(config, member(b1), member(b3)), trusted=False)
    shares(port, 4)
    members = balancer.act("stats", {})["pools"][0]["members"]
    assert {m["name"]: m["requests_total"] for m in members} == {
        "b1": 7,
        "b3": 2,
    }


def test_another_agent_takes_over_without_disturbing_haproxy(
    balancer: Balancer, layout: Layout, config: Config, port: int
) -> None:
    balancer.apply(config, trusted=False)
    shares(port, 10)
    balancer.act("stats", {})
    before = workers(layout)
    balancer.apply(with_members(config), trusted=False)
    balancer.apply(config, trusted=False)
    later = Balancer("s1", Environment(layout))
    later.apply(config, trusted=True)
    assert workers(layout) == before
    assert shares(port, 4) == {"b1": 2, "b2": 2}
    assert later.observe().operating_status == "ONLINE"
    counted = later.act("stats", {})["listeners"][0]["requests_total"]
    assert counted == 14


def test_haproxy_that_dies_is_started_again(
    balancer: Balancer,
    layout: Layout,
    config: Config,
    port: int,
    eventually: Eventually,
) -> None:
    balancer.apply(config, trusted=False)
    for pid in workers(layout):
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: balancer.observe().operating_status == "ONLINE")
    assert shares(port, 4) == {"b1": 2, "b2": 2}


def test_haproxy_that_does_not_answer_is_dead_and_a_restart_mends_it(
    balancer: Balancer, layout: Layout, config: Config, port: int
) -> None:
    balancer.apply(config, trusted=False)
    before = workers(layout)
    for pid in before:
        os.kill(pid, signal.SIGSTOP)
    looks = [balancer.observe().operating_status for _ in range(3)]
    assert looks == ["UNKNOWN", "UNKNOWN", "DEAD"]
    balancer.restart(config)
    assert balancer.observe().operating_status == "ONLINE"
    assert not set(workers(layout)) & set(before)
    assert shares(port, 4) == {"b1": 2, "b2": 2}


def test_haproxy_that_does_not_answer_is_replaced_by_handing_over_the_same(
    balancer: Balancer, layout: Layout, config: Config, port: int
) -> None:
    balancer.apply(config, trusted=False)
    before = workers(layout)
    for pid in before:
        os.kill(pid, signal.SIGSTOP)
    looks = [balancer.observe().operating_status for _ in range(3)]
    assert looks[-1] == "DEAD"
    balancer.apply(config, trusted=False)
    assert balancer.observe().operating_status == "ONLINE"
    assert not set(workers(layout)) & set(before)
    assert shares(port, 10) == {"b1": 5, "b2": 5}


def test_what_cannot_be_started_anew_comes_back_by_itself_when_it_can(
    balancer: Balancer, config: Config, eventually: Eventually
) -> None:
    balancer.apply(config, trusted=False)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config["listeners"][0]["port"] = taken.getsockname()[1]
        with pytest.raises(ConfigRefused):
            balancer.restart(config)
        assert balancer.observe().operating_status == "DEAD"
    eventually(lambda: balancer.observe().operating_status == "ONLINE")
    (listener,) = config["listeners"]
    assert shares(listener["port"], 4) == {"b1": 2, "b2": 2}


def test_a_haproxy_that_is_missing_is_dead_and_comes_back_with_it(
    layout: Layout, config: Config, port: int, eventually: Eventually
) -> None:
    binary = Path(layout.run, "haproxy")
    binary.parent.mkdir()
    binary.symlink_to(layout.haproxy)
    balancer = Balancer(
        "s1", Environment(layout._replace(haproxy=str(binary)))
    )
    try:
        balancer.apply(config, trusted=False)
        binary.unlink()
        with pytest.raises(FileNotFoundError):
            balancer.restart(config)
        status = balancer.observe()
        assert (status.operating_status, "No such file" in status.detail) == (
            "DEAD",
            True,
        )
        binary.symlink_to(layout.haproxy)
        eventually(lambda: balancer.observe().operating_status == "ONLINE")
        assert shares(port, 4) == {"b1": 2, "b2": 2}
    finally:
        balancer.remove()


def test_what_served_before_the_boot_is_dead_until_it_can_be_started(
    balancer: Balancer, config: Config, eventually: Eventually
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config["listeners"][0]["port"] = taken.getsockname()[1]
        with pytest.raises(ConfigRefused):
            balancer.apply(config, trusted=True)
        looks = {balancer.observe().operating_status for _ in range(3)}
        assert looks == {"DEAD"}
    eventually(lambda: balancer.observe().operating_status == "ONLINE")


def test_what_served_before_the_boot_and_is_no_longer_understood_is_dead(
    balancer: Balancer, config: Config, port: int
) -> None:
    unknown = copy.deepcopy(config)
    unknown["listeners"][0]["protocol"] = "of an older agent"
    with pytest.raises(ConfigRefused):
        balancer.apply(unknown, trusted=True)
    assert balancer.observe().operating_status == "DEAD"
    balancer.apply(config, trusted=False)
    assert balancer.observe().operating_status == "ONLINE"
    assert shares(port, 4) == {"b1": 2, "b2": 2}


def test_what_cannot_be_started_anew_is_dead_until_it_can(
    balancer: Balancer, config: Config, port: int
) -> None:
    balancer.apply(config, trusted=False)
    refused = copy.deepcopy(config)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused["listeners"][0]["port"] = taken.getsockname()[1]
        with pytest.raises(ConfigRefused):
            balancer.restart(refused)
        status = balancer.observe()
    assert status.operating_status == "DEAD"
    assert "haproxy" in status.detail
    balancer.apply(config, trusted=False)
    assert balancer.observe().operating_status == "ONLINE"
    assert shares(port, 4) == {"b1": 2, "b2": 2}


def test_members_that_come_and_go_do_not_fill_the_memory(
    balancer: Balancer, layout: Layout, config: Config
) -> None:
    balancer.apply(config, trusted=False)
    log = Path(layout.run, "s1", "haproxy.log")
    with log.open("ab") as file:
        file.write(b"[WARNING]  Server p-web/s1 is DOWN\n" * 10_000)
    assert balancer.observe().members
    assert log.stat().st_size < 1000


def test_nobody_but_the_agent_may_use_the_sockets(
    balancer: Balancer, layout: Layout, config: Config
) -> None:
    balancer.apply(config, trusted=False)
    run = Path(layout.run, "s1")
    assert run.stat().st_mode & 0o777 == 0o700
    for name in ("stats.sock", "master.sock", "haproxy.cfg"):
        assert (run / name).stat().st_mode & 0o777 == 0o600


def test_nothing_is_left_after_removal(
    layout: Layout, config: Config, port: int
) -> None:
    balancer = Balancer("s1", Environment(layout))
    balancer.apply(config, trusted=False)
    balancer.remove()
    assert not Path(layout.run, "s1").exists()
    with pytest.raises(OSError, match="refused"):
        get(port)


@pytest.mark.parametrize(
    ("action", "arguments"), [("exec", {}), ("stats", {"x": 1})]
)
def test_only_declared_actions_exist(
    balancer: Balancer, action: str, arguments: Config
) -> None:
    with pytest.raises(ValueError, match=r"action|arguments"):
        balancer.act(action, arguments)
