"""The members of a service: who they are and how they do. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["down", "listed", "unchecked", "up"]

#: Of a pool, by the type of service: what looks whether its members work.
#: Without it all of them count as up.
_MONITORS = {"loadbalancer": "health_monitor"}
_CLOSED = {"DEAD", "OFFLINE", "UNRESPONSIVE", "UNKNOWN"}
#: Of services: nobody says how their members do, and what was said last may
#: be long over.
_SILENT = frozenset({"DEAD", "UNRESPONSIVE"})


def listed(service: Any) -> Sequence[Mapping[str, Any]]:
    """Its members, with the addresses that its configuration has.

    :returns: their ``operating_status`` is one of `words.MEMBER`
    """
    places = {
        (pool.get("name"), member.get("name")): member
        for pool in _lists(service.config, "pools")
        for member in _lists(pool, "members")
    }
    loose = set(unchecked(service))
    return [
        {
            **places.get((one["pool"], one["name"]), {}),
            **one,
            "operating_status": _health(service, one, loose),
        }
        for one in service.members
    ]


def up(service: Any) -> tuple[int, int] | None:
    """How many of its members work, of how many.

    :returns: None where it has none, or nobody knows
    """
    if not service.members or service.operating_status in _SILENT:
        return None
    return len(service.members) - len(down(service)), len(service.members)


def down(service: Any) -> Sequence[str]:
    """Names of its members that are known not to work."""
    if service.operating_status in _SILENT:
        return []
    return [
        one["name"]
        for one in service.members
        if one["operating_status"] in _CLOSED
    ]


def unchecked(service: Any) -> Sequence[str]:
    """Names of its pools that have members which nobody checks."""
    monitor = _MONITORS.get(service.service_type)
    if monitor is None:
        return []
    return [
        str(pool.get("name"))
        for pool in _lists(service.config, "pools")
        if _lists(pool, "members") and not pool.get(monitor)
    ]


def _health(service: Any, member: Mapping[str, Any], loose: set[str]) -> str:
    if service.operating_status in _SILENT:
        return "UNKNOWN"
    said = str(member["operating_status"])
    # That it is up was only supposed; that it is down, somebody knows.
    if said == "ONLINE" and member["pool"] in loose:
        return "NO_MONITOR"
    return said


def _lists(value: Any, key: str) -> Sequence[Mapping[str, Any]]:
    found = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(found, list):
        return []
    return [one for one in found if isinstance(one, Mapping)]
