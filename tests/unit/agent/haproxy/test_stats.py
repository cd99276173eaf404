"""Counters that survive reloads."""

import json

from hypothesis import given
from hypothesis import strategies as st

from servicevm_agent.services.haproxy.config import LoadBalancer, parse
from servicevm_agent.services.haproxy.stats import (
    Statistics,
    last_check,
    member_status,
)

BALANCER = parse(
    {
        "listeners": [],
        "pools": [
            {
                "name": "p",
                "algorithm": "round_robin",
                "members": [{"name": "a", "address": "192.0.2.1", "port": 1}],
            }
        ],
    }
)


def sample(statistics: Statistics, name: str | None, count: int) -> None:
    row = {"pxname": "p-p", "svname": "s1", "stot": str(count)}
    statistics.add([row], BALANCER, {"p": [name]})


def total(statistics: Statistics) -> int:
    return statistics.totals["m/p/a"]["connections_total"]


def test_what_is_new_is_added_over_reloads() -> None:
    statistics = Statistics()
    sample(statistics, "a", 10)
    sample(statistics, "a", 15)
    statistics.worker_changed()
    sample(statistics, "a", 20)
    assert total(statistics) == 35


def test_a_worker_that_died_unseen_is_noticed_by_its_smaller_count() -> None:
    statistics = Statistics()
    sample(statistics, "a", 10)
    sample(statistics, "a", 3)
    assert total(statistics) == 13


def test_a_member_begins_at_zero_in_a_used_slot() -> None:
    statistics = Statistics()
    sample(statistics, None, 10)
    sample(statistics, "a", 12)
    assert total(statistics) == 2


def test_an_agent_started_anew_goes_on_where_the_last_one_was() -> None:
    statistics = Statistics()
    sample(statistics, "a", 10)
    later = Statistics(statistics.to_dict())
    sample(later, "a", 14)
    assert total(later) == 14


def test_what_is_gone_is_forgotten() -> None:
    statistics = Statistics()
    sample(statistics, "a", 10)
    statistics.forget_others(parse({"listeners": [], "pools": []}), {})
    assert statistics.totals == {}


def _listening(*names: str) -> LoadBalancer:
    return parse(
        {
            "listeners": [
                {
                    "name": name,
                    "protocol": "http",
                    "port": 80 + number,
                    "default_pool": "p",
                }
                for number, name in enumerate(names)
            ],
            "pools": [
                {"name": "p", "algorithm": "round_robin", "members": []}
            ],
        }
    )


@given(
    st.lists(
        st.tuples(
            st.sets(st.sampled_from("ab")),
            st.sampled_from(["traffic", "reload", "agent", "death"]),
            st.integers(0, 9),
        )
    )
)
def test_what_all_listeners_had_is_exact_and_never_gets_less(
    turns: list[tuple[set[str], str, int]],
) -> None:
    """Whatever is configured, reloaded, or started anew between."""
    statistics, worker = Statistics(), dict.fromkeys("ab", 0)
    truth, listening = 0, _listening("a", "b")

    def look() -> None:
        rows = [
            {"pxname": f"l-{name}", "svname": "FRONTEND", "bin": str(count)}
            for name, count in worker.items()
            if name in {one.name for one in listening.listeners}
        ]
        statistics.add(rows, listening, {"p": []})

    for names, happens, count in turns:
        for one in listening.listeners:
            worker[one.name] += count
            truth += count
        look()
        if happens == "reload":
            listening, worker = _listening(*sorted(names)), {"a": 0, "b": 0}
            statistics.worker_changed()
            statistics.forget_others(listening, {"p": []})
        elif happens == "death":
            worker = {"a": 0, "b": 0}
            statistics.worker_changed()
        elif happens == "agent":
            statistics = Statistics(
                json.loads(json.dumps(statistics.to_dict()))
            )
        assert statistics.sums()["bytes_in"] == truth


def test_words_of_haproxy_become_a_status() -> None:
    for status in ("UP", "UP 1/2", "no check", "DRAIN", "NOLB"):
        assert member_status({"status": status}) == "ONLINE"
    for status in ("DOWN", "DOWN 1/2", "MAINT", ""):
        assert member_status({"status": status}) == "OFFLINE"


def test_the_last_check_is_told_in_haproxys_words() -> None:
    row = {"check_status": "L7STS", "check_code": "503", "last_chk": "Sorry"}
    assert last_check(row) == "L7STS 503 Sorry"
    assert last_check({}) == ""
