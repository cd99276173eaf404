"""Statistics that survive reloads and changes of members.

haproxy counts anew in every worker, and a slot may serve another member
tomorrow. `Statistics` adds up what each listener, pool and member has had
since the boot, and what listeners had that are no more. What an old worker
counts after a reload, while it finishes its last connections, is not seen.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Tuple

from servicevm_agent.services.haproxy.config import LoadBalancer
from servicevm_agent.services.haproxy.runtime import Row
from servicevm_agent.services.haproxy.slots import Slots, server_name

COUNTERS = (
    "connections_total",
    "requests_total",
    "bytes_in",
    "bytes_out",
    "errors_total",
)
#: How keys of listeners begin; see `_keys`.
_LISTENER = "l/"
#: (pool or listener in haproxy's words, server or FRONTEND or BACKEND)
_Row = Tuple[str, str]


class Statistics:
    """Cumulative counters.

    :param memory: what `to_dict` of an earlier object said
    """

    def __init__(self, memory: Optional[Mapping[str, Any]] = None) -> None:
        memory = memory or {}
        #: ``l/<listener>``, ``p/<pool>``, ``m/<pool>/<member>`` -> counters
        self.totals: Dict[str, Dict[str, int]] = dict(memory.get("totals", {}))
        self._gone: Dict[str, int] = {
            **dict.fromkeys(COUNTERS, 0),
            **memory.get("gone", {}),
        }
        self._last: Dict[_Row, Dict[str, int]] = {
            (proxy, server): counters
            for proxy, server, counters in memory.get("last", [])
        }

    def to_dict(self) -> Dict[str, Any]:
        """Return what an agent that is started anew has to know."""
        last = [[*place, counters] for place, counters in self._last.items()]
        return {"totals": self.totals, "last": last, "gone": self._gone}

    def add(
        self, rows: List[Row], balancer: LoadBalancer, slots: Slots
    ) -> None:
        """Count what is new in `rows` of ``show stat``."""
        seen = {(row["pxname"], row["svname"]): row for row in rows}
        for key, place in _keys(balancer, slots).items():
            row = seen.get(place)
            if row is not None:
                self._count(key, place, _counters(row))
        # Counters of spare slots move on, for whoever takes them next.
        for place, row in seen.items():
            self._last[place] = _counters(row)

    def worker_changed(self) -> None:
        """A new worker begins at zero."""
        self._last.clear()

    def forget_others(self, balancer: LoadBalancer, slots: Slots) -> None:
        """Drop the totals of what is no longer configured."""
        known = _keys(balancer, slots)
        for key in [key for key in self.totals if key not in known]:
            had = self.totals.pop(key)
            if key.startswith(_LISTENER):
                _add(self._gone, had)

    def sums(self) -> Dict[str, int]:
        """Return what all listeners have had: it never gets less."""
        found = dict(self._gone)
        for key, had in self.totals.items():
            if key.startswith(_LISTENER):
                _add(found, had)
        return found

    def _count(self, key: str, place: _Row, now: Dict[str, int]) -> None:
        last = self._last.get(place, {})
        total = self.totals.setdefault(key, dict.fromkeys(COUNTERS, 0))
        for name, value in now.items():
            grown = value - last.get(name, 0)
            total[name] += grown if grown >= 0 else value


def _add(sums: Dict[str, int], more: Mapping[str, int]) -> None:
    for name, value in more.items():
        sums[name] += value


def report(
    rows: List[Row], balancer: LoadBalancer, slots: Slots, totals: Statistics
) -> Dict[str, Any]:
    """Return the answer of the action ``stats``."""
    seen = {(row["pxname"], row["svname"]): row for row in rows}
    zero = dict.fromkeys(COUNTERS, 0)

    def entry(key: str, place: _Row) -> Dict[str, Any]:
        active = _number(seen.get(place, {}), "scur")
        counted = totals.totals.get(key, zero)
        return {"connections_active": active, **counted}

    places = _keys(balancer, slots)
    listeners = [
        {
            "name": listener.name,
            "protocol": listener.protocol,
            "port": listener.port,
            **entry(f"l/{listener.name}", places[f"l/{listener.name}"]),
        }
        for listener in balancer.listeners
    ]
    pools: List[Dict[str, Any]] = []
    for pool in balancer.pools:
        members: List[Dict[str, Any]] = []
        for member in pool.members:
            key = f"m/{pool.name}/{member.name}"
            row = seen.get(places[key], {})
            members.append(
                {
                    "name": member.name,
                    "address": member.address,
                    "port": member.port,
                    "weight": member.share,
                    "operating_status": member_status(row),
                    "last_check": last_check(row),
                    **entry(key, places[key]),
                }
            )
        key = f"p/{pool.name}"
        pools.append(
            {"name": pool.name, **entry(key, places[key]), "members": members}
        )
    return {"listeners": listeners, "pools": pools}


def member_status(row: Row) -> str:
    """ONLINE, or OFFLINE if its checks fail or it is not there."""
    status = row.get("status", "")
    up = status.startswith(("UP", "no check", "DRAIN", "NOLB"))
    return "ONLINE" if up else "OFFLINE"


def last_check(row: Row) -> str:
    """How the last check ended, ``L7STS 503 Service Unavailable``."""
    words = (row.get(k) or "" for k in ("check_status", "check_code"))
    text = " ".join(w for w in (*words, row.get("last_chk") or "") if w)
    return text[:200]


def _keys(balancer: LoadBalancer, slots: Slots) -> Dict[str, _Row]:
    keys: Dict[str, _Row] = {}
    for listener in balancer.listeners:
        keys[f"l/{listener.name}"] = (f"l-{listener.name}", "FRONTEND")
    for pool in balancer.pools:
        keys[f"p/{pool.name}"] = (f"p-{pool.name}", "BACKEND")
        for slot, name in enumerate(slots[pool.name]):
            if name is not None:
                place = (f"p-{pool.name}", server_name(slot))
                keys[f"m/{pool.name}/{name}"] = place
    return keys


def _counters(row: Row) -> Dict[str, int]:
    return {
        "connections_total": _number(row, "stot"),
        "requests_total": _number(row, "req_tot"),
        "bytes_in": _number(row, "bin"),
        "bytes_out": _number(row, "bout"),
        "errors_total": sum(
            _number(row, name) for name in ("ereq", "econ", "eresp")
        ),
    }


def _number(row: Row, column: str) -> int:
    text = row.get(column) or ""
    return int(text) if text.isdigit() else 0
