"""The tenant's network namespace.

The tenant's cards live in it, and haproxy listens in it; the agent does
not. So nothing that a tenant sends can reach the agent or the management
network, whatever listens there.
"""

from __future__ import annotations

import ctypes
import os
import threading
from typing import Callable, Iterable, List, TypeVar

from servicevm_agent.bootstrap import Interface
from servicevm_agent.netlink import Netlink

T = TypeVar("T")

_CLONE_NEWNET = 0x40000000
_MS_BIND = 0x1000
_LOOPBACK = 1


def configure(
    path: str, interfaces: Iterable[Interface], mgmt_mac: str
) -> List[str]:
    """Make the namespace, if it is not there, and configure the cards.

    :param path: file that stands for the namespace
    :param mgmt_mac: the card that stays with the agent; empty: none
    :returns: MACs of the tenant's cards that are not there
    :raises OSError: the kernel refuses, or there is no card `mgmt_mac`
    """
    cards = list(interfaces)
    mine = [card for card in cards if card.mac == mgmt_mac]
    tenants = [card for card in cards if card.mac != mgmt_mac]
    here = Netlink()
    try:
        here.up(_LOOPBACK)
        for mac in _configure(here, mine):
            raise OSError(f"there is no card with the address {mac}")
        if not _is_namespace(path):
            _make(path)
        _move(here, path, tenants)
    finally:
        here.close()
    there = inside(path, Netlink)
    try:
        there.up(_LOOPBACK)
        return _configure(there, tenants)
    finally:
        there.close()


def inside(path: str, work: Callable[[], T]) -> T:
    """Do `work` in a thread of the namespace, and return its result.

    Sockets and processes that it makes belong to the namespace.

    :raises OSError: as `work` does, or the namespace cannot be entered
    """

    def enter_and_work() -> T:
        namespace = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _call("setns", namespace, _CLONE_NEWNET)
        finally:
            os.close(namespace)
        return work()

    return _in_thread(enter_and_work)


def _configure(netlink: Netlink, cards: List[Interface]) -> List[str]:
    """Configure the cards that are there; return the MACs of the others."""
    links = netlink.links()
    missing = [card.mac for card in cards if card.mac not in links]
    for card in cards:
        if card.mac in missing:
            continue
        index = links[card.mac]
        if card.address is not None:
            netlink.address(index, card.address, card.prefix)
        netlink.up(index)
        if card.gateway is not None:
            netlink.default_route(index, card.gateway)
    return missing


def _move(here: Netlink, path: str, cards: List[Interface]) -> None:
    links = here.links()
    namespace = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        for card in cards:
            if card.mac in links:  # else an earlier agent has moved it
                here.move(links[card.mac], namespace)
    finally:
        os.close(namespace)


def _is_namespace(path: str) -> bool:
    """Something is mounted there: not of the file system of its folder."""
    try:
        return os.stat(path).st_dev != os.stat(os.path.dirname(path)).st_dev
    except FileNotFoundError:
        return False


def _make(path: str) -> None:
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o444))

    def make() -> None:
        # Only this thread leaves; the mount keeps the namespace alive.
        _call("unshare", _CLONE_NEWNET)
        source = f"/proc/self/task/{threading.get_native_id()}/ns/net"
        _call("mount", source.encode(), path.encode(), None, _MS_BIND, None)

    _in_thread(make)


def _call(name: str, *arguments: object) -> None:
    """Call libc; Python has these only since 3.12."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments):
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def _in_thread(work: Callable[[], T]) -> T:
    """Do it in a thread that ends afterwards, and return its result."""
    results: List[T] = []
    errors: List[OSError] = []

    def run() -> None:
        try:
            results.append(work())
        except OSError as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
