"""Traffic that there is not: counters and members of a load balancer. Pure.

What is told has the shape of what the agent tells of haproxy, see
servicevm_agent.services.haproxy.stats. Counters only ever go up, as time
goes by, in waves, so that a chart of them shows something; the same service
has the same traffic whoever asks.
"""

import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from servicevm.states import OperatingStatus

Config = Mapping[str, Any]
Counters = dict[str, int]
#: ``l/<listener>``, ``p/<pool>``, ``m/<pool>/<member>`` to counters.
Totals = dict[str, Counters]

COUNTERS = (
    "connections_total",
    "requests_total",
    "bytes_in",
    "bytes_out",
    "errors_total",
)

#: Connections a second of a listener, at least and at most on the average.
_LEAST, _MOST = 4, 44
#: Share of the average by which a wave goes up and down, and its seconds.
_WAVES = ((0.4, 300.0), (0.2, 47.0))
#: Seconds that a connection is open.
_OPEN = 0.35
#: Per connection: requests, bytes in, bytes out.
_HTTP = (3, 2_100, 25_000)
_TCP = (0, 1_700, 31_000)
#: One of so many fails.
_FAILS = 997


def grown(
    totals: Mapping[str, Counters],
    config: Config,
    offline: Sequence[str],
    seed: str,
    since: float,
    until: float,
) -> Totals:
    """The totals after more traffic; of what is configured, no others.

    :param totals: at `since`
    :param offline: names of members that get none
    :param seed: whose traffic it is
    :param since: seconds since the epoch, as `until`
    """
    found = {
        key: dict(totals.get(key) or dict.fromkeys(COUNTERS, 0))
        for key in _keys(config)
    }
    for listener in config.get("listeners", ()):
        count = int(_flow(listener, seed, since, until))
        shares = _shares(_pool(config, listener), offline)
        pool = listener["default_pool"]
        more = _more(listener, count, served=bool(shares))
        _add(found[f"l/{listener['name']}"], more)
        if f"p/{pool}" not in found:
            continue
        _add(found[f"p/{pool}"], more)
        for name, share in shares.items():
            part = _more(listener, int(count * share), served=True)
            _add(found[f"m/{pool}/{name}"], part)
    return found


def stats(
    totals: Mapping[str, Counters],
    config: Config,
    offline: Sequence[str],
    seed: str,
    now: float,
) -> dict[str, Any]:
    """What the action ``stats`` answers.

    :param totals: at `now`, in seconds since the epoch
    """
    active: dict[str, int] = dict.fromkeys(_keys(config), 0)
    for listener in config.get("listeners", ()):
        name, pool = listener["name"], listener["default_pool"]
        present = int(_OPEN * _flow(listener, seed, now - 1, now))
        present = min(present, listener.get("connection_limit", 2000))
        active[f"l/{name}"] = present
        for member, share in _shares(_pool(config, listener), offline).items():
            part = int(present * share)
            active[f"m/{pool}/{member}"] += part
            active[f"p/{pool}"] += part

    def entry(key: str) -> dict[str, int]:
        return {"connections_active": active[key], **totals[key]}

    return {
        "listeners": [
            {
                "name": one["name"],
                "protocol": one["protocol"],
                "port": one["port"],
                **entry(f"l/{one['name']}"),
            }
            for one in config.get("listeners", ())
        ],
        "pools": [
            {
                "name": pool["name"],
                **entry(f"p/{pool['name']}"),
                "members": [
                    {
                        "name": one["name"],
                        "address": one["address"],
                        "port": one["port"],
                        "weight": _weight(one),
                        "operating_status": _status(one, offline),
                        "last_check": _last_check(pool, one, offline),
                        **entry(f"m/{pool['name']}/{one['name']}"),
                    }
                    for one in pool["members"]
                ],
            }
            for pool in config.get("pools", ())
        ],
    }


def members(config: Config, offline: Sequence[str]) -> list[dict[str, str]]:
    """How the members of all pools are."""
    return [
        {
            "name": one["name"],
            "pool": pool["name"],
            "operating_status": _status(one, offline),
        }
        for pool in config.get("pools", ())
        for one in pool["members"]
    ]


def status(config: Config, offline: Sequence[str]) -> tuple[str, str]:
    """Operating status of the whole, and why."""
    found = [
        one for pool in config.get("pools", ()) for one in pool["members"]
    ]
    down = [one for one in found if one["name"] in offline]
    if "pools" in config and not any(
        _weight(one) for one in found if one not in down
    ):
        return OperatingStatus.OFFLINE, "no member can be used"
    if down:
        words = f"{len(down)} of {len(found)} are down"
        return OperatingStatus.DEGRADED, words
    return OperatingStatus.ONLINE, ""


def _keys(config: Config) -> Iterator[str]:
    for listener in config.get("listeners", ()):
        yield f"l/{listener['name']}"
    for pool in config.get("pools", ()):
        yield f"p/{pool['name']}"
        for member in pool["members"]:
            yield f"m/{pool['name']}/{member['name']}"


def _pool(config: Config, listener: Config) -> Config:
    for pool in config.get("pools", ()):
        if pool["name"] == listener["default_pool"]:
            return dict(pool)
    return {"members": ()}


def _shares(pool: Config, offline: Sequence[str]) -> dict[str, float]:
    """Member to its part of the traffic; those with none are left out."""
    able = [
        one
        for one in pool["members"]
        if _weight(one) and one["name"] not in offline
    ]
    chosen = [one for one in able if not one.get("backup")] or able
    whole = sum(map(_weight, chosen))
    return {one["name"]: _weight(one) / whole for one in chosen}


def _weight(member: Config) -> int:
    return 0 if member.get("drain") else int(member.get("weight", 1))


def _status(member: Config, offline: Sequence[str]) -> str:
    if member["name"] in offline:
        return OperatingStatus.OFFLINE
    return OperatingStatus.ONLINE


def _last_check(pool: Config, member: Config, offline: Sequence[str]) -> str:
    """As haproxy's words are: layer and verdict, code, and the rest."""
    monitor = pool.get("health_monitor")
    if monitor is None:
        return ""
    if member["name"] in offline:
        return "L4CON Connection refused"
    return "L7OK 200 OK" if monitor["type"] == "http" else "L4OK"


def _flow(listener: Config, seed: str, since: float, until: float) -> float:
    """Connections from one time to another: the area below the waves."""
    mark = zlib.crc32(f"{seed}/{listener['name']}".encode())
    average = _LEAST + mark % (_MOST - _LEAST + 1)
    area = max(0.0, until - since)
    if not area:
        return 0.0
    for height, period in _WAVES:
        turn = 2 * math.pi / period
        area += (
            height / turn * (math.cos(turn * since) - math.cos(turn * until))
        )
    return average * area


def _more(listener: Config, count: int, *, served: bool) -> Counters:
    """What so many connections add to counters."""
    requests, inwards, outwards = (
        _HTTP if listener["protocol"] == "http" else _TCP
    )
    return {
        "connections_total": count,
        "requests_total": count * requests,
        "bytes_in": count * inwards,
        "bytes_out": count * outwards if served else 0,
        "errors_total": count // _FAILS if served else count,
    }


def _add(counters: Counters, more: Counters) -> None:
    for name, value in more.items():
        counters[name] += value
