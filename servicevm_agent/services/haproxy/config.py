"""The configuration of a load balancer, as typed values.

The control plane has checked it against its schema; it is checked here again
with nothing trusted: whatever comes through is safe to be rendered.
Times are in milliseconds.
"""

from __future__ import annotations

import ipaddress
import re
from typing import (
    Any,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from servicevm_agent.service import ConfigRefused

MAX_LISTENERS = 64
MAX_POOLS = 64
MAX_MEMBERS = 256

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_PATH = re.compile(r"/[A-Za-z0-9/_.~!&()*+,;=:@%?-]{0,1023}")
_HOST = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?(:[0-9]{1,5})?"
)
_CODES = re.compile(
    r"[1-5][0-9]{2}(-[1-5][0-9]{2})?(,[1-5][0-9]{2}(-[1-5][0-9]{2})?){0,63}"
)
_COOKIE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DAY = 86_400_000


class Listener(NamedTuple):
    name: str
    protocol: str
    port: int
    default_pool: str
    connection_limit: int
    client_timeout_ms: int
    x_forwarded_for: bool


class Member(NamedTuple):
    name: str
    address: str
    port: int
    weight: int
    backup: bool
    drain: bool

    @property
    def share(self) -> int:
        """haproxy's weight: a draining member gets nothing new."""
        return 0 if self.drain else self.weight


class HealthMonitor(NamedTuple):
    type: str
    delay_ms: int
    timeout_ms: int
    rise: int
    fall: int
    path: str
    method: str
    expected_codes: str
    host: Optional[str]


class Pool(NamedTuple):
    """:param cookie: name of the persistence cookie, or None
    :param stick: clients stay with a member by their address
    """

    name: str
    algorithm: str
    connect_timeout_ms: int
    server_timeout_ms: int
    members: Tuple[Member, ...]
    health_monitor: Optional[HealthMonitor]
    cookie: Optional[str]
    stick: bool


class LoadBalancer(NamedTuple):
    listeners: Tuple[Listener, ...]
    pools: Tuple[Pool, ...]


def parse(config: Mapping[str, Any]) -> LoadBalancer:
    """Return `config` as typed values.

    :raises ConfigRefused: naming the field
    """
    top = _Fields(config, "config")
    listeners = tuple(
        _listener(f) for f in top.objects("listeners", MAX_LISTENERS)
    )
    pools = tuple(_pool(f) for f in top.objects("pools", MAX_POOLS))
    top.end()
    _unique("listener", [x.name for x in listeners])
    _unique("pool", [x.name for x in pools])
    _unique("port", [str(x.port) for x in listeners])
    _check_pools(listeners, pools)
    return LoadBalancer(listeners, pools)


def _listener(fields: _Fields) -> Listener:
    listener = Listener(
        name=fields.matching("name", _NAME),
        protocol=fields.choice("protocol", ("http", "tcp")),
        port=fields.integer("port", 1, 65535),
        default_pool=fields.matching("default_pool", _NAME),
        connection_limit=fields.integer(
            "connection_limit", 1, 1_000_000, 2000
        ),
        client_timeout_ms=fields.integer("client_timeout_ms", 1, _DAY, 30_000),
        x_forwarded_for=fields.boolean("x_forwarded_for", False),
    )
    fields.end()
    return listener


def _pool(fields: _Fields) -> Pool:
    name = fields.matching("name", _NAME)
    algorithm = fields.choice(
        "algorithm", ("round_robin", "least_connections", "source_ip")
    )
    members = tuple(_member(f) for f in fields.objects("members", MAX_MEMBERS))
    _unique(f"member of pool {name}", [m.name for m in members])
    monitor = fields.optional("health_monitor")
    cookie, stick = _persistence(fields.optional("persistence"))
    pool = Pool(
        name=name,
        algorithm=algorithm,
        connect_timeout_ms=fields.integer(
            "connect_timeout_ms", 1, _DAY, 5_000
        ),
        server_timeout_ms=fields.integer("server_timeout_ms", 1, _DAY, 30_000),
        members=members,
        health_monitor=None if monitor is None else _monitor(monitor),
        cookie=cookie,
        stick=stick,
    )
    fields.end()
    return pool


def _member(fields: _Fields) -> Member:
    member = Member(
        name=fields.matching("name", _NAME),
        address=fields.address("address"),
        port=fields.integer("port", 1, 65535),
        weight=fields.integer("weight", 0, 256, 1),
        backup=fields.boolean("backup", False),
        drain=fields.boolean("drain", False),
    )
    fields.end()
    return member


def _monitor(fields: _Fields) -> HealthMonitor:
    host = fields.matching("host", _HOST, "")
    monitor = HealthMonitor(
        type=fields.choice("type", ("http", "tcp")),
        delay_ms=fields.integer("delay_ms", 100, 3_600_000, 1000),
        timeout_ms=fields.integer("timeout_ms", 1, 3_600_000, 1000),
        rise=fields.integer("rise", 1, 50, 2),
        fall=fields.integer("fall", 1, 50, 3),
        path=fields.matching("path", _PATH, "/"),
        method=fields.choice("method", ("GET", "HEAD", "OPTIONS"), "GET"),
        expected_codes=fields.matching("expected_codes", _CODES, "200"),
        host=host or None,
    )
    fields.end()
    return monitor


def _persistence(
    fields: Optional[_Fields],
) -> Tuple[Optional[str], bool]:
    if fields is None:
        return None, False
    if fields.choice("type", ("source_ip", "cookie")) == "source_ip":
        fields.end()
        return None, True
    cookie = fields.matching("cookie_name", _COOKIE, "SVM")
    fields.end()
    return cookie, False


def _check_pools(listeners: Sequence[Listener], pools: Sequence[Pool]) -> None:
    by_name = {pool.name: pool for pool in pools}
    protocols: Dict[str, str] = {}
    for listener in listeners:
        pool = by_name.get(listener.default_pool)
        if pool is None:
            raise ConfigRefused(
                f"listener {listener.name}: there is no pool "
                f"{listener.default_pool}"
            )
        before = protocols.setdefault(pool.name, listener.protocol)
        if before != listener.protocol:
            raise ConfigRefused(
                f"pool {pool.name} is used by http and by tcp listeners"
            )
        if pool.cookie and listener.protocol == "tcp":
            raise ConfigRefused(
                f"pool {pool.name}: a tcp listener knows no cookies"
            )


def _unique(what: str, values: Sequence[str]) -> None:
    seen = set()
    for value in values:
        if value in seen:
            raise ConfigRefused(f"{what} {value} appears twice")
        seen.add(value)


class _Fields:
    """Takes the fields of one JSON object one by one."""

    def __init__(self, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise ConfigRefused(f"{path} is not an object")
        self._left = dict(value)
        self._path = path

    def matching(
        self, name: str, pattern: re.Pattern[str], default: Any = None
    ) -> str:
        if default is not None and name not in self._left:
            return str(default)
        value = self._take(name, None)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise self._wrong(name)
        return value

    def choice(
        self, name: str, choices: Sequence[str], default: Any = None
    ) -> str:
        value = self._take(name, default)
        if not isinstance(value, str) or value not in choices:
            raise self._wrong(name)
        return value

    def integer(
        self, name: str, low: int, high: int, default: Any = None
    ) -> int:
        value = self._take(name, default)
        if type(value) is not int or not low <= value <= high:
            raise self._wrong(name)
        return value

    def boolean(self, name: str, default: bool) -> bool:
        value = self._take(name, default)
        if not isinstance(value, bool):
            raise self._wrong(name)
        return value

    def address(self, name: str) -> str:
        value = self._take(name, None)
        try:
            # A scope (fe80::1%eth0) would bring foreign characters in.
            if not isinstance(value, str) or "%" in value:
                raise ValueError
            return str(ipaddress.ip_address(value))
        except ValueError:
            raise self._wrong(name) from None

    def objects(self, name: str, most: int) -> List[_Fields]:
        value = self._take(name, None)
        if not isinstance(value, list) or len(value) > most:
            raise self._wrong(name)
        return [
            _Fields(item, f"{self._path}.{name}[{index}]")
            for index, item in enumerate(value)
        ]

    def optional(self, name: str) -> Optional[_Fields]:
        value = self._left.pop(name, None)
        if value is None:
            return None
        return _Fields(value, f"{self._path}.{name}")

    def end(self) -> None:
        if self._left:
            unknown = sorted(self._left)[0][:64]
            raise ConfigRefused(f"{self._path} has no field {unknown!r}")

    def _take(self, name: str, default: Any) -> Any:
        if name not in self._left and default is None:
            raise ConfigRefused(f"{self._path}.{name} is missing")
        return self._left.pop(name, default)

    def _wrong(self, name: str) -> ConfigRefused:
        return ConfigRefused(f"{self._path}.{name} has a wrong value")
