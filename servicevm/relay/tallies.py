"""Totals of services that wait to be told: the highest of each boot."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

#: The agent's words for what is told on, and ours.
COUNTERS: Mapping[str, str] = {
    "connections_total": "connections",
    "bytes_in": "bytes_in",
    "bytes_out": "bytes_out",
}
#: Boots of one device that wait; more than a device has in that time.
MOST_BOOTS = 4
#: Services of one boot that wait; more than a device may have.
MOST_SERVICES = 64

Tally = Mapping[str, Any]
_Services = dict[str, dict[str, int]]


class Tallies:
    """What devices have counted. Not thread-safe.

    A tally is ``{"device_id", "boot_id", "services": {service_id:
    totals}}``. Totals only grow within a boot, so the highest say it all:
    those before them may be forgotten. They stay when the session ends.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, dict[str, _Services]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(
        self,
        device_id: str,
        boot_id: str,
        counters: Mapping[str, Mapping[str, int]],
    ) -> None:
        """Note what an agent says, in its words."""
        self._merge(
            device_id,
            boot_id,
            {
                service_id: {
                    ours: said[theirs] for theirs, ours in COUNTERS.items()
                }
                for service_id, said in counters.items()
                # A service that counts something else counts none of these.
                if said.keys() >= COUNTERS.keys()
            },
        )

    def take(self) -> list[Tally]:
        """All of them, once."""
        taken: list[Tally] = [
            {"device_id": device_id, "boot_id": boot_id, "services": services}
            for device_id, boots in self._waiting.items()
            for boot_id, services in boots.items()
        ]
        self._waiting = {}
        return taken

    def give_back(self, tallies: Iterable[Tally]) -> None:
        """Taken ones that could not be delivered."""
        for one in tallies:
            self._merge(one["device_id"], one["boot_id"], one["services"])

    def _merge(
        self,
        device_id: str,
        boot_id: str,
        services: _Services,
    ) -> None:
        if not services:
            return
        boots = self._waiting.setdefault(device_id, {})
        waiting = boots.setdefault(boot_id, {})
        for service_id, totals in services.items():
            # With every heartbeat: what is known is raised where it is.
            known = waiting.pop(service_id, totals)
            waiting[service_id] = known
            if known is not totals:
                for name, total in totals.items():
                    if total > known[name]:
                        known[name] = total
        # Whoever has more invents them.
        while len(waiting) > MOST_SERVICES:
            del waiting[next(iter(waiting))]
        while len(boots) > MOST_BOOTS:
            del boots[next(iter(boots))]


def batches(
    tallies: Sequence[Tally], *, most: int, most_services: int
) -> list[Sequence[Tally]]:
    """Parts that a conductor can take in one call, in order.

    :param most: tallies in a part
    :param most_services: services in these together
    """
    found: list[list[Tally]] = []
    services = 0
    for one in tallies:
        services += len(one["services"])
        if not found or len(found[-1]) >= most or services > most_services:
            found.append([])
            services = len(one["services"])
        found[-1].append(one)
    return list(found)
