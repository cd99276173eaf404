"""Change the members of pools in a running haproxy, without a reload."""

from __future__ import annotations

from typing import Dict, List, Optional, Tuple

from servicevm_agent.services.haproxy.config import (
    LoadBalancer,
    Member,
    Pool,
)
from servicevm_agent.services.haproxy.runtime import command, stat_rows
from servicevm_agent.services.haproxy.slots import Slots, server_name

#: Commands in one connection; haproxy reads lines of up to 16 KiB.
_BATCH = 50


def change(
    stats_socket: str,
    old: LoadBalancer,
    old_slots: Slots,
    new: LoadBalancer,
    new_slots: Slots,
) -> bool:
    """Make the running haproxy serve `new`, which differs in members only.

    :returns: whether haproxy now serves it; if not, reload
    :raises HaproxyError: it does not answer: reload
    """
    lines: List[str] = []
    for before, after in zip(old.pools, new.pools):
        more = _commands(
            before, old_slots[before.name], after, new_slots[after.name]
        )
        if more is None:
            return False
        lines += more
    for start in range(0, len(lines), _BATCH):
        command(stats_socket, "; ".join(lines[start : start + _BATCH]))
    return not lines or _agrees(stats_socket, new, new_slots)


def _commands(
    old: Pool,
    old_slots: List[Optional[str]],
    new: Pool,
    new_slots: List[Optional[str]],
) -> Optional[List[str]]:
    """Return what to say, or None if only a reload can do it."""
    before = {member.name: member for member in old.members}
    after = {member.name: member for member in new.members}
    if not set(after) <= set(new_slots):
        return None  # no spare slot left
    lines: List[str] = []
    for slot, (was, now) in enumerate(zip(old_slots, new_slots)):
        server = f"p-{new.name}/{server_name(slot)}"
        old_member = before[was] if was is not None else None
        new_member = after[now] if now is not None else None
        if old_member == new_member:
            continue
        if new_member is None:
            lines.append(f"set server {server} state maint")
            continue
        if new_member.backup != bool(old_member and old_member.backup):
            return None  # haproxy cannot change it at run time
        lines += _occupy(server, old_member, new_member)
    return lines


def _occupy(server: str, old: Optional[Member], new: Member) -> List[str]:
    lines = []
    if old is None or (old.address, old.port) != (new.address, new.port):
        lines.append(f"set server {server} addr {new.address} port {new.port}")
    if old is None or old.share != new.share:
        lines.append(f"set server {server} weight {new.share}")
    if old is None:
        lines.append(f"set server {server} state ready")
    return lines


def _agrees(stats_socket: str, balancer: LoadBalancer, slots: Slots) -> bool:
    """haproxy answers in prose; so look at what it does instead."""
    seen: Dict[Tuple[str, str], Dict[str, str]] = {
        (row["pxname"], row["svname"]): row for row in stat_rows(stats_socket)
    }
    for pool in balancer.pools:
        members = {member.name: member for member in pool.members}
        for slot, name in enumerate(slots[pool.name]):
            row = seen.get((f"p-{pool.name}", server_name(slot)))
            if row is None:
                return False
            maintained = row["status"].startswith("MAINT")
            if name is None:
                if not maintained:
                    return False
                continue
            member = members[name]
            address = member.address
            if ":" in address:
                address = f"[{address}]"
            if (
                maintained
                or row["addr"] != f"{address}:{member.port}"
                or row["uweight"] != str(member.share)
            ):
                return False
    return True
