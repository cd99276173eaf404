"""Whatever passes the parser is safe to render."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicevm_agent.service import ConfigRefused
from servicevm_agent.services.haproxy.config import parse
from servicevm_agent.services.haproxy.render import Place, render
from servicevm_agent.services.haproxy.slots import grow

CONFIG: dict[str, Any] = {
    "listeners": [
        {"name": "web", "protocol": "http", "port": 80, "default_pool": "p"}
    ],
    "pools": [
        {
            "name": "p",
            "algorithm": "round_robin",
            "members": [
                {"name": "a", "address": "192.0.2.1", "port": 8080},
                {"name": "b", "address": "2001:db8::1", "port": 80},
            ],
            "health_monitor": {"type": "http", "host": "x.example:80"},
            "persistence": {"type": "cookie"},
        }
    ],
}
PLACE = Place("/run/stats.sock", socks4="10.0.2.100:1080")


def changed(path: str, value: Any) -> dict[str, Any]:
    config = copy.deepcopy(CONFIG)
    at: Any = config
    *before, last = path.split(".")
    for key in before:
        at = at[int(key)] if key.isdigit() else at[key]
    at[int(last) if last.isdigit() else last] = value
    return config


def text_of(config: dict[str, Any]) -> str:
    balancer = parse(config)
    slots = {
        pool.name: grow([], [m.name for m in pool.members])
        for pool in balancer.pools
    }
    return render(balancer, slots, PLACE)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("extra", 1),
        ("listeners", {}),
        ("listeners.0", "web"),
        ("listeners.0.name", "web\n    bind *:22"),
        ("listeners.0.name", "web "),
        ("listeners.0.name", ""),
        ("listeners.0.name", "x" * 64),
        ("listeners.0.protocol", "tcp\n"),
        ("listeners.0.protocol", ["http"]),
        ("listeners.0.protocol", "tcp"),
        ("listeners.0.port", 0),
        ("listeners.0.port", True),
        ("listeners.0.port", "80"),
        ("listeners.0.port", 80.0),
        ("listeners.0.default_pool", "other"),
        ("listeners.0.unknown", 1),
        ("listeners.0.x_forwarded_for", 1),
        ("pools.0.algorithm", "random"),
        ("pools.0.members.0.address", "example.org"),
        ("pools.0.members.0.address", "192.0.2.1 backup"),
        ("pools.0.members.0.address", "fe80::1%eth0"),
        ("pools.0.members.0.name", "b"),
        ("pools.0.members.0.weight", 257),
        ("pools.0.health_monitor.type", "script"),
        ("pools.0.health_monitor.path", "/ HTTP/1.0"),
        ("pools.0.health_monitor.path", "/\n"),
        ("pools.0.health_monitor.path", "/'"),
        ("pools.0.health_monitor.path", "/#"),
        ("pools.0.health_monitor.host", "a b"),
        ("pools.0.health_monitor.host", ""),
        ("pools.0.health_monitor.method", "get"),
        ("pools.0.health_monitor.expected_codes", "200 or"),
        ("pools.0.persistence.cookie_name", "a b"),
        ("pools.0.persistence.type", "none"),
        ("pools.0.members", [{"name": "a"}] * 257),
    ],
)
def test_what_does_not_fit_is_refused_by_name(path: str, value: Any) -> None:
    with pytest.raises(ConfigRefused) as caught:
        parse(changed(path, value))
    assert "\n" not in str(caught.value)


WORDS = st.text(max_size=40) | st.sampled_from(
    ["a\nglobal", "a#", "'", '"', "a b", "${HOME}", "a\x00", "a\u2028b"]
)
FIELDS = st.sampled_from(
    [
        "listeners.0.name",
        "listeners.0.default_pool",
        "pools.0.members.0.name",
        "pools.0.members.0.address",
        "pools.0.health_monitor.path",
        "pools.0.health_monitor.host",
        "pools.0.health_monitor.expected_codes",
        "pools.0.persistence.cookie_name",
    ]
)


@given(FIELDS, WORDS)
def test_no_text_can_become_a_directive(path: str, text: str) -> None:
    usual = text_of(CONFIG).splitlines()
    try:
        lines = text_of(changed(path, text)).splitlines()
    except ConfigRefused:
        return
    assert len(lines) == len(usual)
    for line, other in zip(lines, usual, strict=True):
        assert line.isascii()
        assert len(line.split()) == len(other.split())
        assert not set(line) & set("#'\"\\$\0")


def test_listeners_bind_their_ports_and_ipv6_members_are_bracketed() -> None:
    lines = text_of(CONFIG).splitlines()
    assert "    bind *:80" in lines
    assert any("[2001:db8::1]:80" in line for line in lines)


def test_members_are_reached_through_the_proxy_and_so_are_checks() -> None:
    servers = [x for x in text_of(CONFIG).splitlines() if "    server " in x]
    assert servers
    for line in servers:
        assert line.endswith("socks4 10.0.2.100:1080 check-via-socks4")
