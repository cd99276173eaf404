"""The tenant's namespace, with real cards of the kernel."""

import os
import pwd
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from servicevm_agent import tenant
from servicevm_agent.bootstrap import Interface
from servicevm_agent.layout import Layout
from servicevm_agent.service import Environment
from servicevm_agent.services.haproxy.balancer import Balancer
from servicevm_agent.services.haproxy.process import Haproxy

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.getuid() != 0, reason="needs root"),
]
MAC = "02:5e:00:00:00:0a"


def ip(*words: str) -> str:
    return subprocess.run(
        ["ip", *words], check=True, capture_output=True, text=True, timeout=20
    ).stdout


@pytest.fixture
def namespace() -> Iterator[str]:
    name = f"svmt{os.getpid()}"
    peer = f"{name}p"
    pair = ["type", "veth", "peer", "name", peer]
    ip("link", "add", name, "address", MAC, *pair)
    path = f"/run/netns/{name}"
    yield path
    ip("link", "delete", peer)  # and with it the other end
    if Path(path).exists():
        ip("netns", "delete", name)


def card(mac: str = MAC) -> Interface:
    return Interface("ingress", mac, "192.0.2.10", 24, "192.0.2.1", None)


def test_the_card_is_moved_and_configured_and_again_is_harmless(
    namespace: str,
) -> None:
    name = Path(namespace).name
    for _ in range(2):
        tenant.configure(namespace, [card()], "")
        shown = ip("-n", name, "address", "show")
        assert shown.count("inet 192.0.2.10/24") == 1
        assert MAC in shown
        assert "127.0.0.1/8" in shown
        routes = ip("-n", name, "route", "show")
        assert routes.count("default via 192.0.2.1") == 1
    assert MAC not in ip("link", "show")


def test_this_process_stays_where_it_was(namespace: str) -> None:
    before = os.readlink("/proc/thread-self/ns/net")
    tenant.configure(namespace, [card()], "")
    assert os.readlink("/proc/thread-self/ns/net") == before
    assert threading.active_count() >= 1


def test_a_card_that_is_not_there_is_told_and_the_others_work(
    namespace: str,
) -> None:
    missing = "02:5e:00:00:00:ff"
    cards = [card(missing), card()]
    assert tenant.configure(namespace, cards, "") == [missing]
    assert "192.0.2.10/24" in ip("-n", Path(namespace).name, "address")


def test_without_its_own_card_the_agent_can_not_go_on(namespace: str) -> None:
    missing = "02:5e:00:00:00:ff"
    with pytest.raises(OSError, match=missing):
        tenant.configure(namespace, [card(missing)], missing)


def test_a_card_that_is_plugged_in_later_is_moved_and_configured(
    namespace: str,
) -> None:
    late = "02:5e:00:00:00:0b"
    second = Interface("egress", late, "198.51.100.7", 24, None, None)
    assert tenant.configure(namespace, [card(), second], "") == [late]
    name, peer = f"svml{os.getpid()}", f"svml{os.getpid()}p"
    pair = ["type", "veth", "peer", "name", peer]
    ip("link", "add", name, "address", late, *pair)
    try:
        assert tenant.configure(namespace, [card(), second], "") == []
        shown = ip("-n", Path(namespace).name, "address", "show")
        assert "198.51.100.7/24" in shown
        assert "192.0.2.10/24" in shown
    finally:
        ip("link", "delete", peer)


def test_haproxy_listens_in_the_namespace_only_and_has_no_privilege(
    namespace: str, layout: Layout, folder: Path
) -> None:
    empty = folder / "empty"
    empty.mkdir()
    tenant.configure(namespace, [card()], "")
    name = Path(namespace).name
    settings = layout._asdict() | {
        "netns": namespace,
        "bind_address": "*",
        "haproxy_user": "nobody",
        "haproxy_group": "nogroup",
        "haproxy_chroot": str(empty),
    }
    balancer = Balancer("s1", Environment(Layout(**settings)))
    config: dict[str, Any] = {
        "listeners": [
            {
                "name": "web",
                "protocol": "http",
                "port": 48080,
                "default_pool": "web",
            }
        ],
        "pools": [{"name": "web", "algorithm": "round_robin", "members": []}],
    }
    try:
        balancer.apply(config, trusted=False)
        listening = ["ss", "-Hltn", "sport", "=", ":48080"]
        inside = subprocess.run(
            ["ip", "netns", "exec", name, *listening],
            check=True,
            capture_output=True,
            timeout=20,
        )
        outside = subprocess.run(
            listening, check=True, capture_output=True, timeout=20
        )
        assert b":48080" in inside.stdout
        assert outside.stdout == b""
        assert balancer.observe().operating_status == "OFFLINE"
        config["listeners"][0]["port"] = 48081
        balancer.apply(config, trusted=False)  # a reload works, too
        running = Haproxy(layout.haproxy, f"{layout.run}/s1").running()
        assert running is not None
        (worker,) = running.workers
        process = Path("/proc", str(worker))
        assert process.stat().st_uid == pwd.getpwnam("nobody").pw_uid
        assert os.readlink(process / "root") == str(empty)
    finally:
        balancer.remove()


def test_a_worker_without_privilege_reaches_members_in_the_namespace(
    namespace: str, layout: Layout, folder: Path
) -> None:
    """haproxy's own ``namespace`` words need root for each connection."""
    tenant.configure(namespace, [card()], "")
    settings = layout._asdict() | {
        "netns": namespace,
        "bind_address": "*",
        "haproxy_user": "nobody",
        "haproxy_group": "nogroup",
    }
    balancer = Balancer("s1", Environment(Layout(**settings)))
    member = {"name": "self", "address": "192.0.2.10", "port": 48080}
    monitor = {"type": "tcp", "delay_ms": 100, "rise": 1}
    pool = {
        "name": "web",
        "algorithm": "round_robin",
        "members": [member],
        "health_monitor": monitor,
    }
    listener = {
        "name": "web",
        "protocol": "tcp",
        "port": 48080,
        "default_pool": "web",
    }
    try:
        balancer.apply(
            {"listeners": [listener], "pools": [pool]}, trusted=False
        )
        deadline = time.monotonic() + 20
        while (status := balancer.observe()).operating_status != "ONLINE":
            assert time.monotonic() < deadline, status
    finally:
        balancer.remove()
