"""An installation at a glance: the requests, and what they tell."""

import shlex
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from servicevmclient import exceptions
from servicevmclient.v1 import _moments
from servicevmclient.v1._facts import perhaps
from servicevmclient.v1.breaker import Breaker
from servicevmclient.v1.conductor import Conductor
from servicevmclient.v1.device import Device
from servicevmclient.v1.explanation import Sentence
from servicevmclient.v1.hold import Hold
from servicevmclient.v1.overview import (
    Certificate,
    Glance,
    Overview,
    Processes,
    Relays,
)
from servicevmclient.v1.relay import Relay

#: most of a kind that are asked for
_MOST = 1000
#: most that are named in a sentence
_NAMED = 5
#: what is told of a hold
_OF_HOLD = ("scope", "target_name", "target", "reason", "expires_at")
#: seconds before its end from which a certificate is worth a word
_SOON = 86400


def look(client: Any, *, ages: bool = True) -> Glance:
    """Ask, with one request a kind; of all projects if that is allowed."""
    try:
        summary = client.get_summary(all_projects=True, include="failing")
        everywhere: dict[str, Any] = {"all_projects": True}
    except exceptions.Forbidden:
        summary = client.get_summary(include="failing")
        everywhere = {}

    def some(kind: Any) -> Any:
        return perhaps(lambda: client.page(kind, limit=_MOST).items)

    devices = client.page(
        Device, limit=_MOST, fields="id,name,agent", **everywhere
    )
    return Glance(
        summary=summary,
        everywhere=bool(everywhere),
        relays=some(Relay),
        conductors=some(Conductor),
        breakers=some(Breaker),
        holds=some(Hold),
        devices=devices.items,
        now=datetime.now(UTC),
        ages=ages,
    )


def overview(seen: Glance) -> Overview:
    """Say what was seen. Pure."""
    summary = seen.summary
    return Overview(
        attention=[*_attention(seen)],
        all_projects=seen.everywhere,
        devices={
            key: value
            for key, value in summary["devices"].items()
            if key != "templates"
        },
        services=dict(summary["services"]),
        operations=cast("dict[str, int]", {**summary["operations"]}),
        relays=None if seen.relays is None else _relays(seen.relays),
        conductors=None
        if seen.conductors is None
        else _processes(seen.conductors),
        breakers=None
        if seen.breakers is None
        else [one.name for one in _tripped(seen.breakers)],
        holds=None
        if seen.holds is None
        else [
            {key: getattr(one, key) for key in _OF_HOLD} for one in seen.holds
        ],
        certificates=[*_ending(seen)],
        certificates_of=len(seen.devices),
    )


def _attention(seen: Glance) -> Iterator[Sentence]:
    summary = seen.summary
    where = " --all-projects" if seen.everywhere else ""
    failing = summary["failing"] or {"devices": [], "services": []}
    for noun, count, rows in (
        ("device", summary["devices"]["failing"], failing["devices"]),
        ("service", summary["services"]["failing"], failing["services"]),
    ):
        if count:
            names = [str(row["name"]) for row in rows]
            yield Sentence(
                f"{_many(count, noun)} in ERROR, DEAD or UNRESPONSIVE: "
                f"{_named(names, count)}.",
                f"{noun} list --failing{where}",
            )
    failed = summary["operations"]["failed_last_day"]
    if failed:
        yield Sentence(
            f"{_many(failed, 'operation')} failed in the last day.",
            f"operation list --state FAILED{where}",
        )
    yield from _silent("relay", seen.relays, seen.reference)
    yield from _silent("conductor", seen.conductors, seen.reference)
    for breaker in _tripped(seen.breakers or ()):
        yield Sentence(
            f"Breaker {breaker.name} stopped healing "
            f"{_moments.away(breaker.tripped_at, seen.reference)}: "
            f"{breaker.lost} of {breaker.devices} devices were lost.",
            f"breaker show {shlex.quote(breaker.name)}",
        )
    for one in _ending(seen):
        ended = _moments.parse(one["not_after"]) <= seen.now
        if one["connected"] and not ended:
            continue  # its agent renews it by itself
        verb, then = (
            ("ended", "its agent cannot connect again")
            if ended
            else ("ends", "it is away")
        )
        yield Sentence(
            f"The certificate of device {one['device_name']} {verb} "
            f"{_moments.away(one['not_after'], seen.reference)}; {then}.",
            f"device explain {one['device_id']}",
        )


def _silent(
    noun: str, found: Sequence[Relay] | Sequence[Conductor] | None, now: Any
) -> Iterator[Sentence]:
    if found is None:
        return
    if not any(one.alive for one in found):
        yield Sentence(f"No {noun} lives.", f"{noun} list")
        return
    for one in found:
        if not one.alive:
            seen = _moments.away(one.last_seen, now)
            yield Sentence(
                f"{noun.title()} {one.name} on {one.host} was last heard of "
                f"{seen}.",
                f"{noun} list --alive false",
            )


def _processes(found: Sequence[Relay] | Sequence[Conductor]) -> Processes:
    return Processes(
        alive=sum(one.alive for one in found),
        silent=[one.name for one in found if not one.alive],
    )


def _relays(found: Sequence[Relay]) -> Relays:
    living = [one for one in found if one.alive]
    return Relays(
        **_processes(found),
        draining=sum(one.draining for one in living),
        sessions=sum(one.sessions for one in living),
    )


def _tripped(found: Sequence[Breaker]) -> list[Breaker]:
    return [one for one in found if not one.released]


def _ending(seen: Glance) -> Iterator[Certificate]:
    for device in seen.devices:
        agent = device.agent
        certificate = agent["certificate"] if agent else None
        if agent is None or certificate is None:
            continue
        until = certificate["not_after"]
        if (_moments.parse(until) - seen.now).total_seconds() < _SOON:
            yield Certificate(
                device_id=device.id,
                device_name=device.name,
                not_after=until,
                connected=agent["connected"],
            )


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _named(names: Sequence[str], count: int) -> str:
    shown = names[:_NAMED]
    more = count - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
