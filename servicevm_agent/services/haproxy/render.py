"""haproxy's configuration file, from typed values: a pure function.

Every word of the file is a literal of this module, an integer, an address
that `ipaddress` wrote, or a name that `config` has matched.
"""

from __future__ import annotations

from typing import List, NamedTuple, Optional

from servicevm_agent.services.haproxy.config import (
    HealthMonitor,
    Listener,
    LoadBalancer,
    Member,
    Pool,
)
from servicevm_agent.services.haproxy.slots import Slots, server_name

_BALANCE = {
    "round_robin": ["balance roundrobin"],
    "least_connections": ["balance leastconn"],
    # Consistent: a member that goes moves its own clients only, and weights
    # can be changed without a reload.
    "source_ip": ["balance source", "hash-type consistent"],
}


class Place(NamedTuple):
    """Where this haproxy runs.

    :param stats_socket: path of the runtime socket
    :param chroot: folder that the worker is confined to, or None
    :param user: whom the worker runs as; None: as it was started
    :param socks4: ``address:port`` of the way to the members
    """

    stats_socket: str
    bind_address: str = "*"
    user: Optional[str] = None
    group: Optional[str] = None
    chroot: Optional[str] = None
    socks4: Optional[str] = None


def render(balancer: LoadBalancer, slots: Slots, place: Place) -> str:
    """Return the whole file.

    :param slots: of every pool, see `slots`
    """
    lines = _global(balancer, place)
    protocols = {x.default_pool: x.protocol for x in balancer.listeners}
    for listener in balancer.listeners:
        lines += _frontend(listener, place)
    for pool in balancer.pools:
        protocol = protocols.get(pool.name, "http")
        lines += _backend(pool, protocol, slots[pool.name], place)
    return "\n".join(lines) + "\n"


def _global(balancer: LoadBalancer, place: Place) -> List[str]:
    limit = sum(x.connection_limit for x in balancer.listeners)
    lines = [
        "global",
        f"    stats socket {place.stats_socket} mode 600 level admin"
        " expose-fd listeners",
        "    stats timeout 10s",
        # Or the kernel lets two services of a device listen on one port and
        # deals the connections out between them. A reload needs no second
        # listener: the old process hands its own over.
        "    noreuseport",
        # The device has one CPU; a second thread would only be scheduled.
        "    nbthread 1",
        f"    maxconn {max(100, min(limit, 100_000))}",
        "    hard-stop-after 30s",
    ]
    if place.user:
        lines.append(f"    user {place.user}")
    if place.group:
        lines.append(f"    group {place.group}")
    if place.chroot:
        lines.append(f"    chroot {place.chroot}")
    return [
        *lines,
        "",
        "defaults",
        "    timeout http-request 10s",
        "    timeout http-keep-alive 10s",
        "    timeout queue 10s",
        "    timeout tunnel 1h",
        "    option dontlognull",
        "    option redispatch 1",
        "    retries 3",
    ]


def _frontend(listener: Listener, place: Place) -> List[str]:
    bind = f"    bind {place.bind_address}:{listener.port}"
    lines = [
        "",
        f"frontend l-{listener.name}",
        f"    mode {listener.protocol}",
        bind,
        f"    maxconn {listener.connection_limit}",
        f"    timeout client {listener.client_timeout_ms}ms",
    ]
    if listener.protocol == "http" and listener.x_forwarded_for:
        lines.append("    option forwardfor")
    lines.append(f"    default_backend p-{listener.default_pool}")
    return lines


def _backend(
    pool: Pool, protocol: str, slots: List[Optional[str]], place: Place
) -> List[str]:
    lines = ["", f"backend p-{pool.name}", f"    mode {protocol}"]
    lines += [f"    {line}" for line in _BALANCE[pool.algorithm]]
    lines += [
        f"    timeout connect {pool.connect_timeout_ms}ms",
        f"    timeout server {pool.server_timeout_ms}ms",
    ]
    if pool.stick:
        lines += [
            "    stick-table type ipv6 size 20k expire 30m",
            "    stick on src",
        ]
    if pool.cookie:
        lines.append(f"    cookie {pool.cookie} insert indirect nocache")
    if pool.health_monitor:
        lines += _monitor(pool.health_monitor)
    members = {member.name: member for member in pool.members}
    for slot, name in enumerate(slots):
        member = members[name] if name is not None else None
        lines.append(_server(pool, slot, member, place))
    return lines


def _monitor(monitor: HealthMonitor) -> List[str]:
    lines = [f"    timeout check {monitor.timeout_ms}ms"]
    if monitor.type == "tcp":
        return [*lines, "    option tcp-check"]
    send = f"    http-check send meth {monitor.method} uri {monitor.path}"
    if monitor.host:
        send += f" ver HTTP/1.1 hdr Host {monitor.host}"
    return [
        *lines,
        "    option httpchk",
        send,
        f"    http-check expect status {monitor.expected_codes}",
    ]


def _server(
    pool: Pool, slot: int, member: Optional[Member], place: Place
) -> str:
    name = server_name(slot)
    if member is None:
        words = ["server", name, "0.0.0.0:1", "disabled"]
    else:
        address = member.address
        if ":" in address:
            address = f"[{address}]"
        words = ["server", name, f"{address}:{member.port}"]
        words += ["weight", str(member.share)]
        if member.backup:
            words.append("backup")
    if pool.cookie:
        words += ["cookie", name]
    monitor = pool.health_monitor
    if monitor:
        words += ["check", "inter", f"{monitor.delay_ms}ms"]
        words += ["rise", str(monitor.rise), "fall", str(monitor.fall)]
    if place.socks4:
        words += ["socks4", place.socks4]
        if monitor:
            words.append("check-via-socks4")
    return "    " + " ".join(words)
