"""Which server line of a backend serves which member.

haproxy (2.6) cannot add a server at run time that has a cookie or a SOCKS
proxy. So each backend is rendered with spare, disabled
servers, and a member that comes takes one of them by the runtime socket. A
member keeps its slot while it lives, so cookies stay valid over reloads.
"""

from __future__ import annotations

from typing import Dict, Iterable, List, Optional

#: Spare servers per backend; more members than that at once is a reload.
SPARE = 8

#: pool name -> slot -> member name, or None for a spare one
Slots = Dict[str, List[Optional[str]]]


def server_name(slot: int) -> str:
    """Name of the slot's server in haproxy, also its cookie's value."""
    return f"s{slot + 1}"


def assign(
    before: Iterable[Optional[str]], names: Iterable[str]
) -> List[Optional[str]]:
    """Return slots for the members `names`, changing as little as possible.

    No more slots than before: those that do not fit are the caller's to see.
    """
    wanted = list(names)
    slots = [name if name in wanted else None for name in before]
    free = [slot for slot, name in enumerate(slots) if name is None]
    for name in wanted:
        if name not in slots and free:
            slots[free.pop(0)] = name
    return slots


def grow(
    before: Iterable[Optional[str]], names: Iterable[str]
) -> List[Optional[str]]:
    """Like `assign`, with room for all and `SPARE` more at the end."""
    wanted = list(names)
    slots = assign(before, wanted)
    slots += [name for name in wanted if name not in slots]
    while slots and slots[-1] is None:
        slots.pop()
    return slots + [None] * SPARE
