import copy
from typing import Any

import jsonschema
import pytest

from servicevm.drivers.infra.base import Listener, Peer
from servicevm.service_types import loadbalancer

VALID: dict[str, Any] = {
    "listeners": [
        {
            "name": "web",
            "protocol": "http",
            "port": 80,
            "connection_limit": 2000,
            "client_timeout_ms": 30000,
            "default_pool": "web",
            "x_forwarded_for": True,
        },
        {"name": "db", "protocol": "tcp", "port": 5432, "default_pool": "db"},
    ],
    "pools": [
        {
            "name": "web",
            "algorithm": "round_robin",
            "connect_timeout_ms": 1000,
            "server_timeout_ms": 1000,
            "members": [
                {
                    "name": "b1",
                    "address": "192.0.2.11",
                    "port": 8080,
                    "weight": 2,
                    "backup": False,
                    "drain": False,
                },
                {"name": "b2", "address": "2001:db8::1", "port": 8080},
            ],
            "health_monitor": {
                "type": "http",
                "delay_ms": 1000,
                "timeout_ms": 1000,
                "rise": 2,
                "fall": 3,
                "path": "/health?full=1",
                "method": "HEAD",
                "expected_codes": "200-204,301",
                "host": "example.org:8080",
            },
            "persistence": {"type": "cookie", "cookie_name": "SVM"},
        },
        {
            "name": "db",
            "algorithm": "source_ip",
            "members": [{"name": "b1", "address": "192.0.2.11", "port": 5432}],
            "health_monitor": {"type": "tcp"},
            "persistence": {"type": "source_ip"},
        },
    ],
}


def _changed(path: str, value: object) -> dict[str, Any]:
    """VALID with one place changed; `path` like ``pools.0.name``."""
    config = copy.deepcopy(VALID)
    *steps, last = path.split(".")
    place: Any = config
    for step in steps:
        place = place[int(step) if step.isdigit() else step]
    place[last] = value
    return config


def _fits(config: object) -> bool:
    return jsonschema.Draft202012Validator(
        loadbalancer.CONFIG_SCHEMA
    ).is_valid(config)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(loadbalancer.CONFIG_SCHEMA)


def test_every_field_is_accepted() -> None:
    assert _fits(VALID)
    assert loadbalancer.check(VALID) == {}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("listeners", []),
        ("listeners.0.port", 0),
        ("listeners.0.port", 65536),
        ("listeners.0.port", "80"),
        ("listeners.0.protocol", "udp"),
        ("listeners.0.name", "a b"),
        ("listeners.0.name", "-a"),
        ("listeners.0.name", "a" * 64),
        ("listeners.0.extra", 1),
        ("listeners.0.connection_limit", 0),
        ("pools.0.algorithm", "random"),
        ("pools.0.members.0.weight", 257),
        ("pools.0.members.0.address", "host.example"),
        ("pools.0.members.0.secret", "x"),
        ("pools.0.members", [VALID["pools"][0]["members"][0]] * 257),
        ("pools.0.health_monitor.type", "ping"),
        ("pools.0.health_monitor.path", "health"),
        ("pools.0.health_monitor.path", "/a b"),
        ("pools.0.health_monitor.path", "/a'b"),
        ("pools.0.health_monitor.path", '/a"b'),
        ("pools.0.health_monitor.path", "/a\\b"),
        ("pools.0.health_monitor.path", "/a#b"),
        ("pools.0.health_monitor.path", "/a\nbind :1"),
        ("pools.0.health_monitor.expected_codes", "2xx"),
        ("pools.0.health_monitor.expected_codes", "200,"),
        ("pools.0.health_monitor.host", "a b"),
        ("pools.0.health_monitor.host", "a\r\nX: y"),
        ("pools.0.persistence.cookie_name", "a;b"),
    ],
)
def test_the_schema_refuses(path: str, value: object) -> None:
    assert not _fits(_changed(path, value))


@pytest.mark.parametrize(
    ("path", "value", "field", "sentence"),
    [
        pytest.param(
            "listeners.1.port",
            80,
            "$.listeners[1].port",
            "80 is the port of another listener",
            id="two listeners on a port",
        ),
        pytest.param(
            "listeners.1.name",
            "web",
            "$.listeners[1].name",
            "web is the name of another listener",
            id="two listeners of a name",
        ),
        pytest.param(
            "listeners.1.default_pool",
            "nope",
            "$.listeners[1].default_pool",
            "There is no pool nope; the pools are: db, web.",
            id="unknown pool",
        ),
        pytest.param(
            "listeners.1.default_pool",
            "web",
            "$.listeners[1].default_pool",
            "Pool web",
            id="a pool for both protocols",
        ),
        pytest.param(
            "listeners.1.x_forwarded_for",
            True,
            "$.listeners[1].x_forwarded_for",
            "A tcp listener can not add a header",
            id="a header on tcp",
        ),
        pytest.param(
            "pools.1.persistence.type",
            "cookie",
            "$.listeners[1].default_pool",
            "Pool db keeps clients by a cookie",
            id="a cookie on tcp",
        ),
        pytest.param(
            "pools.0.members.1.address",
            "192.0.2.11",
            "$.pools[0].members[1].address",
            "192.0.2.11 port 8080 is another member ($.pools[0].members[0])",
            id="one server twice",
        ),
        pytest.param(
            "pools.0.members.1.name",
            "b1",
            "$.pools[0].members[1].name",
            "b1 is the name of another member",
            id="two members of a name",
        ),
        pytest.param(
            "pools.0.members.0.address",
            "1.2.3",
            "$.pools[0].members[0].address",
            "1.2.3 is not an IPv4 or IPv6 address.",
            id="no address",
        ),
        pytest.param(
            "pools.0.members.0.address",
            "0.0.0.0",
            "$.pools[0].members[0].address",
            "0.0.0.0 is unspecified",
            id="unspecified address",
        ),
        pytest.param(
            "pools.0.members.0.address",
            "224.0.0.1",
            "$.pools[0].members[0].address",
            "224.0.0.1 is multicast",
            id="multicast address",
        ),
        pytest.param(
            "pools.0.members.0.address",
            "169.254.169.254",
            "$.pools[0].members[0].address",
            "169.254.169.254 is link-local",
            id="the metadata service's address",
        ),
        pytest.param(
            "pools.1.health_monitor.path",
            "/",
            "$.pools[1].health_monitor.path",
            "Only the type http has a path.",
            id="a path on tcp",
        ),
        pytest.param(
            "pools.0.health_monitor.expected_codes",
            "299-200",
            "$.pools[0].health_monitor.expected_codes",
            "299-200 is an empty range.",
            id="codes backwards",
        ),
        pytest.param(
            "pools.0.health_monitor.host",
            "a:99999",
            "$.pools[0].health_monitor.host",
            "99999 is not a port.",
            id="no port",
        ),
        pytest.param(
            "pools.1.persistence.cookie_name",
            "X",
            "$.pools[1].persistence.cookie_name",
            "Only the type cookie",
            id="a cookie's name without a cookie",
        ),
    ],
)
def test_check_names_what_does_not_fit_together(
    path: str, value: object, field: str, sentence: str
) -> None:
    config = _changed(path, value)
    assert _fits(config), "this is for check alone"
    found = loadbalancer.check(config)
    assert found[field].startswith(sentence)


def test_the_ports_and_peers_are_those_of_the_config() -> None:
    assert loadbalancer.listeners(VALID) == [
        Listener("web", "http", 80),
        Listener("db", "tcp", 5432),
    ]
    assert loadbalancer.peers(VALID) == [
        Peer("192.0.2.11", 8080),
        Peer("2001:db8::1", 8080),
        Peer("192.0.2.11", 5432),
    ]


def _objects(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [found for item in schema for found in _objects(item)]
    if not isinstance(schema, dict):
        return []
    inner = [found for item in schema.values() for found in _objects(item)]
    return [schema, *inner] if schema.get("type") == "object" else inner


def test_every_object_refuses_unknown_fields_and_no_number_is_a_float() -> (
    None
):
    found = _objects(loadbalancer.CONFIG_SCHEMA)
    assert len(found) == 6
    assert all(item["additionalProperties"] is False for item in found)
    assert '"number"' not in str(loadbalancer.CONFIG_SCHEMA)


def test_one_server_may_be_in_two_pools_and_have_several_ports() -> None:
    changed = copy.deepcopy(VALID)
    first, second = changed["pools"][0]["members"]
    second |= {"address": first["address"], "port": first["port"] + 1}
    changed["pools"][1]["members"][0]["port"] = first["port"]
    assert not loadbalancer.check(changed)


def test_an_address_is_the_same_however_it_is_written() -> None:
    changed = copy.deepcopy(VALID)
    for member, text in zip(
        changed["pools"][0]["members"],
        ("2001:DB8:0::1", "2001:db8::1"),
        strict=True,
    ):
        member["address"] = text
    assert list(loadbalancer.check(changed)) == [
        "$.pools[0].members[1].address"
    ]
