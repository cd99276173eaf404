"""Totals of services that wait to be told: the highest of each boot."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from servicevm.relay.shapes import MAX_INT

#: The agent's words for what is told on, and ours.
COUNTERS: Mapping[str, str] = {
    "connections_total": "connections",
    "bytes_in": "bytes_in",
    "bytes_out": "bytes_out",
}
_NAMES = tuple(COUNTERS.items())
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

    def grow(self, device_id: str, boot_id: Any, counters: Any) -> bool:
        """Raise what waits already to what an agent says, unchecked yet.

        Most heartbeats say nothing else: names that wait have been checked
        when they came, and a total that may take the place of another is
        checked by comparing the two.

        :returns: False if anything is new or wrong: check it, then `add` it;
            what was raised until then is sound and stays
        """
        boots = self._waiting.get(device_id)
        if boots is None or type(boot_id) is not str:
            return False
        waiting = boots.get(boot_id)
        if waiting is None or type(counters) is not dict:
            return False
        for service_id, said in counters.items():
            known = waiting.get(service_id)
            if known is None or type(said) is not dict:
                return False
            for theirs, ours in _NAMES:
                total = said.get(theirs)
                if type(total) is not int:
                    return False
                if total != known[ours]:
                    if not known[ours] < total <= MAX_INT:
                        return False
                    known[ours] = total
        return True

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
            known = waiting.setdefault(service_id, totals)
            for name, total in totals.items():
                if total > known[name]:
                    known[name] = total
        if len(waiting) > MOST_SERVICES:
            # Whoever has more invents them: what was said last stays.
            others = [one for one in waiting if one not in services]
            for service_id in others[: len(waiting) - MOST_SERVICES]:
                del waiting[service_id]
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
